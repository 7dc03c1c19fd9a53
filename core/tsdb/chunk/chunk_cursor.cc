#include "core/tsdb/chunk/chunk_cursor.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {
namespace {

Status Damaged() {
  return Error{ErrorCode::kCorruption, "a chunk is damaged: samples behind the damage are missing"};
}

class ChunkCursor final : public SeriesCursor {
 public:
  ChunkCursor(std::vector<ChunkRef> chunks, TimestampMs min, TimestampMs max, Intervals deleted)
      : chunks_(std::move(chunks)), min_(min), max_(max), deleted_(std::move(deleted)) {
    Open(0);
  }

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    if (has_histogram_) return 0;
    std::size_t filled = TakeFoundFloat(timestamps, values);
    while (filled < timestamps.size() && !AtEnd()) {
      if (!AtFloats()) {
        if (filled > 0 || FindHistogram()) break;
        continue;
      }
      const auto free_timestamps = timestamps.subspan(filled);
      const auto free_values = values.subspan(filled);
      const std::size_t got = reader_.Read(free_timestamps, free_values);
      if (got == 0) {
        LeaveChunk();
      } else {
        filled += KeepWanted(free_timestamps.first(got), free_values.first(got));
      }
    }
    return filled;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    while (!has_histogram_) {
      if (found_float_ || AtEnd()) return false;
      if (AtFloats() ? FindFloat() : FindHistogram()) continue;
    }
    has_histogram_ = false;
    *timestamp = histogram_time_;
    // Its buffers serve for the next one.
    std::swap(*histogram, histogram_);
    return true;
  }

  Status status() const override {
    if (damaged_ || (!AtEnd() && reader_.damaged())) return Damaged();
    return {};
  }

 private:
  bool AtEnd() const { return chunk_ >= chunks_.size(); }
  bool AtFloats() const { return chunks_[chunk_].encoding() == ChunkEncoding::kXor; }
  bool IsWanted(TimestampMs time) const { return time >= min_ && !Contains(deleted_, time); }

  /// Starts the first chunk from this one on that may hold wanted samples.
  void Open(std::size_t chunk) {
    chunk_ = chunk;
    while (!AtEnd() && (chunks_[chunk_].max_time() < min_ ||
                        Covers(deleted_, chunks_[chunk_].min_time(), chunks_[chunk_].max_time()))) {
      ++chunk_;
    }
    if (!AtEnd()) reader_ = ChunkReader(chunks_[chunk_]);
  }
  void LeaveChunk() {
    damaged_ = damaged_ || reader_.damaged();
    Open(chunk_ + 1);
  }
  void End() {
    damaged_ = damaged_ || reader_.damaged();
    chunk_ = chunks_.size();
  }

  /// Reads on to the next wanted histogram. False: a chunk of floats stands next, or the end.
  bool FindHistogram() {
    while (!AtEnd() && !AtFloats()) {
      if (!reader_.ReadHistogram(&histogram_time_, &histogram_)) {
        LeaveChunk();
      } else if (histogram_time_ > max_) {
        End();
      } else if (IsWanted(histogram_time_)) {
        has_histogram_ = true;
        return true;
      }
    }
    return false;
  }

  /// The same for floats: whoever asks for a histogram wants to know whether a float really stands there.
  bool FindFloat() {
    while (!AtEnd() && AtFloats()) {
      TimestampMs time = 0;
      double value = 0;
      if (reader_.Read({&time, 1}, {&value, 1}) == 0) {
        LeaveChunk();
      } else if (time > max_) {
        End();
      } else if (IsWanted(time)) {
        found_float_ = Sample{time, value};
        return true;
      }
    }
    return false;
  }

  std::size_t TakeFoundFloat(std::span<TimestampMs> timestamps, std::span<double> values) {
    if (!found_float_ || timestamps.empty()) return 0;
    timestamps.front() = found_float_->timestamp;
    values.front() = found_float_->value;
    found_float_.reset();
    return 1;
  }

  /// Moves what is wanted to the front and returns how much that is; ends the cursor behind the range.
  std::size_t KeepWanted(std::span<TimestampMs> timestamps, std::span<double> values) {
    std::size_t count = timestamps.size();
    if (timestamps.front() < min_ || timestamps.back() > max_) count = KeepRange(timestamps, values);
    if (deleted_.empty()) return count;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (Contains(deleted_, timestamps[i])) continue;
      timestamps[kept] = timestamps[i];
      values[kept] = values[i];
      ++kept;
    }
    return kept;
  }

  std::size_t KeepRange(std::span<TimestampMs> timestamps, std::span<double> values) {
    const auto first = std::lower_bound(timestamps.begin(), timestamps.end(), min_);
    const auto last = std::upper_bound(first, timestamps.end(), max_);
    if (last != timestamps.end()) End();
    const auto skipped = first - timestamps.begin();
    const auto count = last - first;
    std::move(first, last, timestamps.begin());
    std::move(values.begin() + skipped, values.begin() + skipped + count, values.begin());
    return static_cast<std::size_t>(count);
  }

  std::vector<ChunkRef> chunks_;
  std::size_t chunk_ = 0;
  ChunkReader reader_;
  TimestampMs min_;
  TimestampMs max_;
  Intervals deleted_;
  bool damaged_ = false;
  // Read already, delivered next; at most one of them is there.
  std::optional<Sample> found_float_;
  bool has_histogram_ = false;
  TimestampMs histogram_time_ = 0;
  FloatHistogram histogram_;
};

class NewestCursor final : public SeriesCursor {
 public:
  NewestCursor(ChunkRef chunk, TimestampMs min, TimestampMs max) : chunk_(std::move(chunk)), min_(min), max_(max) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    if (!chunk_ || chunk_.encoding() != ChunkEncoding::kXor || timestamps.empty()) return 0;
    ChunkReader reader(chunk_);
    std::array<TimestampMs, 64> times;
    std::array<double, 64> numbers;
    bool found = false;
    while (const std::size_t got = reader.Read(times, numbers)) {
      const auto end = std::upper_bound(times.begin(), times.begin() + got, max_) - times.begin();
      if (end == 0) break;
      const auto last = static_cast<std::size_t>(end - 1);
      found = times[last] >= min_;
      timestamps[0] = times[last];
      values[0] = numbers[last];
      if (last + 1 < got) break;
    }
    Finish(reader);
    return found ? 1 : 0;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    if (!chunk_ || chunk_.encoding() == ChunkEncoding::kXor) return false;
    ChunkReader reader(chunk_);
    TimestampMs time = 0;
    FloatHistogram next;
    bool found = false;
    while (reader.ReadHistogram(&time, &next) && time <= max_) {
      if (time < min_) continue;
      found = true;
      *timestamp = time;
      std::swap(*histogram, next);
    }
    Finish(reader);
    return found;
  }

  Status status() const override {
    if (damaged_) return Damaged();
    return {};
  }

 private:
  void Finish(const ChunkReader& reader) {
    damaged_ = reader.damaged();
    chunk_ = {};
  }

  ChunkRef chunk_;
  TimestampMs min_;
  TimestampMs max_;
  bool damaged_ = false;
};

class SampleCursor final : public SeriesCursor {
 public:
  explicit SampleCursor(Sample sample) : sample_(sample) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    if (done_ || timestamps.empty()) return 0;
    done_ = true;
    timestamps[0] = sample_.timestamp;
    values[0] = sample_.value;
    return 1;
  }

 private:
  Sample sample_;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<SeriesCursor> NewChunkCursor(std::vector<ChunkRef> chunks, TimestampMs min, TimestampMs max,
                                             Intervals deleted) {
  return std::make_unique<ChunkCursor>(std::move(chunks), min, max, std::move(deleted));
}

std::unique_ptr<SeriesCursor> NewNewestCursor(ChunkRef chunk, TimestampMs min, TimestampMs max) {
  return std::make_unique<NewestCursor>(std::move(chunk), min, max);
}

std::unique_ptr<SeriesCursor> NewSampleCursor(Sample sample) {
  return std::make_unique<SampleCursor>(sample);
}

}  // namespace tickbird::tsdb
