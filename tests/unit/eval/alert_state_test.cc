#include "rules/eval/alert_state.h"

#include <gtest/gtest.h>

#include "tests/unit/eval/alert_script.h"

namespace tickbird::rules {
namespace {

TEST(AlertState, FollowsTheExampleOfTheLanguage) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 95% for 30s clear < 90%
    raise high     > 85% for 2m  clear < 80% for 1m
    step 10s
    # time   value  state      event
    0s       50%    inactive
    1m       90%    pending
    2m50s    90%    pending
    3m       90%    high       raised high
    16m      82%    high
    17m50s   82%    high
    18m      50%    clearing
    18m50s   50%    clearing
    19m      50%    inactive   cleared high
  )"),
            "");
}

TEST(AlertState, RaisesAtOnceWithoutAHold) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high >= 5
    0s   4.9  inactive
    10s  5    high      raised high
    20s  4    inactive  cleared high
  )"),
            "");
}

TEST(AlertState, StartsTheHoldAnewAfterABreak) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 5 for 1m
    0s     9  pending
    50s    1  inactive
    1m     9  pending
    1m50s  9  pending
    2m     9  high      raised high
  )"),
            "");
}

TEST(AlertState, StaysRaisedBetweenTheThresholds) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85% clear < 80%
    0s   86%  high      raised high
    10s  81%  high
    20s  84%  high
    10m  80%  high
    11m  79%  inactive  cleared high
    12m  84%  inactive
  )"),
            "");
}

TEST(AlertState, StartsTheClearHoldAnewWhenTheValueRisesAgain) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85% clear < 80% for 1m
    0s     90%  high      raised high
    10s    70%  clearing
    1m     82%  high
    1m10s  70%  clearing
    2m     70%  clearing
    2m10s  70%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, LetsARaiseOutdoAnOverlappingClear) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 80% clear < 90%
    0s   85%  high      raised high
    10m  85%  high
    11m  70%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, CountsNOfMEvaluations) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 92% for 4 of 5
    0s    95%  pending
    10s   10%  pending
    20s   95%  pending
    30s   95%  pending
    40s   95%  critical  raised critical
    50s   95%  critical
    55s   95%  critical
    # Four of the last five still are: one good value in between does not clear.
    60s   10%  critical
    70s   10%  inactive  cleared critical
    80s   95%  pending
  )"),
            "");
}

TEST(AlertState, DoesNotCountEvaluationsWithoutNewSamplesInNOfM) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical == 0 for 3 of 4
    0s     0   pending
    10s    ~0  pending
    10m    0   pending
    10m10s ~0  pending
    20m    0   critical  raised critical
  )"),
            "");
}

TEST(AlertState, ClearsNOfMByItsOwnConditionAtOnceAndCountsAnew) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 92% for 2 of 3 clear < 75%
    0s   95%  pending
    10s  95%  high      raised high
    20s  70%  inactive  cleared high
    30s  95%  pending
    40s  95%  high      raised high
  )"),
            "");
}

TEST(AlertState, GoesUpAtOnceWhenTheWorseHoldIsServed) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 95% for 30s clear < 90%
    raise high     > 85% for 2m  clear < 80% for 1m
    0s     90%  pending
    2m     90%  high      raised high
    3m     97%  high
    3m20s  97%  high
    3m30s  97%  critical  up critical
    4m     92%  critical
    5m     89%  high      down high
    6m     79%  clearing
    7m     79%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, FallsOnTheMilderLevelThoughItsHoldWasNotServed) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 95% for 30s clear < 90%
    raise high     > 85% for 2m  clear < 80%
    0s   97%  pending
    30s  97%  critical  raised critical
    40s  89%  high      down high
    50s  79%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, FallsOnAMilderLevelThatCountsEvaluations) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 95%
    raise high     > 85% for 4 of 5
    0s   97%  critical  raised critical
    10s  90%  high      down high
    20s  90%  high
    30s  50%  high
    40s  50%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, ClearsFromTheWorseLevelWhenTheMilderIsNotTrue) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 95% clear < 90%
    raise high     > 85% for 2m
    0s   97%  critical  raised critical
    10s  50%  inactive  cleared critical
  )"),
            "");
}

TEST(AlertState, KeepFreezesEverythingWhileDataAreMissing) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85% for 1m clear < 80% for 1m
    nodata keep after 1m
    0s      90%  pending
    50s     -    pending
    2m      -    nodata
    # The 40 s before the gap count, the gap does not.
    3m      90%  pending
    3m20s   90%  high      raised high
    4m      -    high
    5m      -    nodata
    10m     50%  clearing
    11m     50%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, KeepLetsGoOfAnInstanceThatIsGoneForAnHour) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85%
    nodata keep after 1m
    0s      90%  high      raised high
    10s     -    high
    59m50s  -    nodata
    1h      -    inactive  cleared high
  )"),
            "");
}

TEST(AlertState, ClearEndsTheAlertWhenDataAreMissing) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85%
    nodata clear after 30s
    0s   90%  high      raised high
    10s  -    high
    30s  -    inactive  cleared high
    40s  90%  high      raised high
  )"),
            "");
}

TEST(AlertState, ClearAfterNothingDropsAPendingInstanceAtOnce) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85% for 1m
    nodata clear after 0
    0s     90%  pending
    30s    -    inactive
    40s    90%  pending
    1m30s  90%  pending
    1m40s  90%  high      raised high
  )"),
            "");
}

TEST(AlertState, RaisesWhenDataAreMissingUntilTheyReturn) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise warning == 0 for 3 of 4
    nodata raise critical after 5s
    step 1s
    0s    1  inactive
    1s    -  inactive
    4s    -  inactive
    5s    -  critical  raised critical (no data)
    3h    -  critical
    3h1s  1  inactive  cleared critical (no data)
  )"),
            "");
}

TEST(AlertState, GoesUpWhenDataOfARaisedInstanceGoMissing) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise high > 85%
    nodata raise critical after 30s
    0s     90%  high      raised high
    10s    -    high
    30s    -    critical  up critical (no data)
    1m     90%  high      down high
    1m10s  10%  inactive  cleared high
  )"),
            "");
}

TEST(AlertState, KeepsTheWorseLevelWhenMissingDataRaiseAMilderOne) {
  EXPECT_EQ(PlayAlertScript(R"(
    raise critical > 85%
    nodata raise warning after 30s
    0s     90%  critical  raised critical
    10s    -    critical
    5m     -    critical
    5m10s  10%  inactive  cleared critical (no data)
  )"),
            "");
}

TEST(AlertState, DoesNotWaitForAClockThatRanBackwards) {
  const AlertRule rule = ParseScriptRule("raise high > 5 for 1m");
  const ClauseTruth holds[] = {{.raise = true}};
  AlertState state;
  Advance(rule, state, {.now = 10 * kHourMs, .value = 9, .truths = holds});
  Advance(rule, state, {.now = kHourMs, .value = 9, .truths = holds});
  const auto transition = Advance(rule, state, {.now = kHourMs + kMinuteMs, .value = 9, .truths = holds});
  ASSERT_TRUE(transition);
  EXPECT_EQ(transition->kind, AlertEvent::Kind::kRaised);
}

TEST(AlertState, RemembersAnAbsentInstanceOnlyWhereItsAbsenceMatters) {
  const ClauseTruth calm[] = {{}};
  for (const auto& [rule_text, remembered] :
       {std::pair{"raise high > 5", false}, {"raise high > 5 \n nodata raise high after 1m", true}}) {
    const AlertRule rule = ParseScriptRule(rule_text);
    AlertState state;
    Advance(rule, state, {.now = kHourMs, .value = 1, .truths = calm});
    EXPECT_FALSE(Forgettable(rule, state, kHourMs)) << rule_text;
    Advance(rule, state, {.now = kHourMs + 1});
    EXPECT_EQ(Forgettable(rule, state, kHourMs + 1), !remembered) << rule_text;
    EXPECT_TRUE(Forgettable(rule, state, 2 * kHourMs)) << rule_text;
  }
}

AlertEvent RaisedEvent(std::string level, int rank, bool no_data = false) {
  AlertEvent event;
  event.level = {std::move(level), rank};
  event.since = kHourMs;
  event.value = 0.97;
  event.no_data = no_data;
  return event;
}

TEST(RaisedState, GoesOnFromTheRestoredLevelWithoutAnEvent) {
  const AlertRule rule =
      ParseScriptRule("raise critical > 95% for 30s clear < 90% \n raise high > 85% for 2m clear < 80%");
  AlertState state = RaisedState(rule, RaisedEvent("critical", 4), 2 * kHourMs);
  const ClauseTruth both[] = {{.raise = true}, {.raise = true}};
  EXPECT_FALSE(Advance(rule, state, {.now = 2 * kHourMs + 1, .value = 0.97, .truths = both}));
  EXPECT_EQ(state.raised_since, kHourMs);
  const ClauseTruth between[] = {{.clear = true}, {.raise = true}};
  const auto down = Advance(rule, state, {.now = 2 * kHourMs + 2, .value = 0.87, .truths = between});
  ASSERT_TRUE(down);
  EXPECT_EQ(down->kind, AlertEvent::Kind::kLevelDown);
  EXPECT_EQ(down->level.name, "high");
}

TEST(RaisedState, TakesTheNearestLevelWhenTheRuleLostItsOwn) {
  const AlertRule rule = ParseScriptRule("raise warning > 1");
  EXPECT_EQ(RaisedState(rule, RaisedEvent("critical", 4), 1).level.name, "warning");
  EXPECT_EQ(RaisedState(rule, RaisedEvent("info", 1), 1).level.name, "warning");
}

TEST(RaisedState, KeepsMissingDataRaisedUntilDataReturn) {
  const AlertRule rule = ParseScriptRule("raise warning == 0 \n nodata raise critical after 5s");
  AlertState state = RaisedState(rule, RaisedEvent("critical", 4, true), kHourMs);
  EXPECT_FALSE(Advance(rule, state, {.now = kHourMs + 1}));
  const ClauseTruth calm[] = {{}};
  const auto cleared = Advance(rule, state, {.now = kHourMs + 2, .value = 1, .truths = calm});
  ASSERT_TRUE(cleared);
  EXPECT_EQ(cleared->kind, AlertEvent::Kind::kCleared);
}

TEST(Rebind, KeepsTheProgressOfALevelAndDropsThatOfALostOne) {
  const AlertRule before = ParseScriptRule("raise high > 85% for 2m");
  const AlertRule after = ParseScriptRule("raise critical > 95% \n raise high > 80% for 1m");
  AlertState state;
  const ClauseTruth holds[] = {{.raise = true}};
  Advance(before, state, {.now = kHourMs, .value = 0.9, .truths = holds});
  Rebind(before, after, state);
  const ClauseTruth high_only[] = {{}, {.raise = true}};
  const auto raised = Advance(after, state, {.now = kHourMs + kMinuteMs, .value = 0.9, .truths = high_only});
  ASSERT_TRUE(raised);
  EXPECT_EQ(raised->level.name, "high");

  const AlertRule without = ParseScriptRule("raise critical > 95%");
  Rebind(after, without, state);
  const ClauseTruth calm[] = {{}};
  const auto cleared = Advance(without, state, {.now = kHourMs + 2 * kMinuteMs, .value = 0.9, .truths = calm});
  ASSERT_TRUE(cleared);
  EXPECT_EQ(cleared->kind, AlertEvent::Kind::kCleared);
  EXPECT_EQ(cleared->level.name, "high");
}

}  // namespace
}  // namespace tickbird::rules
