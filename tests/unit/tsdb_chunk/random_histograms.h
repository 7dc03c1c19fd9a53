#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <type_traits>
#include <vector>

#include "core/model/histogram.h"
#include "core/model/sample.h"

namespace tickbird::tsdb {

/// A made-up series of native histograms: a counter that grows, gets new buckets, drops empty ones, writes the same
/// buckets in other spans, is reset, turns into a gauge and back, changes its schema or bounds, and ends with markers.
template <class AnyHistogram>
class RandomHistograms {
 public:
  explicit RandomHistograms(unsigned seed) : random_(seed) { NewLayout(); }

  AnyHistogram Next() {
    AnyHistogram histogram;
    if (Chance(60)) {
      histogram.sum = StaleMarker();
      return histogram;
    }
    if (Chance(40)) NewLayout();
    if (Chance(40)) is_gauge_ = !is_gauge_;
    if (Chance(30)) positive_.clear(), negative_.clear(), zero_count_ = 0;
    Observe(&positive_);
    if (!IsCustom()) Observe(&negative_);
    histogram.layout = layout_;
    histogram.layout.positive_spans = SpansOf(positive_);
    if (!IsCustom()) histogram.layout.negative_spans = SpansOf(negative_);
    SetBuckets(&histogram);
    SetSum(&histogram);
    if (Chance(3)) histogram.hint = CounterResetHint::kNotCounterReset;
    if (Chance(50)) histogram.hint = CounterResetHint::kCounterReset;
    if (is_gauge_) histogram.hint = CounterResetHint::kGauge;
    return histogram;
  }

  /// True once in so many times.
  bool Chance(int times) { return Below(times) == 0; }
  int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

 private:
  static constexpr bool kIsFloat = std::is_same_v<AnyHistogram, FloatHistogram>;
  using Buckets = std::map<std::int32_t, std::int64_t>;

  bool IsCustom() const { return layout_.UsesCustomBuckets(); }

  void NewLayout() {
    layout_ = {};
    positive_.clear();
    negative_.clear();
    zero_count_ = 0;
    if (Chance(4)) {
      layout_.schema = kCustomBucketsSchema;
      double bound = Chance(2) ? -1.5 : 0;
      for (int i = Below(12); i > 0; --i) {
        bound += Chance(4) ? 1.0 / (1 + Below(9)) : (1 + Below(40'000)) / 1000.0;
        if (Chance(20)) bound += 50'000;
        layout_.custom_values.push_back(bound);
      }
      return;
    }
    layout_.schema = Below(kMaxExponentialSchema - kMinExponentialSchema + 1) + kMinExponentialSchema;
    const double thresholds[] = {0,     std::ldexp(1.0, -128), std::ldexp(1.0, -243), std::ldexp(1.0, 10), 2048.0,
                                 0.001, std::ldexp(1.0, -244)};
    layout_.zero_threshold = thresholds[Below(std::size(thresholds))];
  }

  void Observe(Buckets* buckets) {
    const int center = IsCustom() ? 0 : -3;
    const int range = IsCustom() ? static_cast<int>(layout_.custom_values.size()) + 1 : 30;
    for (int i = Below(6); i > 0; --i) {
      const std::int64_t more = Chance(100) ? std::int64_t{1} << Below(50) : Below(30);
      (*buckets)[center + Below(range)] += more;
    }
    if (is_gauge_) {
      for (auto& [index, count] : *buckets) count = Chance(3) ? Below(20) : count;
      if (Chance(4) && !buckets->empty()) buckets->erase(buckets->begin());
    }
    // Clients may leave empty buckets out.
    if (Chance(3)) std::erase_if(*buckets, [](const auto& bucket) { return bucket.second == 0; });
    if (!IsCustom()) zero_count_ += Below(3);
  }

  std::vector<HistogramSpan> SpansOf(const Buckets& buckets) {
    std::vector<HistogramSpan> spans;
    std::int32_t end = 0;
    for (const auto& [index, count] : buckets) {
      if (spans.empty() || index != end || Chance(10)) {
        spans.push_back({index - end, 1});
        if (Chance(20)) spans.push_back({0, 0});
      } else if (spans.back().length > 0) {
        ++spans.back().length;
      } else {
        spans.push_back({0, 1});
      }
      end = index + 1;
    }
    if (spans.empty() && Chance(5)) spans.push_back({0, 0});
    return spans;
  }

  void SetBuckets(AnyHistogram* histogram) {
    std::int64_t total = zero_count_;
    const auto put = [&](const Buckets& buckets, auto* out) {
      std::int64_t before = 0;
      for (const auto& [index, count] : buckets) {
        total += count;
        if constexpr (kIsFloat) {
          out->push_back(static_cast<double>(count) / 4);
        } else {
          out->push_back(count - before);
          before = count;
        }
      }
    };
    if constexpr (kIsFloat) {
      put(positive_, &histogram->positive_buckets);
      put(negative_, &histogram->negative_buckets);
      histogram->count = static_cast<double>(total) / 4;
      histogram->zero_count = static_cast<double>(zero_count_) / 4;
    } else {
      put(positive_, &histogram->positive_deltas);
      put(negative_, &histogram->negative_deltas);
      histogram->count = static_cast<std::uint64_t>(total);
      histogram->zero_count = static_cast<std::uint64_t>(zero_count_);
    }
  }

  void SetSum(AnyHistogram* histogram) {
    sum_ = Chance(3) ? sum_ : sum_ + Below(1000) / 7.0;
    histogram->sum = sum_;
    if (Chance(25)) histogram->sum = std::numeric_limits<double>::quiet_NaN();
    if (Chance(50)) histogram->sum = std::numeric_limits<double>::infinity();
  }

  std::mt19937 random_;
  HistogramLayout layout_;
  Buckets positive_;
  Buckets negative_;
  std::int64_t zero_count_ = 0;
  double sum_ = 0;
  bool is_gauge_ = false;
};

}  // namespace tickbird::tsdb
