#include "core/tsdb/rollup/rollup_plan.h"

#include "tests/unit/tsdb_rollup/rollup_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;

constexpr DurationMs kMin = kMinuteMs;
constexpr std::nullopt_t kRaw = std::nullopt;

RollupCoverage Block(TimestampMs begin, TimestampMs end, bool has_rollups = true) {
  return {.range = {begin, end - 1}, .has_rollups = has_rollups};
}

TEST(PlanRollups, TakesABlockUpToItsOwnEnds) {
  EXPECT_THAT(PlanRollups({Block(0, 10 * kMin)}, kMaxTime, kMin, {0, 10 * kMin - 1}),
              ElementsAre(RollupStretch{{0, 10 * kMin - 1}, 0}));
}

TEST(PlanRollups, CutsBetweenBucketsWhereTheQueryCuts) {
  EXPECT_THAT(PlanRollups({Block(0, 10 * kMin)}, kMaxTime, kMin, {90'000, 5 * kMin + 1}),
              ElementsAre(RollupStretch{{90'000, 2 * kMin}, kRaw}, RollupStretch{{2 * kMin + 1, 5 * kMin}, 0},
                          RollupStretch{{5 * kMin + 1, 5 * kMin + 1}, kRaw}));
  EXPECT_THAT(PlanRollups({Block(0, 10 * kMin)}, kMaxTime, kMin, {2 * kMin + 1, 5 * kMin}),
              ElementsAre(RollupStretch{{2 * kMin + 1, 5 * kMin}, 0}));
}

TEST(PlanRollups, ReadsRawWhereNoBlockIs) {
  EXPECT_THAT(PlanRollups({Block(0, 2 * kMin), Block(4 * kMin, 6 * kMin), Block(6 * kMin, 8 * kMin, false)}, kMaxTime,
                          kMin, {-100, 9 * kMin}),
              ElementsAre(RollupStretch{{-100, -1}, kRaw}, RollupStretch{{0, 2 * kMin - 1}, 0},
                          RollupStretch{{2 * kMin, 4 * kMin - 1}, kRaw}, RollupStretch{{4 * kMin, 6 * kMin - 1}, 1},
                          RollupStretch{{6 * kMin, 9 * kMin}, kRaw}));
}

TEST(PlanRollups, ReadsRawWhereBlocksOrTheHeadOverlap) {
  EXPECT_THAT(
      PlanRollups({Block(0, 6 * kMin), Block(4 * kMin, 10 * kMin)}, 8 * kMin, kMin, {0, 10 * kMin - 1}),
      ElementsAre(RollupStretch{{0, 3 * kMin}, 0}, RollupStretch{{3 * kMin + 1, 6 * kMin}, kRaw},
                  RollupStretch{{6 * kMin + 1, 7 * kMin}, 1}, RollupStretch{{7 * kMin + 1, 10 * kMin - 1}, kRaw}));
}

TEST(PlanRollups, GivesUpABlockInsideOfAnother) {
  EXPECT_THAT(PlanRollups({Block(2 * kMin, 3 * kMin), Block(0, 6 * kMin)}, kMaxTime, kMin, {0, 6 * kMin - 1}),
              ElementsAre(RollupStretch{{0, 1 * kMin}, 1}, RollupStretch{{kMin + 1, 3 * kMin}, kRaw},
                          RollupStretch{{3 * kMin + 1, 6 * kMin - 1}, 1}));
}

TEST(PlanRollups, CoversTheRangeOnceWhateverTheBlocksAre) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::vector<RollupCoverage> blocks;
    for (std::size_t i = random() % 6; i > 0; --i) {
      const auto begin = static_cast<TimestampMs>(random() % (20 * kMin));
      blocks.push_back(Block(begin, begin + 1 + static_cast<TimestampMs>(random() % (10 * kMin)), random() % 4 != 0));
    }
    const auto begin = static_cast<TimestampMs>(random() % (20 * kMin));
    const Interval wanted = {begin, begin + static_cast<TimestampMs>(random() % (20 * kMin))};
    TimestampMs next = wanted.min;
    for (const RollupStretch& stretch : PlanRollups(blocks, 25 * kMin, kMin, wanted)) {
      ASSERT_EQ(stretch.interval.min, next);
      ASSERT_LE(stretch.interval.min, stretch.interval.max);
      next = stretch.interval.max + 1;
      if (!stretch.block) continue;
      const Interval range = blocks[*stretch.block].range;
      ASSERT_TRUE(stretch.interval.min == range.min || (stretch.interval.min - 1) % kMin == 0);
      ASSERT_TRUE(stretch.interval.max == range.max || stretch.interval.max % kMin == 0);
    }
    ASSERT_EQ(next, wanted.max + 1);
  }
}

}  // namespace
}  // namespace tickbird::tsdb
