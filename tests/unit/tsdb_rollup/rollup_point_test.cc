#include "core/tsdb/rollup/rollup_point.h"

#include "tests/testing/memory_queryable.h"
#include "tests/unit/tsdb_rollup/rollup_testing.h"

namespace tickbird::tsdb {
namespace {

std::vector<RollupPoint> Fold(const std::vector<Sample>& samples, DurationMs resolution = kMinuteMs) {
  RollupAccumulator accumulator(resolution);
  for (const Sample& sample : samples) accumulator.Add(sample.timestamp, sample.value);
  return accumulator.Take();
}

TEST(BucketEnd, IsOpenOnTheLeft) {
  EXPECT_EQ(BucketEnd(0, kMinuteMs), 0);
  EXPECT_EQ(BucketEnd(1, kMinuteMs), 60'000);
  EXPECT_EQ(BucketEnd(60'000, kMinuteMs), 60'000);
  EXPECT_EQ(BucketEnd(60'001, kMinuteMs), 120'000);
}

TEST(BucketEnd, WorksBefore1970AndAtTheEndsOfTime) {
  EXPECT_EQ(BucketEnd(-1, kMinuteMs), 0);
  EXPECT_EQ(BucketEnd(-60'000, kMinuteMs), -60'000);
  EXPECT_EQ(BucketEnd(-60'001, kMinuteMs), -60'000);
  EXPECT_EQ(BucketEnd(kMaxTime, kHourMs) % kHourMs, 0);
  EXPECT_EQ(BucketEnd(kMinTime, kHourMs) % kHourMs, 0);
}

TEST(RollupAccumulator, FoldsSamplesByBucket) {
  EXPECT_THAT(Fold({{60'000, 5}, {60'001, 3}, {61'000, -2}, {120'000, 7}, {300'000, 1}}),
              ::testing::ElementsAre(RollupPoint{60'000, 5, 5, 5, 1}, RollupPoint{120'000, -2, 7, 8, 3},
                                     RollupPoint{300'000, 1, 1, 1, 1}));
}

TEST(RollupAccumulator, PassesOverStaleMarkers) {
  EXPECT_THAT(Fold({{1, 4}, {2, StaleMarker()}}), ::testing::ElementsAre(RollupPoint{60'000, 4, 4, 4, 1}));
  EXPECT_THAT(Fold({{1, StaleMarker()}}), ::testing::IsEmpty());
}

TEST(RollupAccumulator, CountsNanAndLetsAnyNumberBeatIt) {
  const auto points = Fold({{1, kNan}, {2, 4}, {3, kNan}});
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].min, 4);
  EXPECT_EQ(points[0].max, 4);
  EXPECT_TRUE(std::isnan(points[0].sum));
  EXPECT_EQ(points[0].count, 3);
  const auto nothing_else = Fold({{1, kNan}});
  EXPECT_TRUE(std::isnan(nothing_else[0].min));
  EXPECT_TRUE(std::isnan(nothing_else[0].max));
}

TEST(RollupAccumulator, KeepsInfinities) {
  EXPECT_THAT(Fold({{1, kInf}, {2, 4}}), ::testing::ElementsAre(RollupPoint{60'000, 4, kInf, kInf, 2}));
  EXPECT_TRUE(std::isnan(Fold({{1, kInf}, {2, -kInf}})[0].sum));
}

TEST(RollupAccumulator, DoesNotLoseSmallNumbersBesideLargeOnes) {
  EXPECT_EQ(Fold({{1, 1e100}, {2, 1}, {3, -1e100}})[0].sum, 1);
}

TEST(RollupAccumulator, JoinsPartsOfABucket) {
  RollupAccumulator accumulator(kMinuteMs);
  accumulator.Add(RollupPoint{60'000, 1, 5, 6, 2});
  accumulator.Add(60'000, 9);
  accumulator.Add(RollupPoint{120'000, 2, 2, 2, 1});
  EXPECT_EQ(accumulator.samples(), 4);
  EXPECT_THAT(accumulator.Take(),
              ::testing::ElementsAre(RollupPoint{60'000, 1, 9, 15, 3}, RollupPoint{120'000, 2, 2, 2, 1}));
  EXPECT_EQ(accumulator.samples(), 0);
}

TEST(RollupAccumulator, EqualsBruteForceOverRandomSamples) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::map<TimestampMs, double> samples;
    TimestampMs time = kHour0 - 5'000'000;
    for (int i = 0; i < 500; ++i) {
      time += 1 + static_cast<TimestampMs>(random() % 30'000);
      samples[time] = random() % 20 == 0 ? StaleMarker() : static_cast<double>(random() % 2001) - 1000;
    }
    testing::MemoryQueryable data;
    for (const auto& [at, value] : samples) data.Add({{"__name__", "m"}}, at, value);
    for (const DurationMs resolution : kRollupResolutions) {
      auto selected = data.Select({.matchers = {}, .min = kMinTime, .max = kMaxTime});
      RollupAccumulator accumulator(resolution);
      ASSERT_TRUE(accumulator.AddAll(*selected->front().cursor));
      EXPECT_EQ(accumulator.Take(), BruteForce(samples, resolution));
    }
  }
}

}  // namespace
}  // namespace tickbird::tsdb
