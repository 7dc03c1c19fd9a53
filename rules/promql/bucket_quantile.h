#pragma once

#include <vector>

namespace tickbird::promql {

/// One cumulative bucket of a classic histogram.
struct Bucket {
  double upper_bound = 0;
  double count = 0;
};

struct BucketQuantile {
  double value = 0;
  bool forced_monotonic = false;  ///< Counts fell from one bucket to the next by more than rounding, and were raised.
};

/// The q-quantile of a histogram by linear interpolation in the bucket that holds it. NaN without a +Inf bucket, with
/// fewer than two buckets or without observations; -Inf and +Inf for q outside of 0..1. Sorts and changes `buckets`.
/// Source: Prometheus, promql/quantile.go, BucketQuantile.
BucketQuantile QuantileOfBuckets(double q, std::vector<Bucket>& buckets);

}  // namespace tickbird::promql
