#include "core/tsdb/store/merge_cursor.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace tickbird::tsdb {
namespace {

struct HistogramSample {
  TimestampMs timestamp = 0;
  FloatHistogram histogram;
};

/// Hands out a histogram that was read ahead; false when there is none.
bool Take(std::optional<HistogramSample>* ahead, TimestampMs* timestamp, FloatHistogram* histogram) {
  if (!*ahead) return false;
  *timestamp = (*ahead)->timestamp;
  *histogram = std::move((*ahead)->histogram);
  ahead->reset();
  return true;
}

/// One part without what lies outside of its range. Histograms are read ahead by one: a reader takes "no floats and no
/// histogram" for the end, so those outside must be passed over before it asks.
class ClippedCursor final : public SeriesCursor {
 public:
  explicit ClippedCursor(CursorPart part) : part_(std::move(part)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    while (!done_ && !ahead_) {
      const std::size_t got = part_.cursor->Read(timestamps, values);
      if (got == 0) {
        ReadAhead();
      } else if (const std::size_t kept = KeepWanted(timestamps.first(got), values.first(got)); kept > 0) {
        return kept;
      }
    }
    return 0;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    return Take(&ahead_, timestamp, histogram);
  }

  Status status() const override { return part_.cursor->status(); }

 private:
  void ReadAhead() {
    HistogramSample next;
    if (!part_.cursor->ReadHistogram(&next.timestamp, &next.histogram) || next.timestamp > part_.max) {
      done_ = true;
    } else if (next.timestamp >= part_.min) {
      ahead_ = std::move(next);
    }
  }

  std::size_t KeepWanted(std::span<TimestampMs> timestamps, std::span<double> values) {
    if (timestamps.front() >= part_.min && timestamps.back() <= part_.max) return timestamps.size();
    const auto first = std::lower_bound(timestamps.begin(), timestamps.end(), part_.min);
    const auto last = std::upper_bound(first, timestamps.end(), part_.max);
    if (last != timestamps.end()) done_ = true;
    const auto skipped = first - timestamps.begin();
    const auto count = last - first;
    std::move(first, last, timestamps.begin());
    std::move(values.begin() + skipped, values.begin() + skipped + count, values.begin());
    return static_cast<std::size_t>(count);
  }

  CursorPart part_;
  std::optional<HistogramSample> ahead_;
  bool done_ = false;
};

/// The next samples of one part of a merge.
class Lookahead {
 public:
  explicit Lookahead(CursorPart part) : cursor_(std::move(part)) {}

  /// False at the end.
  bool Fill() {
    if (next_ < count_ || histogram_) return true;
    next_ = 0;
    count_ = cursor_.Read(timestamps_, values_);
    if (count_ > 0) return true;
    HistogramSample ahead;
    if (cursor_.ReadHistogram(&ahead.timestamp, &ahead.histogram)) histogram_ = std::move(ahead);
    return histogram_.has_value();
  }
  // The rest only after Fill() said true.
  TimestampMs timestamp() const { return next_ < count_ ? timestamps_[next_] : histogram_->timestamp; }
  bool IsFloat() const { return next_ < count_; }
  double value() const { return values_[next_]; }
  FloatHistogram TakeHistogram() { return std::move(histogram_->histogram); }
  void Pop() {
    if (next_ < count_) {
      ++next_;
    } else {
      histogram_.reset();
    }
  }
  Status status() const { return cursor_.status(); }

 private:
  ClippedCursor cursor_;
  std::array<TimestampMs, 32> timestamps_;
  std::array<double, 32> values_;
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::optional<HistogramSample> histogram_;
};

/// Parts that overlap. There are two or three of them, so a scan beats a heap.
class OverlapCursor final : public SeriesCursor {
 public:
  explicit OverlapCursor(std::vector<CursorPart> parts) {
    parts_.reserve(parts.size());
    for (CursorPart& part : parts) parts_.emplace_back(std::move(part));
  }

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    std::size_t filled = 0;
    while (filled < timestamps.size()) {
      Lookahead* next = Next();
      if (!next || !next->IsFloat()) break;
      timestamps[filled] = next->timestamp();
      values[filled] = next->value();
      ++filled;
      Drop(next->timestamp());
    }
    return filled;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    Lookahead* next = Next();
    if (!next || next->IsFloat()) return false;
    *timestamp = next->timestamp();
    *histogram = next->TakeHistogram();
    Drop(*timestamp);
    return true;
  }

  Status status() const override {
    for (const Lookahead& part : parts_) TICKBIRD_RETURN_IF_ERROR(part.status());
    return {};
  }

 private:
  /// Where the oldest sample is that was not read yet, of equal ones in the last part; null at the end.
  Lookahead* Next() {
    Lookahead* next = nullptr;
    for (Lookahead& part : parts_) {
      if (part.Fill() && (!next || part.timestamp() <= next->timestamp())) next = &part;
    }
    return next;
  }

  void Drop(TimestampMs timestamp) {
    for (Lookahead& part : parts_) {
      if (part.Fill() && part.timestamp() == timestamp) part.Pop();
    }
  }

  std::vector<Lookahead> parts_;
};

/// Cursors whose samples lie apart in time, oldest first.
class ChainCursor final : public SeriesCursor {
 public:
  explicit ChainCursor(std::vector<std::unique_ptr<SeriesCursor>> links) : links_(std::move(links)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    std::size_t filled = 0;
    while (filled < timestamps.size() && link_ < links_.size() && !ahead_) {
      const std::size_t got = links_[link_]->Read(timestamps.subspan(filled), values.subspan(filled));
      filled += got;
      if (got == 0 && !ReadAhead()) NextLink();
    }
    return filled;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    if (link_ < links_.size() && !ahead_) ReadAhead();
    return Take(&ahead_, timestamp, histogram);
  }

  Status status() const override {
    if (!status_ || link_ == links_.size()) return status_;
    return links_[link_]->status();
  }

 private:
  bool ReadAhead() {
    HistogramSample next;
    if (!links_[link_]->ReadHistogram(&next.timestamp, &next.histogram)) return false;
    ahead_ = std::move(next);
    return true;
  }

  /// Lets go of what the link holds: chunks, buffers.
  void NextLink() {
    if (status_) status_ = links_[link_]->status();
    links_[link_++].reset();
  }

  std::vector<std::unique_ptr<SeriesCursor>> links_;
  std::size_t link_ = 0;
  std::optional<HistogramSample> ahead_;
  Status status_;
};

class NewestOfCursor final : public SeriesCursor {
 public:
  explicit NewestOfCursor(std::vector<CursorPart> parts) : parts_(std::move(parts)) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    FindOnce();
    if (!found_ || histogram_) return 0;
    timestamps[0] = timestamp_;
    values[0] = value_;
    found_ = false;
    return 1;
  }

  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    FindOnce();
    found_ = found_ && !histogram_;
    return Take(&histogram_, timestamp, histogram);
  }

  Status status() const override { return status_; }

 private:
  void FindOnce() {
    std::vector<std::size_t> newest_first(parts_.size());
    for (std::size_t i = 0; i < newest_first.size(); ++i) newest_first[i] = i;
    std::sort(newest_first.begin(), newest_first.end(), [this](std::size_t a, std::size_t b) {
      return parts_[a].max != parts_[b].max ? parts_[a].max > parts_[b].max : a > b;
    });
    for (const std::size_t place : newest_first) {
      if (found_ && parts_[place].max < timestamp_) break;
      ReadPart(place);
    }
    parts_.clear();
  }

  void ReadPart(std::size_t place) {
    CursorPart& part = parts_[place];
    TimestampMs timestamp = 0;
    double value = 0;
    HistogramSample ahead;
    const bool is_float = part.cursor->Read({&timestamp, 1}, {&value, 1}) == 1;
    const bool is_histogram = !is_float && part.cursor->ReadHistogram(&ahead.timestamp, &ahead.histogram);
    if (status_) status_ = part.cursor->status();
    if (is_histogram) timestamp = ahead.timestamp;
    if (!(is_float || is_histogram) || timestamp < part.min || timestamp > part.max) return;
    if (found_ && (timestamp < timestamp_ || (timestamp == timestamp_ && place < place_))) return;
    found_ = true;
    place_ = place;
    timestamp_ = timestamp;
    value_ = value;
    histogram_.reset();
    if (is_histogram) histogram_ = std::move(ahead);
  }

  std::vector<CursorPart> parts_;
  bool found_ = false;
  std::size_t place_ = 0;
  TimestampMs timestamp_ = 0;
  double value_ = 0;
  std::optional<HistogramSample> histogram_;
  Status status_;
};

std::unique_ptr<SeriesCursor> NewLink(std::vector<CursorPart> parts) {
  if (parts.size() == 1) return std::make_unique<ClippedCursor>(std::move(parts.front()));
  return std::make_unique<OverlapCursor>(std::move(parts));
}

}  // namespace

std::unique_ptr<SeriesCursor> NewMergeCursor(std::vector<CursorPart> parts) {
  std::vector<std::size_t> by_time(parts.size());
  for (std::size_t i = 0; i < by_time.size(); ++i) by_time[i] = i;
  std::sort(by_time.begin(), by_time.end(), [&](std::size_t a, std::size_t b) {
    return parts[a].min != parts[b].min ? parts[a].min < parts[b].min : a < b;
  });
  std::vector<std::unique_ptr<SeriesCursor>> links;
  for (std::size_t begin = 0; begin < by_time.size();) {
    TimestampMs max = parts[by_time[begin]].max;
    std::size_t end = begin + 1;
    for (; end < by_time.size() && parts[by_time[end]].min <= max; ++end) max = std::max(max, parts[by_time[end]].max);
    // Back in the caller's order, which says who wins.
    std::sort(by_time.begin() + static_cast<std::ptrdiff_t>(begin), by_time.begin() + static_cast<std::ptrdiff_t>(end));
    std::vector<CursorPart> link;
    for (; begin < end; ++begin) link.push_back(std::move(parts[by_time[begin]]));
    links.push_back(NewLink(std::move(link)));
  }
  if (links.size() == 1) return std::move(links.front());
  return std::make_unique<ChainCursor>(std::move(links));
}

std::unique_ptr<SeriesCursor> NewNewestOfCursor(std::vector<CursorPart> parts) {
  return std::make_unique<NewestOfCursor>(std::move(parts));
}

}  // namespace tickbird::tsdb
