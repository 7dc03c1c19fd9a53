#include "rules/promql/bucket_quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tickbird::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Differences of counts that come from rounding, relative to the counts.
constexpr double kRounding = 1e-12;

/// Adds up buckets of the same bound ("1" and "1.0").
void Coalesce(std::vector<Bucket>& buckets) {
  std::size_t last = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[last].upper_bound) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  buckets.resize(last + 1);
}

bool AlmostEqual(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  constexpr double kSmallest = std::numeric_limits<double>::min();
  const double sum = std::abs(a) + std::abs(b);
  const double difference = std::abs(a - b);
  if (a == 0 || b == 0 || sum < kSmallest) return difference < kRounding * kSmallest;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kRounding;
}

/// Cumulative counts may not fall; scrapes of several targets at slightly different times make them.
bool EnsureMonotonic(std::vector<Bucket>& buckets) {
  bool forced = false;
  double before = buckets.front().count;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    const double count = buckets[i].count;
    if (count == before) continue;
    if (AlmostEqual(before, count)) {
      buckets[i].count = before;
    } else if (count < before) {
      buckets[i].count = before;
      forced = true;
    } else {
      before = count;
    }
  }
  return forced;
}

}  // namespace

BucketQuantile QuantileOfBuckets(double q, std::vector<Bucket>& buckets) {
  if (std::isnan(q)) return {kNan};
  if (q < 0) return {-kInfinity};
  if (q > 1) return {kInfinity};
  std::sort(buckets.begin(), buckets.end(),
            [](const Bucket& a, const Bucket& b) { return a.upper_bound < b.upper_bound; });
  if (buckets.empty() || buckets.back().upper_bound != kInfinity) return {kNan};
  Coalesce(buckets);
  BucketQuantile result{kNan, EnsureMonotonic(buckets)};
  if (buckets.size() < 2) return result;
  const double observations = buckets.back().count;
  if (observations == 0) return result;

  double rank = q * observations;
  const auto found =
      std::find_if(buckets.begin(), buckets.end() - 1, [rank](const Bucket& bucket) { return bucket.count >= rank; });
  if (found == buckets.end() - 1) {
    result.value = (found - 1)->upper_bound;
  } else if (found == buckets.begin() && found->upper_bound <= 0) {
    result.value = found->upper_bound;
  } else {
    double start = 0;
    double count = found->count;
    if (found != buckets.begin()) {
      start = (found - 1)->upper_bound;
      count -= (found - 1)->count;
      rank -= (found - 1)->count;
    }
    result.value = start + (found->upper_bound - start) * (rank / count);
  }
  return result;
}

}  // namespace tickbird::promql
