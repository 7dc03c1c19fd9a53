#include "rules/promql/window.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tickbird::promql {

void SampleColumns::FindResets() {
  resets.clear();
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) resets.push_back(static_cast<std::uint32_t>(i));
  }
}

NeumaierSum SumOf(std::span<const double> values) {
  // Knuth's two-sum gives the rounding error of an addition whichever operand is larger: exactly what Neumaier's
  // branches give.
  NeumaierSum total;
  for (const double value : values) {
    const double next = total.sum + value;
    const double part = next - total.sum;
    total.lost += (total.sum - (next - part)) + (value - part);
    total.sum = next;
  }
  if (std::isfinite(total.Total())) return total;
  // Infinities make nonsense of the errors above.
  total = {};
  for (const double value : values) total.Add(value);
  return total;
}

void RobustMean::Add(double value) {
  count += 1;
  if (!incremental) {
    NeumaierSum next = sum;
    next.Add(value);
    if (count == 1 || !std::isinf(next.sum)) {
      sum = next;
      return;
    }
    // The sum overflows: from here on keep the mean itself.
    incremental = true;
    sum.sum /= count - 1;
    sum.lost /= count - 1;
  }
  const double weight = (count - 1) / count;
  sum.sum *= weight;
  sum.lost *= weight;
  sum.Add(value / count);
}

double RobustMean::Result() const {
  return incremental ? sum.Total() : sum.sum / count + sum.lost / count;
}

double QuantileOf(double q, std::span<double> values) {
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; });
  const double last = static_cast<double>(values.size() - 1);
  const double rank = q * last;
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(last, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<std::size_t>(lower)] * (1 - weight) + values[static_cast<std::size_t>(upper)] * weight;
}

}  // namespace tickbird::promql
