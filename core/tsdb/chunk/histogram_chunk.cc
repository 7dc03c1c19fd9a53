#include "core/tsdb/chunk/histogram_chunk.h"

#include <utility>

namespace tickbird::tsdb {
namespace {

// Writing a chunk anew for more buckets costs a bit for each of them and each sample, and what the first sample has. A
// chunk that would grow by more than this gets a successor instead.
constexpr std::uint64_t kMaxAddedBits = std::uint64_t{1} << 20;
constexpr std::uint64_t kFirstSampleBits = 64;

const std::vector<std::int64_t>& PositiveOf(const Histogram& histogram) {
  return histogram.positive_deltas;
}
const std::vector<double>& PositiveOf(const FloatHistogram& histogram) {
  return histogram.positive_buckets;
}
const std::vector<std::int64_t>& NegativeOf(const Histogram& histogram) {
  return histogram.negative_deltas;
}
const std::vector<double>& NegativeOf(const FloatHistogram& histogram) {
  return histogram.negative_buckets;
}

/// The same counts in a layout with more buckets.
template <class AnyHistogram>
AnyHistogram Widened(const AnyHistogram& histogram, const HistogramLayout& layout) {
  AnyHistogram wide = histogram;
  auto positive = ExpandBuckets(histogram.layout.positive_spans, PositiveOf(histogram), layout.positive_spans);
  auto negative = ExpandBuckets(histogram.layout.negative_spans, NegativeOf(histogram), layout.negative_spans);
  if constexpr (std::is_same_v<AnyHistogram, Histogram>) {
    wide.positive_deltas = std::move(positive);
    wide.negative_deltas = std::move(negative);
  } else {
    wide.positive_buckets = std::move(positive);
    wide.negative_buckets = std::move(negative);
  }
  wide.layout = layout;
  return wide;
}

}  // namespace

template <class AnyHistogram>
bool HistogramChunkAppender<AnyHistogram>::HasSameBounds(const AnyHistogram& next) const {
  // Not bitwise: as Prometheus compares.
  return next.layout.custom_values == newest().layout.custom_values;
}

template <class AnyHistogram>
HistogramChunkAppender<AnyHistogram>::Change HistogramChunkAppender<AnyHistogram>::CompareBuckets(
    const AnyHistogram& next, bool is_gauge) const {
  const AnyHistogram& last = newest();
  return {.positive = CompareSides(last.layout.positive_spans, PositiveOf(last), next.layout.positive_spans,
                                   PositiveOf(next), is_gauge),
          .negative = CompareSides(last.layout.negative_spans, NegativeOf(last), next.layout.negative_spans,
                                   NegativeOf(next), is_gauge)};
}

template <class AnyHistogram>
HistogramChunkAppender<AnyHistogram>::Succession HistogramChunkAppender<AnyHistogram>::Follow(const AnyHistogram& next,
                                                                                              Change* change) const {
  const AnyHistogram& last = newest();
  // Prometheus says "no reset" here; nothing was compared.
  if (hint_ == CounterResetHint::kGauge) return Succession::kUnknown;
  if (next.hint == CounterResetHint::kCounterReset) return Succession::kResets;
  if (next.IsStale()) return Succession::kContinues;
  if (last.IsStale()) return Succession::kUnknown;
  if (next.count < last.count) return Succession::kResets;
  if (next.layout.schema != last.layout.schema || next.layout.zero_threshold != last.layout.zero_threshold)
    return Succession::kUnknown;
  if (!HasSameBounds(next) || next.zero_count < last.zero_count) return Succession::kResets;
  *change = CompareBuckets(next, /*is_gauge=*/false);
  return change->resets() ? Succession::kResets : Succession::kContinues;
}

template <class AnyHistogram>
bool HistogramChunkAppender<AnyHistogram>::FollowGauge(const AnyHistogram& next, Change* change) const {
  const AnyHistogram& last = newest();
  if (hint_ != CounterResetHint::kGauge) return false;
  if (next.IsStale()) return true;
  if (last.IsStale() || next.layout.schema != last.layout.schema ||
      next.layout.zero_threshold != last.layout.zero_threshold || !HasSameBounds(next))
    return false;
  *change = CompareBuckets(next, /*is_gauge=*/true);
  return true;
}

template <class AnyHistogram>
CounterResetHint HistogramChunkAppender<AnyHistogram>::NextChunkHint(const AnyHistogram& first) const {
  if (first.hint == CounterResetHint::kGauge || first.hint == CounterResetHint::kCounterReset) return first.hint;
  if (newest_time_ == kNoTime) return CounterResetHint::kUnknown;
  Change change;
  switch (Follow(first, &change)) {
    case Succession::kContinues:
      return CounterResetHint::kNotCounterReset;
    case Succession::kResets:
      return CounterResetHint::kCounterReset;
    case Succession::kUnknown:
      break;
  }
  return CounterResetHint::kUnknown;
}

/// The sample's own spans where they hold all that the chunk has, as Prometheus writes them.
template <class AnyHistogram>
HistogramLayout HistogramChunkAppender<AnyHistogram>::WiderLayout(const AnyHistogram& next,
                                                                  const Change& change) const {
  HistogramLayout layout = newest().layout;
  if (!change.gains()) return layout;
  const bool is_gauge = hint_ == CounterResetHint::kGauge;
  const auto widen = [&](Spans* spans, const Spans& next_spans, bool loses) {
    const bool merge = is_gauge ? change.loses() : loses;
    *spans = merge ? MergeSpans(*spans, next_spans) : next_spans;
  };
  widen(&layout.positive_spans, next.layout.positive_spans, change.positive.loses);
  widen(&layout.negative_spans, next.layout.negative_spans, change.negative.loses);
  return layout;
}

/// Writes the chunk anew. False: that would make it too large.
template <class AnyHistogram>
bool HistogramChunkAppender<AnyHistogram>::Widen(const HistogramLayout& layout) {
  const HistogramLayout& before = newest().layout;
  const std::uint64_t added = CountBuckets(layout.positive_spans) - CountBuckets(before.positive_spans) +
                              CountBuckets(layout.negative_spans) - CountBuckets(before.negative_spans);
  if (added * (kFirstSampleBits + count_) > kMaxAddedBits) return false;
  const ChunkRef narrow = Snapshot();
  Decoder decoder(narrow.bytes());
  Encoder wide;
  TimestampMs time = 0;
  AnyHistogram histogram;
  while (decoder.Read(&time, &histogram)) wide.Put(time, Widened(histogram, layout));
  encoder_ = std::move(wide);
  return true;
}

template <class AnyHistogram>
void HistogramChunkAppender<AnyHistogram>::Put(TimestampMs timestamp, const AnyHistogram& histogram) {
  encoder_.Put(timestamp, histogram);
  newest_time_ = timestamp;
  ++count_;
}

template <class AnyHistogram>
bool HistogramChunkAppender<AnyHistogram>::Append(TimestampMs timestamp, const AnyHistogram& histogram) {
  if (empty()) {
    hint_ = NextChunkHint(histogram);
    oldest_time_ = timestamp;
    Put(timestamp, histogram);
    return true;
  }
  Change change;
  const bool follows = histogram.hint == CounterResetHint::kGauge
                           ? FollowGauge(histogram, &change)
                           : Follow(histogram, &change) == Succession::kContinues;
  if (!follows) return false;
  if (!change.gains() && !change.loses()) {
    Put(timestamp, histogram);
    return true;
  }
  const HistogramLayout layout = WiderLayout(histogram, change);
  if (change.gains() && !Widen(layout)) return false;
  if (change.loses()) {
    Put(timestamp, Widened(histogram, layout));
  } else {
    Put(timestamp, histogram);
  }
  return true;
}

template <class AnyHistogram>
ChunkRef HistogramChunkAppender<AnyHistogram>::Snapshot() const {
  const char header[kHistogramHeaderBytes] = {static_cast<char>(count_ >> 8), static_cast<char>(count_ & 0xff),
                                              static_cast<char>(CounterResetByte(hint_))};
  return ChunkRef(kIsFloat ? ChunkEncoding::kFloatHistogram : ChunkEncoding::kHistogram, {header, sizeof header},
                  encoder_.bytes(), oldest_time_, newest_time_);
}

template <class AnyHistogram>
void HistogramChunkAppender<AnyHistogram>::Clear() {
  encoder_.Clear();
  count_ = 0;
  oldest_time_ = kNoTime;
}

template <class AnyHistogram>
void HistogramChunkAppender<AnyHistogram>::Reset() {
  Clear();
  newest_time_ = kNoTime;
}

template class HistogramChunkAppender<Histogram>;
template class HistogramChunkAppender<FloatHistogram>;

}  // namespace tickbird::tsdb
