#include "core/tsdb/store/compaction_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>

#include "core/tsdb/head/time_range.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimestampMs kForever = std::numeric_limits<TimestampMs>::max();
const std::vector<DurationMs> kRanges = {20, 60, 180, 540};

BlockMeta Block(TimestampMs min, TimestampMs max) {
  BlockMeta meta;
  meta.ulid = std::to_string(min) + "-" + std::to_string(max);
  meta.min_time = min;
  meta.max_time = max;
  meta.stats.series = 100;
  meta.sources = {meta.ulid};
  return meta;
}

BlockMeta Failed(BlockMeta meta) {
  meta.failed = true;
  return meta;
}

BlockMeta WithTombstones(BlockMeta meta, std::int64_t tombstones) {
  meta.stats.tombstones = tombstones;
  return meta;
}

std::vector<std::size_t> Planned(const std::vector<BlockMeta>& blocks, TimestampMs closed_until = kForever) {
  return PlanCompaction(blocks, kRanges, closed_until).blocks;
}

TEST(BlockRanges, GrowFromTheBaseOverTwoHours) {
  EXPECT_THAT(BlockRanges(30 * kMinuteMs, 31 * kDayMs).front(), 30 * kMinuteMs);
  EXPECT_THAT(BlockRanges(30 * kMinuteMs, 20 * kHourMs),
              ElementsAre(30 * kMinuteMs, 2 * kHourMs, 6 * kHourMs, 18 * kHourMs));
  EXPECT_THAT(BlockRanges(2 * kHourMs, 18 * kHourMs), ElementsAre(2 * kHourMs, 6 * kHourMs, 18 * kHourMs));
}

TEST(BlockRanges, GrowByThreesWhenTheBaseDoesNotDivideTwoHours) {
  EXPECT_THAT(BlockRanges(70, 700), ElementsAre(70, 210, 630));
  EXPECT_THAT(BlockRanges(7 * kMinuteMs, 70 * kMinuteMs), ElementsAre(7 * kMinuteMs, 21 * kMinuteMs, 63 * kMinuteMs));
}

TEST(BlockRanges, GrowByThreesWhenTwoHoursAreTooLong) {
  EXPECT_THAT(BlockRanges(30 * kMinuteMs, 100 * kMinuteMs), ElementsAre(30 * kMinuteMs, 90 * kMinuteMs));
}

TEST(BlockRanges, KeepTheBaseAboveTheLimit) {
  EXPECT_THAT(BlockRanges(30 * kMinuteMs, kMinuteMs), ElementsAre(30 * kMinuteMs));
}

TEST(BlockRanges, EndAtATenthOfTheRetention) {
  EXPECT_EQ(DefaultMaxBlockRange(30 * kMinuteMs, 24 * kHourMs), 144 * kMinuteMs);
  EXPECT_EQ(DefaultMaxBlockRange(30 * kMinuteMs, kHourMs), 30 * kMinuteMs);
  EXPECT_EQ(DefaultMaxBlockRange(30 * kMinuteMs, 3650 * kDayMs), 31 * kDayMs);
}

TEST(CompactionPlan, HasNothingToDoForNoneOrOne) {
  EXPECT_THAT(Planned({}), IsEmpty());
  EXPECT_THAT(Planned({Block(0, 20)}), IsEmpty());
}

TEST(CompactionPlan, TakesTheBlocksOfAFullRange) {
  EXPECT_THAT(Planned({Block(0, 20), Block(20, 40), Block(40, 60), Block(60, 80)}), ElementsAre(0, 1, 2));
}

TEST(CompactionPlan, WaitsUntilNothingMoreComesIntoTheRange) {
  const std::vector<BlockMeta> blocks = {Block(0, 20), Block(20, 40)};
  EXPECT_THAT(Planned(blocks, 40), IsEmpty());
  EXPECT_THAT(Planned(blocks, 59), IsEmpty());
  EXPECT_THAT(Planned(blocks, 60), ElementsAre(0, 1));
}

TEST(CompactionPlan, TakesARangeWithGaps) {
  EXPECT_THAT(Planned({Block(0, 20), Block(40, 60), Block(60, 80)}), ElementsAre(0, 1));
}

TEST(CompactionPlan, DoesNotReachOverTheEdgeOfARange) {
  EXPECT_THAT(Planned({Block(40, 60), Block(60, 80)}, 120), IsEmpty());
}

TEST(CompactionPlan, GoesOnToLongerRanges) {
  EXPECT_THAT(Planned({Block(0, 60), Block(60, 120), Block(120, 180)}), ElementsAre(0, 1, 2));
  // The shorter range first, although the longer one would do it at once.
  EXPECT_THAT(Planned({Block(0, 60), Block(60, 80), Block(80, 100), Block(120, 180)}), ElementsAre(1, 2));
}

TEST(CompactionPlan, PassesOverABlockThatFitsNoRange) {
  EXPECT_THAT(Planned({Block(0, 70), Block(80, 100), Block(100, 120)}), ElementsAre(1, 2));
}

TEST(CompactionPlan, TakesOverlapsFirstAndAllOfARun) {
  const CompactionPlan plan =
      PlanCompaction({Block(0, 20), Block(20, 40), Block(40, 60), Block(100, 120), Block(110, 150), Block(140, 160)},
                     kRanges, kForever);
  EXPECT_EQ(plan.reason, CompactionReason::kOverlap);
  EXPECT_THAT(plan.blocks, ElementsAre(3, 4, 5));
}

TEST(CompactionPlan, FindsAnOverlapBehindAShorterBlock) {
  EXPECT_THAT(Planned({Block(0, 100), Block(10, 20), Block(30, 40)}), ElementsAre(0, 1, 2));
}

TEST(CompactionPlan, TakesNothingThatReachesIntoTheHead) {
  EXPECT_THAT(Planned({Block(0, 20), Block(10, 120)}, 100), IsEmpty());
}

TEST(CompactionPlan, LeavesOutRangesWithAFailedBlock) {
  EXPECT_THAT(Planned({Block(0, 20), Failed(Block(20, 40)), Block(40, 60), Block(60, 80), Block(80, 100)}),
              ElementsAre(3, 4));
}

TEST(CompactionPlan, LeavesFailedBlocksOutOfOverlaps) {
  EXPECT_THAT(Planned({Block(0, 20), Failed(Block(10, 30)), Block(25, 45), Block(40, 60)}), ElementsAre(2, 3));
}

TEST(CompactionPlan, RewritesLongBlocksOfWhichMuchWasDeleted) {
  const std::vector<BlockMeta> blocks = {WithTombstones(Block(720, 740), 50), WithTombstones(Block(180, 360), 5),
                                         WithTombstones(Block(540, 720), 6)};
  const CompactionPlan plan = PlanCompaction(blocks, kRanges, 740);
  EXPECT_EQ(plan.reason, CompactionReason::kTombstones);
  EXPECT_THAT(plan.blocks, ElementsAre(2));
}

TEST(CompactionPlan, RewritesAnyBlockOfWhichAllWasDeleted) {
  EXPECT_THAT(Planned({Block(0, 20), WithTombstones(Block(20, 40), 100)}, 40), ElementsAre(1));
}

TEST(CompactionPlan, TakesAnyTimes) {
  constexpr TimestampMs kFirst = std::numeric_limits<TimestampMs>::min();
  EXPECT_THAT(Planned({WithTombstones(Block(kFirst, kForever), 6)}), ElementsAre(0));
  EXPECT_THAT(Planned({Block(kFirst, kFirst + 1), Block(kForever - 1, kForever)}), IsEmpty());
}

TEST(MergedMeta, CoversItsParents) {
  BlockMeta a = Block(0, 20);
  BlockMeta b = Block(20, 60);
  a.hints = {"imported", "other"};
  b.hints = {"imported"};
  b.level = 2;
  b.sources = {"x", a.ulid};
  const BlockMeta merged = MergedMeta({a, b}, "new");
  EXPECT_EQ(merged.ulid, "new");
  EXPECT_EQ(merged.min_time, 0);
  EXPECT_EQ(merged.max_time, 60);
  EXPECT_EQ(merged.level, 3);
  EXPECT_THAT(merged.sources, ElementsAre(a.ulid, "x"));
  EXPECT_THAT(merged.hints, ElementsAre("imported"));
  ASSERT_EQ(merged.parents.size(), 2u);
  EXPECT_EQ(merged.parents[1].ulid, b.ulid);
  EXPECT_EQ(merged.parents[1].max_time, 60);
}

TEST(MergedMeta, KeepsTheLevelOfARewrite) {
  EXPECT_EQ(MergedMeta({Block(0, 20)}, "new").level, 1);
}

// What a disk full of blocks comes to, step by step, whatever it starts with.
class CompactionProperties : public ::testing::TestWithParam<unsigned> {
 protected:
  std::vector<BlockMeta> RandomBlocks() {
    std::vector<BlockMeta> blocks;
    const auto count = Pick(0, 40);
    for (TimestampMs i = 0; i < count; ++i) {
      const TimestampMs min = Pick(-600, 600);
      const bool regular = Pick(0, 3) > 0;
      const TimestampMs start = regular ? RangeAround(min, 20).min : min;
      BlockMeta block = Block(start, regular ? start + 20 : min + Pick(1, 200));
      block.ulid += "#" + std::to_string(i);
      block.failed = Pick(0, 9) == 0;
      block.stats.tombstones = Pick(0, 4) == 0 ? Pick(0, 120) : 0;
      block.sources = {block.ulid};
      blocks.push_back(block);
    }
    return blocks;
  }

  TimestampMs Pick(TimestampMs from, TimestampMs to) {
    return std::uniform_int_distribution<TimestampMs>(from, to)(random_);
  }

  std::mt19937 random_{GetParam()};
};

bool Overlap(const BlockMeta& a, const BlockMeta& b) {
  return a.min_time < b.max_time && b.min_time < a.max_time;
}

TEST_P(CompactionProperties, EndsWithAllCoveredAndNothingTwice) {
  for (int round = 0; round < 50; ++round) {
    std::vector<BlockMeta> blocks = RandomBlocks();
    const std::vector<BlockMeta> before = blocks;
    const TimestampMs closed_until = Pick(-200, 900);
    std::size_t steps = 0;
    for (;;) {
      const CompactionPlan plan = PlanCompaction(blocks, kRanges, closed_until);
      if (plan.blocks.empty()) break;
      ASSERT_LE(++steps, 2 * before.size());
      std::vector<BlockMeta> parents;
      for (const std::size_t i : plan.blocks) {
        ASSERT_FALSE(blocks[i].failed);
        ASSERT_LE(blocks[i].max_time, closed_until);
        parents.push_back(blocks[i]);
      }
      BlockMeta merged = MergedMeta(parents, "merged" + std::to_string(steps));
      merged.stats.series = 100;
      if (plan.reason == CompactionReason::kRange) {
        ASSERT_TRUE(std::any_of(kRanges.begin(), kRanges.end(), [&](DurationMs range) {
          return RangeAround(merged.min_time, range).max >= merged.max_time - 1;
        }));
        for (const BlockMeta& other : blocks) {
          const bool is_parent = std::any_of(parents.begin(), parents.end(),
                                             [&](const BlockMeta& parent) { return parent.ulid == other.ulid; });
          // No block grows over another one: what overlaps it afterwards overlapped a part of it before.
          ASSERT_TRUE(is_parent || !Overlap(other, merged) ||
                      std::any_of(parents.begin(), parents.end(),
                                  [&](const BlockMeta& parent) { return Overlap(other, parent); }))
              << other.ulid;
        }
      }
      std::erase_if(blocks, [&](const BlockMeta& block) {
        return std::any_of(parents.begin(), parents.end(),
                           [&](const BlockMeta& parent) { return parent.ulid == block.ulid; });
      });
      blocks.push_back(merged);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      for (std::size_t j = i + 1; j < blocks.size(); ++j) {
        const bool open = std::max(blocks[i].max_time, blocks[j].max_time) > closed_until;
        EXPECT_TRUE(!Overlap(blocks[i], blocks[j]) || blocks[i].failed || blocks[j].failed || open)
            << blocks[i].ulid << " and " << blocks[j].ulid;
      }
    }
    for (const BlockMeta& source : before) {
      const auto holders = std::count_if(blocks.begin(), blocks.end(), [&](const BlockMeta& block) {
        return std::find(block.sources.begin(), block.sources.end(), source.ulid) != block.sources.end() &&
               block.min_time <= source.min_time && block.max_time >= source.max_time;
      });
      EXPECT_EQ(holders, 1) << source.ulid;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CompactionProperties, ::testing::Range(0u, 20u));

}  // namespace
}  // namespace tickbird::tsdb
