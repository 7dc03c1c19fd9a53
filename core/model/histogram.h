#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"

/// Native histograms as Prometheus has them: buckets whose bounds follow from a schema, stored sparsely.
/// Source: prometheus/prometheus model/histogram/{histogram,float_histogram,generic}.go.
namespace tickbird {

/// A run of neighbouring buckets. `offset` counts the empty buckets since the end of the run before it (for the first
/// run: the index of its first bucket, which may be negative).
struct HistogramSpan {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
  friend bool operator==(const HistogramSpan&, const HistogramSpan&) = default;
};

/// What is known of the step from the sample before. The numbers are those of Prometheus' records and chunks.
enum class CounterResetHint : std::uint8_t { kUnknown = 0, kCounterReset = 1, kNotCounterReset = 2, kGauge = 3 };

/// -4 to 8: bucket i of a side ends at 2^(i * 2^-schema), inclusive. The other schema has its bounds written down.
inline constexpr std::int32_t kMinExponentialSchema = -4;
inline constexpr std::int32_t kMaxExponentialSchema = 8;
inline constexpr std::int32_t kCustomBucketsSchema = -53;

/// Of one side, or custom bounds: far more than any client makes (they merge buckets at a few hundred), so that a chunk
/// and a log record stay of bounded size.
inline constexpr std::uint32_t kMaxHistogramBuckets = 1U << 16;
/// Either way from 0. At schema 8 all doubles lie within 2^18.
inline constexpr std::int64_t kMaxBucketIndex = std::int64_t{1} << 30;

/// Buckets of all spans together.
std::uint64_t CountBuckets(const std::vector<HistogramSpan>& spans);

/// What both kinds share: how the buckets lie.
struct HistogramLayout {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::vector<HistogramSpan> positive_spans;
  std::vector<HistogramSpan> negative_spans;
  /// Upper bounds, rising, without +Inf; kCustomBucketsSchema only.
  std::vector<double> custom_values;
  friend bool operator==(const HistogramLayout&, const HistogramLayout&) = default;

  bool UsesCustomBuckets() const { return schema == kCustomBucketsSchema; }
  /// kInvalidArgument with the reason: an unknown schema, custom bounds that do not rise, spans that overlap or hold
  /// more or other buckets than there may be.
  Status Validate() const;
};

/// Counts that may be any number: what queries compute with, and what rates and sums are stored as.
struct FloatHistogram {
  HistogramLayout layout;
  CounterResetHint hint = CounterResetHint::kUnknown;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::vector<double> positive_buckets;  ///< Counts, one for each bucket of the spans.
  std::vector<double> negative_buckets;

  /// kInvalidArgument with the reason: as the layout's; also spans and buckets that do not fit, negative counts.
  Status Validate() const;
  /// The marker of an ended series: its sum is the stale NaN.
  bool IsStale() const;
};

/// Whole counts, as clients send them: each bucket as the difference to the bucket before, the first as it is.
struct Histogram {
  HistogramLayout layout;
  CounterResetHint hint = CounterResetHint::kUnknown;
  std::uint64_t zero_count = 0;
  std::uint64_t count = 0;
  double sum = 0;
  std::vector<std::int64_t> positive_deltas;
  std::vector<std::int64_t> negative_deltas;

  /// As FloatHistogram's; also when the buckets do not add up to `count` (with a NaN sum they may be fewer).
  Status Validate() const;
  bool IsStale() const;
  /// The same counts as doubles.
  FloatHistogram ToFloat() const;
};

/// Bitwise on doubles, as Sample compares.
bool operator==(const FloatHistogram& a, const FloatHistogram& b);
bool operator==(const Histogram& a, const Histogram& b);

}  // namespace tickbird
