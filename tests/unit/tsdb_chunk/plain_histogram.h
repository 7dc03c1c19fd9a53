#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <ostream>
#include <type_traits>
#include <vector>

#include "core/model/histogram.h"
#include "core/model/sample.h"

namespace tickbird::tsdb {

/// A histogram without the freedoms of its form: empty buckets, spans, and hints other than "gauge" do not count.
struct PlainHistogram {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  std::uint64_t sum_bits = 0;
  bool is_gauge = false;
  std::map<std::int64_t, double> positive;
  std::map<std::int64_t, double> negative;
  std::vector<double> bounds;

  friend bool operator==(const PlainHistogram&, const PlainHistogram&) = default;

  explicit PlainHistogram(const Histogram& histogram) : PlainHistogram(histogram.ToFloat()) {}
  explicit PlainHistogram(const FloatHistogram& histogram) : sum_bits(std::bit_cast<std::uint64_t>(histogram.sum)) {
    if (histogram.IsStale()) return;
    schema = histogram.layout.schema;
    zero_threshold = histogram.layout.zero_threshold;
    zero_count = histogram.zero_count;
    count = histogram.count;
    is_gauge = histogram.hint == CounterResetHint::kGauge;
    positive = CountsOf(histogram.layout.positive_spans, histogram.positive_buckets);
    negative = CountsOf(histogram.layout.negative_spans, histogram.negative_buckets);
    bounds = histogram.layout.custom_values;
  }

  friend void PrintTo(const PlainHistogram& histogram, std::ostream* out) {
    *out << "schema " << histogram.schema << " zero " << histogram.zero_count << " count " << histogram.count << " sum "
         << std::bit_cast<double>(histogram.sum_bits) << (histogram.is_gauge ? " gauge" : "");
    for (const auto& [index, bucket] : histogram.negative) *out << " -" << index << ":" << bucket;
    for (const auto& [index, bucket] : histogram.positive) *out << " +" << index << ":" << bucket;
  }

 private:
  static std::map<std::int64_t, double> CountsOf(const std::vector<HistogramSpan>& spans,
                                                 const std::vector<double>& buckets) {
    std::map<std::int64_t, double> counts;
    std::int64_t index = 0;
    std::size_t at = 0;
    for (const HistogramSpan& span : spans) {
      index += span.offset;
      for (std::uint32_t i = 0; i < span.length; ++i, ++index, ++at) {
        if (buckets[at] != 0) counts[index] = buckets[at];
      }
    }
    return counts;
  }
};

}  // namespace tickbird::tsdb
