#include "rules/promql/bucket_quantile.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace tickbird::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

BucketQuantile Quantile(double q, std::vector<Bucket> buckets) {
  return QuantileOfBuckets(q, buckets);
}

TEST(QuantileOfBuckets, InterpolatesInTheBucketThatHoldsTheRank) {
  const std::vector<Bucket> buckets = {{kInfinity, 20}, {1, 10}, {2, 20}};
  EXPECT_DOUBLE_EQ(Quantile(0.25, buckets).value, 0.5);
  EXPECT_DOUBLE_EQ(Quantile(0.5, buckets).value, 1);
  EXPECT_DOUBLE_EQ(Quantile(0.75, buckets).value, 1.5);
}

TEST(QuantileOfBuckets, GivesTheHighestFiniteBoundForTheLastBucket) {
  EXPECT_EQ(Quantile(0.99, {{1, 1}, {5, 2}, {kInfinity, 100}}).value, 5);
}

TEST(QuantileOfBuckets, GivesTheBoundOfAFirstBucketBelowZero) {
  EXPECT_EQ(Quantile(0.1, {{-1, 10}, {1, 20}, {kInfinity, 20}}).value, -1);
}

TEST(QuantileOfBuckets, IsNanWithoutWhatItNeeds) {
  EXPECT_TRUE(std::isnan(Quantile(0.5, {{1, 1}, {2, 2}}).value)) << "no +Inf bucket";
  EXPECT_TRUE(std::isnan(Quantile(0.5, {{kInfinity, 2}}).value)) << "one bucket";
  EXPECT_TRUE(std::isnan(Quantile(0.5, {{1, 0}, {kInfinity, 0}}).value)) << "no observations";
  EXPECT_TRUE(std::isnan(Quantile(std::nan(""), {{1, 1}, {kInfinity, 2}}).value));
  EXPECT_EQ(Quantile(-0.1, {}).value, -kInfinity);
  EXPECT_EQ(Quantile(1.1, {}).value, kInfinity);
}

TEST(QuantileOfBuckets, RaisesFallingCountsAndSaysSo) {
  const BucketQuantile fixed = Quantile(0.5, {{1, 10}, {2, 8}, {kInfinity, 20}});
  EXPECT_TRUE(fixed.forced_monotonic);
  EXPECT_DOUBLE_EQ(fixed.value, 1);
  EXPECT_FALSE(Quantile(0.5, {{1, 10}, {2, 10 - 1e-13}, {kInfinity, 20}}).forced_monotonic) << "only rounding";
}

TEST(QuantileOfBuckets, AddsUpBucketsOfTheSameBound) {
  EXPECT_DOUBLE_EQ(Quantile(0.5, {{1, 5}, {1, 5}, {kInfinity, 10}}).value, 0.5);
}

}  // namespace
}  // namespace tickbird::promql
