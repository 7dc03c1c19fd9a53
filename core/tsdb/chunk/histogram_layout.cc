#include "core/tsdb/chunk/histogram_layout.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <type_traits>

namespace tickbird::tsdb {
namespace {

// One byte for the zero threshold: 0, or a power of two, or an escape in front of all 64 bits.
constexpr std::uint64_t kNoThreshold = 0;
constexpr std::uint64_t kRawThreshold = 255;
constexpr int kThresholdBias = 243;
constexpr int kMinThresholdExponent = 1 - kThresholdBias;
constexpr int kMaxThresholdExponent = 254 - kThresholdBias;

// Custom bounds that are multiples of 1/1000 up to here take four bytes at most.
constexpr double kBoundScale = 1000;
constexpr double kMaxScaledBound = 33554430;

void PutZeroThreshold(double threshold, BitWriter* out) {
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (threshold == 0) {
    out->Put(kNoThreshold, 8);
  } else if (fraction == 0.5 && exponent >= kMinThresholdExponent && exponent <= kMaxThresholdExponent) {
    const int byte = exponent + kThresholdBias;
    out->Put(static_cast<std::uint64_t>(byte), 8);
  } else {
    out->Put(kRawThreshold, 8);
    out->Put(std::bit_cast<std::uint64_t>(threshold), 64);
  }
}

double TakeZeroThreshold(BitReader* in) {
  const std::uint64_t byte = in->Take(8);
  if (byte == kNoThreshold) return 0;
  if (byte == kRawThreshold) return std::bit_cast<double>(in->Take(64));
  return std::ldexp(0.5, static_cast<int>(byte) - kThresholdBias);
}

void PutCustomBound(double bound, BitWriter* out) {
  const double scaled = bound * kBoundScale;
  if (scaled >= 0 && scaled <= kMaxScaledBound && std::round(scaled) / kBoundScale == bound) {
    out->PutVarbitUint(static_cast<std::uint64_t>(std::round(scaled)) + 1);
  } else {
    out->PutVarbitUint(0);
    out->Put(std::bit_cast<std::uint64_t>(bound), 64);
  }
}

double TakeCustomBound(BitReader* in) {
  const std::uint64_t scaled = in->TakeVarbitUint();
  if (scaled == 0) return std::bit_cast<double>(in->Take(64));
  return static_cast<double>(scaled - 1) / kBoundScale;
}

void PutSpans(const Spans& spans, BitWriter* out) {
  out->PutVarbitUint(spans.size());
  for (const HistogramSpan& span : spans) {
    out->PutVarbitUint(span.length);
    out->PutVarbitInt(span.offset);
  }
}

/// Takes how many of something follow. Each takes a bit at least, so the rest of the bytes bounds what a wrong count
/// can make us allocate.
bool TakeCount(BitReader* in, std::size_t* count) {
  *count = static_cast<std::size_t>(in->TakeVarbitUint());
  return in->ok() && *count <= in->bits_left();
}

bool TakeSpans(BitReader* in, Spans* spans) {
  std::size_t count = 0;
  if (!TakeCount(in, &count)) return false;
  for (; count > 0 && in->ok(); --count) {
    const std::uint64_t length = in->TakeVarbitUint();
    const std::int64_t offset = in->TakeVarbitInt();
    if (length > kMaxHistogramBuckets || offset != static_cast<std::int32_t>(offset)) return false;
    spans->push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
  return in->ok();
}

bool TakeCustomBounds(BitReader* in, std::vector<double>* bounds) {
  std::size_t count = 0;
  if (!TakeCount(in, &count)) return false;
  for (; count > 0 && in->ok(); --count) bounds->push_back(TakeCustomBound(in));
  return in->ok();
}

/// The buckets of some spans, one after the other.
class BucketWalk {
 public:
  explicit BucketWalk(const Spans& spans) : spans_(spans) { EnterSpan(); }

  bool done() const { return span_ >= spans_.size(); }
  std::int64_t index() const { return index_; }
  void Next() {
    ++index_;
    if (--left_ > 0) return;
    ++span_;
    EnterSpan();
  }

 private:
  void EnterSpan() {
    for (; span_ < spans_.size(); ++span_) {
      index_ += spans_[span_].offset;
      left_ = spans_[span_].length;
      if (left_ > 0) return;
    }
  }

  const Spans& spans_;
  std::size_t span_ = 0;
  std::int64_t index_ = 0;
  std::uint32_t left_ = 0;
};

/// The buckets with their counts.
template <class Bucket>
class CountWalk {
 public:
  CountWalk(const Spans& spans, const std::vector<Bucket>& buckets) : walk_(spans), buckets_(buckets) { Load(); }

  bool done() const { return walk_.done(); }
  std::int64_t index() const { return walk_.index(); }
  Bucket count() const { return count_; }
  void Next() {
    walk_.Next();
    ++at_;
    Load();
  }

 private:
  void Load() {
    if (done()) return;
    if constexpr (std::is_same_v<Bucket, double>) {
      count_ = buckets_[at_];
    } else {
      // Foreign chunks may hold sums that overflow.
      count_ =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(count_) + static_cast<std::uint64_t>(buckets_[at_]));
    }
  }

  BucketWalk walk_;
  const std::vector<Bucket>& buckets_;
  std::size_t at_ = 0;
  Bucket count_ = 0;
};

}  // namespace

void PutLayout(const HistogramLayout& layout, BitWriter* out) {
  PutZeroThreshold(layout.zero_threshold, out);
  out->PutVarbitInt(layout.schema);
  PutSpans(layout.positive_spans, out);
  PutSpans(layout.negative_spans, out);
  if (!layout.UsesCustomBuckets()) return;
  out->PutVarbitUint(layout.custom_values.size());
  for (const double bound : layout.custom_values) PutCustomBound(bound, out);
}

bool TakeLayout(BitReader* in, HistogramLayout* layout) {
  *layout = {};
  layout->zero_threshold = TakeZeroThreshold(in);
  const std::int64_t schema = in->TakeVarbitInt();
  if (schema != static_cast<std::int32_t>(schema)) return false;
  layout->schema = static_cast<std::int32_t>(schema);
  if (!TakeSpans(in, &layout->positive_spans) || !TakeSpans(in, &layout->negative_spans)) return false;
  if (layout->UsesCustomBuckets() && !TakeCustomBounds(in, &layout->custom_values)) return false;
  return in->ok() && layout->Validate().has_value();
}

template <class Bucket>
SideChange CompareSides(const Spans& spans, const std::vector<Bucket>& buckets, const Spans& next_spans,
                        const std::vector<Bucket>& next_buckets, bool is_gauge) {
  SideChange change;
  CountWalk<Bucket> before(spans, buckets);
  CountWalk<Bucket> next(next_spans, next_buckets);
  while (!before.done() || !next.done()) {
    if (before.done() || (!next.done() && next.index() < before.index())) {
      change.gains = true;
      next.Next();
    } else if (next.done() || before.index() < next.index()) {
      if (!is_gauge && before.count() != 0) return {.resets = true};
      change.loses = true;
      before.Next();
    } else {
      if (!is_gauge && before.count() > next.count()) return {.resets = true};
      before.Next();
      next.Next();
    }
  }
  return change;
}

Spans MergeSpans(const Spans& a, const Spans& b) {
  Spans merged;
  std::int64_t end = 0;
  BucketWalk walk_a(a);
  BucketWalk walk_b(b);
  while (!walk_a.done() || !walk_b.done()) {
    const bool from_a = !walk_a.done() && (walk_b.done() || walk_a.index() <= walk_b.index());
    const bool from_b = !walk_b.done() && (walk_a.done() || walk_b.index() <= walk_a.index());
    const std::int64_t index = from_a ? walk_a.index() : walk_b.index();
    if (merged.empty() || index != end) {
      merged.push_back({static_cast<std::int32_t>(index - end), 1});
    } else {
      ++merged.back().length;
    }
    end = index + 1;
    if (from_a) walk_a.Next();
    if (from_b) walk_b.Next();
  }
  return merged;
}

template <class Bucket>
std::vector<Bucket> ExpandBuckets(const Spans& from, const std::vector<Bucket>& buckets, const Spans& to) {
  std::vector<Bucket> expanded;
  CountWalk<Bucket> source(from, buckets);
  Bucket before = 0;
  for (BucketWalk target(to); !target.done(); target.Next()) {
    Bucket count = 0;
    if (!source.done() && source.index() == target.index()) {
      count = source.count();
      source.Next();
    }
    if constexpr (std::is_same_v<Bucket, double>) {
      expanded.push_back(count);
    } else {
      expanded.push_back(
          static_cast<std::int64_t>(static_cast<std::uint64_t>(count) - static_cast<std::uint64_t>(before)));
      before = count;
    }
  }
  return expanded;
}

template SideChange CompareSides(const Spans&, const std::vector<std::int64_t>&, const Spans&,
                                 const std::vector<std::int64_t>&, bool);
template SideChange CompareSides(const Spans&, const std::vector<double>&, const Spans&, const std::vector<double>&,
                                 bool);
template std::vector<std::int64_t> ExpandBuckets(const Spans&, const std::vector<std::int64_t>&, const Spans&);
template std::vector<double> ExpandBuckets(const Spans&, const std::vector<double>&, const Spans&);

}  // namespace tickbird::tsdb
