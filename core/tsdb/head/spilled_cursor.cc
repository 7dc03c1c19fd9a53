#include "core/tsdb/head/spilled_cursor.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <fmt/core.h>

#include "core/tsdb/chunk/chunk_cursor.h"

namespace tickbird::tsdb {
namespace {

// Chunks in memory at once for one cursor.
constexpr std::size_t kMostRead = 8;

/// The next part of what is left: some chunks from disk, or those of memory in front of the next one on disk.
class MixedParts {
 public:
  MixedParts(MixedChunks mixed, std::shared_ptr<const FilePins> pins)
      : mixed_(std::move(mixed)), pins_(std::move(pins)) {}

  bool done() const { return spilled_ == mixed_.spilled.size() && chunk_ == mixed_.chunks.size(); }
  std::vector<ChunkRef> Take(Status* status) {
    std::vector<ChunkRef> part;
    const std::size_t from = spilled_;
    while (spilled_ < mixed_.spilled.size() && spilled_ - from < kMostRead &&
           (chunk_ == mixed_.chunks.size() || mixed_.spilled[spilled_].min_time < mixed_.chunks[chunk_].min_time()))
      ++spilled_;
    if (spilled_ > from) {
      const Status read = pins_->Read(std::span(mixed_.spilled).subspan(from, spilled_ - from), &part);
      if (!read && *status) *status = read;
      return part;
    }
    while (chunk_ < mixed_.chunks.size() &&
           (spilled_ == mixed_.spilled.size() || mixed_.chunks[chunk_].min_time() < mixed_.spilled[spilled_].min_time))
      part.push_back(std::move(mixed_.chunks[chunk_++]));
    return part;
  }

 private:
  MixedChunks mixed_;
  std::shared_ptr<const FilePins> pins_;
  std::size_t spilled_ = 0;
  std::size_t chunk_ = 0;
};

class MixedCursor final : public SeriesCursor {
 public:
  MixedCursor(MixedParts parts, TimestampMs min, TimestampMs max, Intervals deleted)
      : parts_(std::move(parts)), min_(min), max_(max), deleted_(std::move(deleted)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    if (histogram_ || timestamps.empty()) return 0;
    if (sample_) {
      timestamps[0] = sample_->timestamp;
      values[0] = sample_->value;
      sample_.reset();
      return 1;
    }
    while (GoOn()) {
      if (const std::size_t got = part_->Read(timestamps, values)) return got;
      Waiting next;
      if (part_->ReadHistogram(&next.timestamp, &next.histogram)) {
        histogram_ = std::move(next);
        return 0;
      }
      FinishPart();
    }
    return 0;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    if (histogram_) {
      *timestamp = histogram_->timestamp;
      *histogram = std::move(histogram_->histogram);
      histogram_.reset();
      return true;
    }
    while (!sample_ && GoOn()) {
      if (part_->ReadHistogram(timestamp, histogram)) return true;
      // A float stands next, or the part is at its end.
      Sample sample;
      if (part_->Read(std::span(&sample.timestamp, 1), std::span(&sample.value, 1)) == 1) {
        sample_ = sample;
      } else {
        FinishPart();
      }
    }
    return false;
  }

  Status status() const override { return status_ && part_ ? part_->status() : status_; }

 private:
  struct Waiting {
    TimestampMs timestamp = 0;
    FloatHistogram histogram;
  };

  bool GoOn() {
    while (!part_ && !parts_.done()) {
      if (auto chunks = parts_.Take(&status_); !chunks.empty())
        part_ = NewChunkCursor(std::move(chunks), min_, max_, deleted_);
    }
    return part_ != nullptr;
  }
  void FinishPart() {
    if (status_) status_ = part_->status();
    part_.reset();
  }

  MixedParts parts_;
  const TimestampMs min_;
  const TimestampMs max_;
  const Intervals deleted_;
  std::unique_ptr<SeriesCursor> part_;
  std::optional<Waiting> histogram_;  // that Read met
  std::optional<Sample> sample_;      // that ReadHistogram met
  Status status_;
};

class NewestSpilledCursor final : public SeriesCursor {
 public:
  NewestSpilledCursor(const SpilledChunk& chunk, std::shared_ptr<const FilePins> pins, TimestampMs min, TimestampMs max)
      : chunk_(chunk), pins_(std::move(pins)), min_(min), max_(max) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    Load();
    return cursor_ ? cursor_->Read(timestamps, values) : 0;
  }
  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    Load();
    return cursor_ && cursor_->ReadHistogram(timestamp, histogram);
  }
  Status status() const override { return status_ && cursor_ ? cursor_->status() : status_; }

 private:
  void Load() {
    if (!pins_) return;
    std::vector<ChunkRef> chunks;
    status_ = std::exchange(pins_, nullptr)->Read(std::span(&chunk_, 1), &chunks);
    if (!chunks.empty()) cursor_ = NewNewestCursor(std::move(chunks.front()), min_, max_);
  }

  const SpilledChunk chunk_;
  std::shared_ptr<const FilePins> pins_;
  const TimestampMs min_;
  const TimestampMs max_;
  std::unique_ptr<SeriesCursor> cursor_;
  Status status_;
};

class LastCursor final : public SeriesCursor {
 public:
  explicit LastCursor(std::unique_ptr<SeriesCursor> all) : all_(std::move(all)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    FindLast();
    if (!sample_ || timestamps.empty()) return 0;
    timestamps[0] = sample_->timestamp;
    values[0] = sample_->value;
    sample_.reset();
    return 1;
  }
  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    FindLast();
    if (!has_histogram_) return false;
    *timestamp = histogram_time_;
    *histogram = std::move(histogram_);
    has_histogram_ = false;
    return true;
  }
  Status status() const override { return all_->status(); }

 private:
  void FindLast() {
    if (std::exchange(is_read_, true)) return;
    std::array<TimestampMs, 64> timestamps;
    std::array<double, 64> values;
    while (true) {
      if (const std::size_t got = all_->Read(timestamps, values); got > 0) {
        sample_ = Sample{timestamps[got - 1], values[got - 1]};
        has_histogram_ = false;
      } else if (all_->ReadHistogram(&histogram_time_, &histogram_)) {
        sample_.reset();
        has_histogram_ = true;
      } else {
        return;
      }
    }
  }

  std::unique_ptr<SeriesCursor> all_;
  bool is_read_ = false;
  // At most one of them is there.
  std::optional<Sample> sample_;
  bool has_histogram_ = false;
  TimestampMs histogram_time_ = 0;
  FloatHistogram histogram_;
};

auto FindPin(auto& pinned, std::uint32_t number) {
  return std::partition_point(pinned.begin(), pinned.end(), [&](const auto& file) { return file->number() < number; });
}

}  // namespace

void FilePins::Add(std::uint32_t number) {
  const auto at = FindPin(pinned_, number);
  if (at != pinned_.end() && (*at)->number() == number) return;
  if (auto file = files_ ? files_->Pin(number) : nullptr) pinned_.insert(at, std::move(file));
}

Status FilePins::Read(std::span<const SpilledChunk> wanted, std::vector<ChunkRef>* chunks) const {
  Status status;
  while (!wanted.empty()) {
    const std::uint32_t number = wanted.front().file;
    const auto end =
        std::find_if(wanted.begin(), wanted.end(), [&](const SpilledChunk& chunk) { return chunk.file != number; });
    const auto group = wanted.first(static_cast<std::size_t>(end - wanted.begin()));
    wanted = wanted.subspan(group.size());
    const auto file = FindPin(pinned_, number);
    Status read = Error{ErrorCode::kNotFound, fmt::format("chunks_head/{:06} is gone", number)};
    if (file != pinned_.end() && (*file)->number() == number) read = (*file)->Read(group, chunks);
    if (!read && status) status = std::move(read);
  }
  return status;
}

std::vector<ChunkRef> ReadMixedChunks(MixedChunks mixed, const FilePins& pins, Status* status) {
  std::vector<ChunkRef> read;
  *status = pins.Read(mixed.spilled, &read);
  std::vector<ChunkRef> all;
  all.reserve(read.size() + mixed.chunks.size());
  std::merge(std::make_move_iterator(read.begin()), std::make_move_iterator(read.end()),
             std::make_move_iterator(mixed.chunks.begin()), std::make_move_iterator(mixed.chunks.end()),
             std::back_inserter(all), [](const ChunkRef& a, const ChunkRef& b) { return a.min_time() < b.min_time(); });
  return all;
}

std::unique_ptr<SeriesCursor> NewMixedCursor(MixedChunks mixed, std::shared_ptr<const FilePins> pins, TimestampMs min,
                                             TimestampMs max, Intervals deleted) {
  if (mixed.spilled.empty()) return NewChunkCursor(std::move(mixed.chunks), min, max, std::move(deleted));
  return std::make_unique<MixedCursor>(MixedParts(std::move(mixed), std::move(pins)), min, max, std::move(deleted));
}

std::unique_ptr<SeriesCursor> NewLastCursor(std::unique_ptr<SeriesCursor> all) {
  return std::make_unique<LastCursor>(std::move(all));
}

std::unique_ptr<SeriesCursor> NewNewestSpilledCursor(const SpilledChunk& chunk, std::shared_ptr<const FilePins> pins,
                                                     TimestampMs min, TimestampMs max) {
  return std::make_unique<NewestSpilledCursor>(chunk, std::move(pins), min, max);
}

}  // namespace tickbird::tsdb
