#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rules/promql/window.h"

/// The functions of one window. Source: Prometheus' promql/functions.go for the meaning, down to the order of
/// additions, since results are compared bit for bit in `==`.
namespace tickbird::promql {
namespace {

using Parameters = std::span<const double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Seconds(DurationMs ms) {
  return static_cast<double>(ms) / 1000;
}

/// What a counter lost by starting again between the samples of the window.
double LostByResets(const Window& window) {
  const auto& resets = window.samples.resets;
  double lost = 0;
  for (auto at = std::upper_bound(resets.begin(), resets.end(), window.first); at != resets.end() && *at < window.last;
       ++at) {
    lost += window.samples.values[*at - 1];
  }
  return lost;
}

/// The difference over the window, extrapolated to its edges where samples are likely to have been just outside: to the
/// edge when it is nearer than 1.1 times the mean distance of samples, else by half that distance; a counter never
/// below zero.
double Extrapolated(const Window& window, bool is_counter, bool is_rate) {
  if (window.size() < 2) return Absent();
  const TimestampMs first_time = window.times().front();
  const TimestampMs last_time = window.times().back();
  const double first = window.values().front();
  double difference = window.values().back() - first;
  if (is_counter) difference += LostByResets(window);

  const double sampled = Seconds(last_time - first_time);
  const double mean_distance = sampled / static_cast<double>(window.size() - 1);
  const double threshold = mean_distance * 1.1;
  double to_start = Seconds(first_time - window.start);
  double to_end = Seconds(window.end - last_time);
  if (to_start >= threshold) to_start = mean_distance / 2;
  if (is_counter && difference > 0 && first >= 0) to_start = std::min(to_start, sampled * (first / difference));
  if (to_end >= threshold) to_end = mean_distance / 2;
  double factor = (sampled + to_start + to_end) / sampled;
  if (is_rate) factor /= Seconds(window.end - window.start);
  return difference * factor;
}

double Rate(const Window& window, Parameters) {
  return Extrapolated(window, true, true);
}
double Increase(const Window& window, Parameters) {
  return Extrapolated(window, true, false);
}
double Delta(const Window& window, Parameters) {
  return Extrapolated(window, false, false);
}

double Instant(const Window& window, bool is_rate) {
  if (window.size() < 2) return Absent();
  const auto values = window.values();
  const auto times = window.times();
  const double last = values.back();
  const double before = values[values.size() - 2];
  const double difference = is_rate && last < before ? last : last - before;
  const DurationMs distance = times.back() - times[times.size() - 2];
  if (distance == 0) return Absent();
  return is_rate ? difference / Seconds(distance) : difference;
}
double Irate(const Window& window, Parameters) {
  return Instant(window, true);
}
double Idelta(const Window& window, Parameters) {
  return Instant(window, false);
}

struct Line {
  double slope;
  double intercept;
};

/// Least squares, with `origin` as x = 0.
Line Regression(const Window& window, TimestampMs origin) {
  const auto values = window.values();
  const auto times = window.times();
  if (std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); })) {
    if (std::isinf(values.front())) return {kNan, kNan};
    return {0, values.front()};
  }
  NeumaierSum sum_x, sum_y, sum_xy, sum_xx;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = Seconds(times[i] - origin);
    sum_x.Add(x);
    sum_y.Add(values[i]);
    sum_xy.Add(x * values[i]);
    sum_xx.Add(x * x);
  }
  const double n = static_cast<double>(values.size());
  const double x = sum_x.Total();
  const double y = sum_y.Total();
  const double covariance = sum_xy.Total() - x * y / n;
  const double variance = sum_xx.Total() - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

double Deriv(const Window& window, Parameters) {
  return window.size() < 2 ? Absent() : Regression(window, window.times().front()).slope;
}

double PredictLinear(const Window& window, Parameters parameters) {
  if (window.size() < 2) return Absent();
  const Line line = Regression(window, window.evaluation_time);
  return line.slope * parameters[0] + line.intercept;
}

double Changes(const Window& window, Parameters) {
  const auto values = window.values();
  double changes = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const bool both_nan = std::isnan(values[i]) && std::isnan(values[i - 1]);
    if (values[i] != values[i - 1] && !both_nan) changes += 1;
  }
  return changes;
}

double Resets(const Window& window, Parameters) {
  const auto& resets = window.samples.resets;
  const auto from = std::upper_bound(resets.begin(), resets.end(), window.first);
  const auto to = std::lower_bound(from, resets.end(), window.last);
  return static_cast<double>(to - from);
}

double SumOverTime(const Window& window, Parameters) {
  return SumOf(window.values()).Total();
}

double AvgOverTime(const Window& window, Parameters) {
  const NeumaierSum sum = SumOf(window.values());
  const double count = static_cast<double>(window.size());
  if (std::isfinite(sum.Total())) return sum.sum / count + sum.lost / count;
  RobustMean mean;
  for (const double value : window.values()) mean.Add(value);
  return mean.Result();
}

double CountOverTime(const Window& window, Parameters) {
  return static_cast<double>(window.size());
}
double PresentOverTime(const Window&, Parameters) {
  return 1;
}
double LastOverTime(const Window& window, Parameters) {
  return window.values().back();
}
double FirstOverTime(const Window& window, Parameters) {
  return window.values().front();
}

/// The index of the first extreme, or of the last one; NaN loses to any number.
template <class Better>
std::size_t Extreme(std::span<const double> values, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (better(values[i], values[best]) || std::isnan(values[best])) best = i;
  }
  return best;
}

double MinOverTime(const Window& window, Parameters) {
  return window.values()[Extreme(window.values(), std::less<>())];
}
double MaxOverTime(const Window& window, Parameters) {
  return window.values()[Extreme(window.values(), std::greater<>())];
}

double TsOfFirst(const Window& window, Parameters) {
  return Seconds(window.times().front());
}
double TsOfLast(const Window& window, Parameters) {
  return Seconds(window.times().back());
}
double TsOfMin(const Window& window, Parameters) {
  return Seconds(window.times()[Extreme(window.values(), std::less_equal<>())]);
}
double TsOfMax(const Window& window, Parameters) {
  return Seconds(window.times()[Extreme(window.values(), std::greater_equal<>())]);
}

double StdvarOverTime(const Window& window, Parameters) {
  double count = 0;
  NeumaierSum mean, squares;
  for (const double value : window.values()) {
    count += 1;
    const double delta = value - mean.Total();
    mean.Add(delta / count);
    squares.Add(delta * (value - mean.Total()));
  }
  return squares.Total() / count;
}
double StddevOverTime(const Window& window, Parameters parameters) {
  return std::sqrt(StdvarOverTime(window, parameters));
}

double QuantileOverTime(const Window& window, Parameters parameters) {
  std::vector<double> values(window.values().begin(), window.values().end());
  return QuantileOf(parameters[0], values);
}

double MadOverTime(const Window& window, Parameters) {
  std::vector<double> values(window.values().begin(), window.values().end());
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) return kNan;
  const double median = QuantileOf(0.5, values);
  for (double& value : values) value = std::abs(value - median);
  return QuantileOf(0.5, values);
}

double DoubleExponentialSmoothing(const Window& window, Parameters parameters) {
  if (window.size() < 2) return Absent();
  const auto values = window.values();
  const double smoothing = parameters[0];
  const double trend_factor = parameters[1];
  double before = 0;
  double smoothed = values[0];
  double trend = values[1] - values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (i > 1) trend = trend_factor * (smoothed - before) + (1 - trend_factor) * trend;
    before = smoothed;
    smoothed = smoothing * values[i] + (1 - smoothing) * (smoothed + trend);
  }
  return smoothed;
}

}  // namespace

WindowFunction FindWindowFunction(Function function) {
  switch (function) {
    case Function::kRate:
      return Rate;
    case Function::kIncrease:
      return Increase;
    case Function::kDelta:
      return Delta;
    case Function::kIrate:
      return Irate;
    case Function::kIdelta:
      return Idelta;
    case Function::kDeriv:
      return Deriv;
    case Function::kPredictLinear:
      return PredictLinear;
    case Function::kChanges:
      return Changes;
    case Function::kResets:
      return Resets;
    case Function::kSumOverTime:
      return SumOverTime;
    case Function::kAvgOverTime:
      return AvgOverTime;
    case Function::kMinOverTime:
      return MinOverTime;
    case Function::kMaxOverTime:
      return MaxOverTime;
    case Function::kCountOverTime:
      return CountOverTime;
    case Function::kPresentOverTime:
      return PresentOverTime;
    case Function::kLastOverTime:
      return LastOverTime;
    case Function::kFirstOverTime:
      return FirstOverTime;
    case Function::kStddevOverTime:
      return StddevOverTime;
    case Function::kStdvarOverTime:
      return StdvarOverTime;
    case Function::kQuantileOverTime:
      return QuantileOverTime;
    case Function::kMadOverTime:
      return MadOverTime;
    case Function::kTsOfFirstOverTime:
      return TsOfFirst;
    case Function::kTsOfLastOverTime:
      return TsOfLast;
    case Function::kTsOfMinOverTime:
      return TsOfMin;
    case Function::kTsOfMaxOverTime:
      return TsOfMax;
    case Function::kDoubleExponentialSmoothing:
      return DoubleExponentialSmoothing;
    default:
      return nullptr;
  }
}

}  // namespace tickbird::promql
