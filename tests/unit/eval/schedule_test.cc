#include "rules/eval/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "rules/eval/dependency_index.h"

namespace tickbird::rules {
namespace {

TEST(RuleSchedule, IsDueAtOnceAndThenByHeartbeat) {
  RuleSchedule schedule(kSecondMs);
  EXPECT_TRUE(schedule.Due(5));
  EXPECT_TRUE(schedule.Evaluated(1000));
  EXPECT_EQ(schedule.NextDue(), 2250);
  EXPECT_FALSE(schedule.Due(2249));
  EXPECT_FALSE(schedule.Evaluated(2250));
}

TEST(RuleSchedule, BeatsNoFasterThanASecondForFastRulesAndSlowerForSlowOnes) {
  for (const auto& [every, next] : {std::pair<DurationMs, TimestampMs>{100, 1250}, {kMinuteMs, 75'000}}) {
    RuleSchedule schedule(every);
    schedule.Evaluated(0);
    EXPECT_EQ(schedule.NextDue(), next) << every;
  }
}

TEST(RuleSchedule, KeepsTheAverageThoughSamplesComeEarly) {
  RuleSchedule schedule(kSecondMs);
  int evaluations = 0;
  for (TimestampMs now = 0; now < 100'000; now += 10) {
    schedule.Touch(now);
    if (!schedule.Due(now)) continue;
    schedule.Evaluated(now);
    ++evaluations;
  }
  EXPECT_GE(evaluations, 100);
  EXPECT_LE(evaluations, 101);
}

// A process that starts between two ticks evaluates at once; without this every later sample would wait for that phase.
TEST(RuleSchedule, TakesOverThePhaseOfItsSamples) {
  RuleSchedule schedule(kSecondMs);
  schedule.Evaluated(558);
  std::vector<TimestampMs> waits;
  for (TimestampMs tick = 1000; tick <= 5000; tick += 1000) {
    schedule.Touch(tick);
    const TimestampMs evaluated = std::max(tick, schedule.NextDue());
    waits.push_back(evaluated - tick);
    schedule.Evaluated(evaluated);
  }
  EXPECT_EQ(waits, (std::vector<TimestampMs>{358, 0, 0, 0, 0}));
}

TEST(RuleSchedule, OldTimestampsMakeItNoFaster) {
  RuleSchedule schedule(kSecondMs);
  int evaluations = 0;
  for (TimestampMs now = 100'000; now < 110'000; now += 10) {
    schedule.Touch(now - kMinuteMs);
    if (!schedule.Due(now)) continue;
    schedule.Evaluated(now);
    ++evaluations;
  }
  EXPECT_LE(evaluations, 11);
}

RuleTraffic Traffic(std::vector<std::string> reads, std::string writes, bool everything = false) {
  RuleTraffic traffic{.writes = std::move(writes)};
  traffic.reads.metric_names = std::move(reads);
  traffic.reads.everything = everything;
  return traffic;
}

TEST(DependencyIndex, PutsWritersBeforeReaders) {
  const std::vector<RuleTraffic> rules = {Traffic({"c"}, "d"), Traffic({"a"}, "b"), Traffic({"b"}, "c"),
                                          Traffic({"x"}, "")};
  const DependencyIndex index(rules);
  EXPECT_EQ(index.order(), (std::vector<std::size_t>{1, 2, 0, 3}));
  EXPECT_TRUE(index.ReadsRules(0));
  EXPECT_FALSE(index.ReadsRules(3));
  EXPECT_EQ(index.ReadersOf("b").size(), 1u);
  EXPECT_TRUE(index.ReadersOf("nobody").empty());
}

TEST(DependencyIndex, PutsWhatReadsEverythingLast) {
  const std::vector<RuleTraffic> rules = {Traffic({}, "", true), Traffic({"a"}, "b")};
  const DependencyIndex index(rules);
  EXPECT_EQ(index.order(), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(index.omnivores().size(), 1u);
}

TEST(DependencyIndex, CutsACircleAtItsFirstRule) {
  const std::vector<RuleTraffic> rules = {Traffic({"b"}, "a"), Traffic({"a"}, "b"), Traffic({"c"}, "c")};
  EXPECT_EQ(DependencyIndex(rules).order(), (std::vector<std::size_t>{2, 0, 1}));
}

}  // namespace
}  // namespace tickbird::rules
