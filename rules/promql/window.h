#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "rules/promql/function_table.h"
#include "rules/promql/series_block.h"

namespace tickbird::promql {

/// The decoded samples of one series in time order, without stale markers.
struct SampleColumns {
  std::vector<TimestampMs> times;
  std::vector<double> values;
  /// Indexes at which the value is below the one before: where a counter started again. Set by FindResets.
  std::vector<std::uint32_t> resets;

  std::size_t size() const { return times.size(); }
  void Clear() {
    times.clear();
    values.clear();
    resets.clear();
  }
  void FindResets();
};

/// Where the windows of a range selector lie for the steps of a grid.
struct WindowPlacement {
  StepGrid ends;         ///< Each window ends here (inclusive); one step when @ fixes it for all.
  DurationMs range = 0;  ///< And starts that long before (exclusive).

  TimestampMs EndAt(std::size_t step) const { return ends.At(ends.count == 1 ? 0 : step); }
};

/// The samples first..last (exclusive) of a series, which lie in (start, end]. Never empty.
struct Window {
  const SampleColumns& samples;
  std::size_t first;
  std::size_t last;
  TimestampMs start;
  TimestampMs end;
  TimestampMs evaluation_time;

  std::size_t size() const { return last - first; }
  std::span<const TimestampMs> times() const { return {samples.times.data() + first, size()}; }
  std::span<const double> values() const { return {samples.values.data() + first, size()}; }
};

/// A function of the samples in a window, with its scalar parameters at that step; Absent() when it gives no result.
using WindowFunction = double (*)(const Window& window, std::span<const double> parameters);

/// Null when `function` is none of a window, or absent_over_time, which looks at all series together.
WindowFunction FindWindowFunction(Function function);

/// The linear interpolation between the sorted values that Prometheus calls quantile; NaN counts as smallest. Sorts
/// `values`.
double QuantileOf(double q, std::span<double> values);

/// Neumaier's summation: what is lost of small numbers beside large ones is added at the end.
struct NeumaierSum {
  double sum = 0;
  double lost = 0;
  void Add(double value) {
    const double next = sum + value;
    if (std::isinf(next)) {
      lost = 0;
    } else if (std::abs(sum) >= std::abs(value)) {
      lost += (sum - next) + value;
    } else {
      lost += (value - next) + sum;
    }
    sum = next;
  }
  double Total() const { return sum + lost; }
};

/// The same sum of all `values`, without a branch in the loop.
NeumaierSum SumOf(std::span<const double> values);

/// A mean that stays right when the sum would overflow.
struct RobustMean {
  NeumaierSum sum;  ///< Once `incremental`: of the mean itself.
  double count = 0;
  bool incremental = false;
  void Add(double value);
  double Result() const;
};

}  // namespace tickbird::promql
