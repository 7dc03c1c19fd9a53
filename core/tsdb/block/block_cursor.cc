#include "core/tsdb/block/block_cursor.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/tsdb/block/chunk_feed.h"

namespace tickbird::tsdb {
namespace {

/// Which samples are wanted, asked in rising order of time.
class Filter {
 public:
  Filter(Intervals hidden, TimestampMs min, TimestampMs max) : hidden_(std::move(hidden)), min_(min), max_(max) {}

  TimestampMs max() const { return max_; }
  bool Wants(TimestampMs time) const { return time >= min_ && time <= max_ && !Contains(hidden_, time); }
  /// Moves the wanted samples to the front and returns how many they are.
  std::size_t Keep(std::span<TimestampMs> timestamps, std::span<double> values) const {
    if (timestamps.front() >= min_ && timestamps.back() <= max_ &&
        !Touches(hidden_, timestamps.front(), timestamps.back())) {
      return timestamps.size();
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < timestamps.size(); ++i) {
      if (!Wants(timestamps[i])) continue;
      timestamps[kept] = timestamps[i];
      values[kept++] = values[i];
    }
    return kept;
  }

 private:
  Intervals hidden_;
  TimestampMs min_;
  TimestampMs max_;
};

struct StoredHistogram {
  TimestampMs timestamp = 0;
  FloatHistogram histogram;
};

class BlockCursor final : public SeriesCursor {
 public:
  BlockCursor(ChunkFeed feed, Filter filter) : feed_(std::move(feed)), filter_(std::move(filter)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    std::size_t filled = 0;
    if (next_float_ && !timestamps.empty()) {
      timestamps[0] = next_float_->timestamp;
      values[0] = next_float_->value;
      next_float_.reset();
      filled = 1;
    }
    while (filled < timestamps.size() && !next_histogram_ && OpenChunk()) {
      if (feed_.holds_histograms()) {
        FindHistogram();
        continue;
      }
      const std::size_t got = reader_.Read(timestamps.subspan(filled), values.subspan(filled));
      if (got == 0) {
        CloseChunk();
        continue;
      }
      if (timestamps[filled + got - 1] > filter_.max()) End();
      filled += filter_.Keep(timestamps.subspan(filled, got), values.subspan(filled, got));
    }
    return filled;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    while (!next_histogram_ && !next_float_ && OpenChunk()) {
      if (feed_.holds_histograms()) {
        FindHistogram();
      } else {
        FindFloat();
      }
    }
    if (!next_histogram_) return false;
    *timestamp = next_histogram_->timestamp;
    *histogram = std::move(next_histogram_->histogram);
    next_histogram_.reset();
    return true;
  }

  Status status() const override { return feed_.status(); }

 private:
  /// False at the end.
  bool OpenChunk() {
    for (; !is_open_ && chunk_ < feed_.size(); chunk_ += is_open_ ? 0 : 1) is_open_ = feed_.Open(chunk_, &reader_);
    if (!is_open_) feed_.Release();
    return is_open_;
  }
  void CloseChunk() {
    feed_.Close(chunk_, reader_);
    is_open_ = false;
    ++chunk_;
  }
  void End() {
    is_open_ = false;
    chunk_ = feed_.size();
  }
  void FindHistogram() {
    StoredHistogram found;
    while (reader_.ReadHistogram(&found.timestamp, &found.histogram)) {
      if (found.timestamp > filter_.max()) return End();
      if (!filter_.Wants(found.timestamp)) continue;
      next_histogram_ = std::move(found);
      return;
    }
    CloseChunk();
  }
  void FindFloat() {
    Sample found;
    while (reader_.Read(std::span(&found.timestamp, 1), std::span(&found.value, 1)) > 0) {
      if (found.timestamp > filter_.max()) return End();
      if (!filter_.Wants(found.timestamp)) continue;
      next_float_ = found;
      return;
    }
    CloseChunk();
  }

  ChunkFeed feed_;
  Filter filter_;
  std::size_t chunk_ = 0;
  bool is_open_ = false;  // chunk_, by reader_
  ChunkReader reader_;
  // Taken out of a chunk to see what comes next; at most one of them.
  std::optional<Sample> next_float_;
  std::optional<StoredHistogram> next_histogram_;
};

class NewestBlockCursor final : public SeriesCursor {
 public:
  NewestBlockCursor(ChunkFeed feed, Filter filter) : feed_(std::move(feed)), filter_(std::move(filter)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    Find();
    if (!float_ || timestamps.empty()) return 0;
    timestamps[0] = float_->timestamp;
    values[0] = float_->value;
    float_.reset();
    return 1;
  }
  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    Find();
    if (!histogram_) return false;
    *timestamp = histogram_->timestamp;
    *histogram = std::move(histogram_->histogram);
    histogram_.reset();
    return true;
  }
  Status status() const override { return feed_.status(); }

 private:
  void Find() {
    if (std::exchange(is_done_, true)) return;
    for (std::size_t i = feed_.size(); i > 0 && !float_ && !histogram_; --i) {
      ChunkReader reader;
      if (!feed_.Open(i - 1, &reader)) continue;
      const bool read_all = feed_.holds_histograms() ? FindHistogram(reader) : FindFloat(reader);
      if (read_all) feed_.Close(i - 1, reader);
    }
    feed_.Release();
  }
  // Both return whether they came to the chunk's end, rather than to the selection's.
  bool FindFloat(ChunkReader& reader) {
    std::array<TimestampMs, 64> timestamps;
    std::array<double, 64> values;
    while (const std::size_t got = reader.Read(timestamps, values)) {
      const bool is_past = timestamps[got - 1] > filter_.max();
      const std::size_t kept = filter_.Keep(std::span(timestamps).first(got), std::span(values).first(got));
      if (kept > 0) float_ = Sample{timestamps[kept - 1], values[kept - 1]};
      if (is_past) return false;
    }
    return true;
  }
  bool FindHistogram(ChunkReader& reader) {
    StoredHistogram found;
    while (reader.ReadHistogram(&found.timestamp, &found.histogram)) {
      if (found.timestamp > filter_.max()) return false;
      if (filter_.Wants(found.timestamp)) histogram_ = found;
    }
    return true;
  }

  ChunkFeed feed_;
  Filter filter_;
  bool is_done_ = false;
  std::optional<Sample> float_;
  std::optional<StoredHistogram> histogram_;
};

}  // namespace

std::unique_ptr<SeriesCursor> NewBlockCursor(std::shared_ptr<const BlockFiles> files, std::vector<ChunkMeta> chunks,
                                             Intervals hidden, TimestampMs min, TimestampMs max) {
  return std::make_unique<BlockCursor>(ChunkFeed(std::move(files), std::move(chunks)),
                                       Filter(std::move(hidden), min, max));
}

std::unique_ptr<SeriesCursor> NewNewestBlockCursor(std::shared_ptr<const BlockFiles> files,
                                                   std::vector<ChunkMeta> chunks, Intervals hidden, TimestampMs min,
                                                   TimestampMs max) {
  return std::make_unique<NewestBlockCursor>(ChunkFeed(std::move(files), std::move(chunks)),
                                             Filter(std::move(hidden), min, max));
}

}  // namespace tickbird::tsdb
