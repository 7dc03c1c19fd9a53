#include "core/model/histogram.h"

#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "core/model/sample.h"

namespace tickbird {
namespace {

bool IsSame(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool AreSame(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!IsSame(a[i], b[i])) return false;
  }
  return true;
}

bool AreSame(const HistogramLayout& a, const HistogramLayout& b) {
  return a.schema == b.schema && IsSame(a.zero_threshold, b.zero_threshold) && a.positive_spans == b.positive_spans &&
         a.negative_spans == b.negative_spans && AreSame(a.custom_values, b.custom_values);
}

std::vector<double> Absolute(std::span<const std::int64_t> deltas) {
  std::vector<double> counts;
  counts.reserve(deltas.size());
  // Unsigned: what was not validated may overflow.
  std::uint64_t count = 0;
  for (const std::int64_t delta : deltas) {
    count += static_cast<std::uint64_t>(delta);
    counts.push_back(static_cast<double>(static_cast<std::int64_t>(count)));
  }
  return counts;
}

Status Invalid(std::string reason) {
  return Error{ErrorCode::kInvalidArgument, "native histogram: " + std::move(reason)};
}

Status ValidateSpans(const std::vector<HistogramSpan>& spans, std::string_view side) {
  if (spans.size() > kMaxHistogramBuckets || CountBuckets(spans) > kMaxHistogramBuckets)
    return Invalid(fmt::format("there are more than {} {} buckets", kMaxHistogramBuckets, side));
  std::int64_t end = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0)
      return Invalid(fmt::format("{} span {} starts {} buckets before the end of the one before", side, i + 1,
                                 -static_cast<std::int64_t>(spans[i].offset)));
    end += spans[i].offset;
    if (end < -kMaxBucketIndex || end + spans[i].length > kMaxBucketIndex)
      return Invalid(fmt::format("{} span {} lies too far from 0", side, i + 1));
    end += spans[i].length;
  }
  return {};
}

Status ValidateCustomBuckets(const HistogramLayout& layout) {
  if (layout.zero_threshold != 0) return Invalid("custom buckets have no zero bucket");
  if (!layout.negative_spans.empty()) return Invalid("custom buckets have no negative side");
  if (layout.custom_values.size() > kMaxHistogramBuckets)
    return Invalid(fmt::format("there are more than {} custom bounds", kMaxHistogramBuckets));
  for (std::size_t i = 0; i < layout.custom_values.size(); ++i) {
    const double bound = layout.custom_values[i];
    if (std::isnan(bound)) return Invalid("a custom bound is not a number");
    if (bound == std::numeric_limits<double>::infinity()) return Invalid("the last bucket needs no bound");
    if (i > 0 && bound <= layout.custom_values[i - 1]) return Invalid("custom bounds do not rise");
  }
  std::int64_t end = 0;
  for (const HistogramSpan& span : layout.positive_spans) {
    if (span.offset < 0) return Invalid("a custom bucket has a negative index");
    end += std::int64_t{span.offset} + span.length;
  }
  if (end > static_cast<std::int64_t>(layout.custom_values.size()) + 1)
    return Invalid("there are more custom buckets than bounds");
  return {};
}

Status ValidateExponential(const HistogramLayout& layout) {
  if (layout.schema < kMinExponentialSchema || layout.schema > kMaxExponentialSchema)
    return Invalid(fmt::format("schema {} is unknown; {} to {}, or {} for custom buckets", layout.schema,
                               kMinExponentialSchema, kMaxExponentialSchema, kCustomBucketsSchema));
  if (!layout.custom_values.empty()) return Invalid("only custom buckets have bounds written down");
  return {};
}

/// The layout, and whether the buckets are those of the spans.
Status ValidateBuckets(const HistogramLayout& layout, double zero_count, std::size_t positive, std::size_t negative) {
  TICKBIRD_RETURN_IF_ERROR(layout.Validate());
  if (layout.UsesCustomBuckets() && zero_count != 0) return Invalid("custom buckets have no zero bucket");
  const auto check = [](const std::vector<HistogramSpan>& spans, std::size_t buckets, std::string_view side) -> Status {
    const std::uint64_t needed = CountBuckets(spans);
    if (needed == buckets) return {};
    return Invalid(fmt::format("{} spans need {} buckets, there are {}", side, needed, buckets));
  };
  TICKBIRD_RETURN_IF_ERROR(check(layout.positive_spans, positive, "positive"));
  return check(layout.negative_spans, negative, "negative");
}

Status ValidateCounts(const std::vector<double>& counts, std::string_view side) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < 0) return Invalid(fmt::format("{} bucket {} has the count {}", side, i + 1, counts[i]));
  }
  return {};
}

/// The sum of the counts that the deltas make.
Result<std::uint64_t> SumOfCounts(const std::vector<std::int64_t>& deltas, std::string_view side) {
  std::uint64_t sum = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    if (__builtin_add_overflow(count, deltas[i], &count) || count < 0)
      return Error{Invalid(fmt::format("{} bucket {} has a negative count", side, i + 1)).error()};
    sum += static_cast<std::uint64_t>(count);
  }
  return sum;
}

}  // namespace

std::uint64_t CountBuckets(const std::vector<HistogramSpan>& spans) {
  std::uint64_t count = 0;
  for (const HistogramSpan& span : spans) count += span.length;
  return count;
}

Status HistogramLayout::Validate() const {
  TICKBIRD_RETURN_IF_ERROR(ValidateSpans(positive_spans, "positive"));
  TICKBIRD_RETURN_IF_ERROR(ValidateSpans(negative_spans, "negative"));
  return UsesCustomBuckets() ? ValidateCustomBuckets(*this) : ValidateExponential(*this);
}

Status FloatHistogram::Validate() const {
  TICKBIRD_RETURN_IF_ERROR(ValidateBuckets(layout, zero_count, positive_buckets.size(), negative_buckets.size()));
  TICKBIRD_RETURN_IF_ERROR(ValidateCounts(positive_buckets, "positive"));
  TICKBIRD_RETURN_IF_ERROR(ValidateCounts(negative_buckets, "negative"));
  if (zero_count < 0) return Invalid(fmt::format("the zero bucket has the count {}", zero_count));
  if (count < 0) return Invalid(fmt::format("the count is {}", count));
  return {};
}

Status Histogram::Validate() const {
  TICKBIRD_RETURN_IF_ERROR(
      ValidateBuckets(layout, static_cast<double>(zero_count), positive_deltas.size(), negative_deltas.size()));
  TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t positive, SumOfCounts(positive_deltas, "positive"));
  TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t negative, SumOfCounts(negative_deltas, "negative"));
  const std::uint64_t buckets = positive + negative + zero_count;
  // Observations of NaN are in the count, and in no bucket.
  const bool fits = std::isnan(sum) ? buckets <= count : buckets == count;
  if (!fits) return Invalid(fmt::format("its buckets hold {} observations, its count says {}", buckets, count));
  return {};
}

bool FloatHistogram::IsStale() const {
  return IsStaleMarker(sum);
}
bool Histogram::IsStale() const {
  return IsStaleMarker(sum);
}

FloatHistogram Histogram::ToFloat() const {
  return {.layout = layout,
          .hint = hint,
          .zero_count = static_cast<double>(zero_count),
          .count = static_cast<double>(count),
          .sum = sum,
          .positive_buckets = Absolute(positive_deltas),
          .negative_buckets = Absolute(negative_deltas)};
}

bool operator==(const FloatHistogram& a, const FloatHistogram& b) {
  return AreSame(a.layout, b.layout) && a.hint == b.hint && IsSame(a.zero_count, b.zero_count) &&
         IsSame(a.count, b.count) && IsSame(a.sum, b.sum) && AreSame(a.positive_buckets, b.positive_buckets) &&
         AreSame(a.negative_buckets, b.negative_buckets);
}

bool operator==(const Histogram& a, const Histogram& b) {
  return AreSame(a.layout, b.layout) && a.hint == b.hint && a.zero_count == b.zero_count && a.count == b.count &&
         IsSame(a.sum, b.sum) && a.positive_deltas == b.positive_deltas && a.negative_deltas == b.negative_deltas;
}

}  // namespace tickbird
