#include "core/tsdb/chunk/chunk_cursor.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tickbird::tsdb {
namespace {

class ChunkCursor final : public SeriesCursor {
 public:
  ChunkCursor(std::vector<ChunkRef> chunks, TimestampMs min, TimestampMs max)
      : chunks_(std::move(chunks)), min_(min), max_(max) {
    if (!chunks_.empty()) reader_ = XorReader(chunks_.front().bytes());
  }

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    std::size_t filled = 0;
    while (filled < timestamps.size() && chunk_ < chunks_.size()) {
      const auto free_timestamps = timestamps.subspan(filled);
      const auto free_values = values.subspan(filled);
      const std::size_t got = reader_.Read(free_timestamps, free_values);
      if (got == 0) {
        if (++chunk_ < chunks_.size()) reader_ = XorReader(chunks_[chunk_].bytes());
        continue;
      }
      filled += KeepWanted(free_timestamps.first(got), free_values.first(got));
    }
    return filled;
  }

 private:
  /// Moves what is in the range to the front and returns how much that is; ends the cursor behind the range.
  std::size_t KeepWanted(std::span<TimestampMs> timestamps, std::span<double> values) {
    if (timestamps.front() >= min_ && timestamps.back() <= max_) return timestamps.size();
    const auto first = std::lower_bound(timestamps.begin(), timestamps.end(), min_);
    const auto last = std::upper_bound(first, timestamps.end(), max_);
    if (last != timestamps.end()) chunk_ = chunks_.size();
    const auto skipped = first - timestamps.begin();
    const auto count = last - first;
    std::move(first, last, timestamps.begin());
    std::move(values.begin() + skipped, values.begin() + skipped + count, values.begin());
    return static_cast<std::size_t>(count);
  }

  std::vector<ChunkRef> chunks_;
  std::size_t chunk_ = 0;
  XorReader reader_;
  TimestampMs min_;
  TimestampMs max_;
};

class NewestCursor final : public SeriesCursor {
 public:
  NewestCursor(ChunkRef chunk, TimestampMs min, TimestampMs max) : chunk_(std::move(chunk)), min_(min), max_(max) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    if (!chunk_ || timestamps.empty()) return 0;
    XorReader reader(chunk_.bytes());
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
    chunk_ = {};
    return found ? 1 : 0;
  }

 private:
  ChunkRef chunk_;
  TimestampMs min_;
  TimestampMs max_;
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

std::unique_ptr<SeriesCursor> NewChunkCursor(std::vector<ChunkRef> chunks, TimestampMs min, TimestampMs max) {
  return std::make_unique<ChunkCursor>(std::move(chunks), min, max);
}

std::unique_ptr<SeriesCursor> NewNewestCursor(ChunkRef chunk, TimestampMs min, TimestampMs max) {
  return std::make_unique<NewestCursor>(std::move(chunk), min, max);
}

std::unique_ptr<SeriesCursor> NewSampleCursor(Sample sample) {
  return std::make_unique<SampleCursor>(sample);
}

}  // namespace tickbird::tsdb
