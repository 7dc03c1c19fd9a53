#include "rules/eval/engine.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/eval/engine_harness.h"

namespace tickbird::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Labels kA{{"instance", "a"}};
const Labels kB{{"instance", "b"}};

class RuleEngineTest : public ::testing::Test, protected EngineHarness {};

// ---- when rules are evaluated

TEST_F(RuleEngineTest, EvaluatesARuleWhenWhatItReadsWasCommitted) {
  const auto cpu = Selector("cpu");
  const auto disk = Selector("disk");
  Start({Alert("cpu", cpu, "raise high > 5"), Alert("disk", disk, "raise high > 5")});
  RunAt(0);
  cpu->evaluated_at.clear();
  disk->evaluated_at.clear();
  Commit(1001, {"cpu", "memory"});
  EXPECT_THAT(cpu->evaluated_at, ElementsAre(kStart + 1001));
  EXPECT_THAT(disk->evaluated_at, IsEmpty());
}

TEST_F(RuleEngineTest, EvaluatesAtTheNewestCommittedTimestamp) {
  const auto cpu = Selector("cpu");
  Start({Alert("cpu", cpu, "raise high > 5")});
  RunAt(0);
  metrics.Set("cpu", kA, 9);
  const std::string_view names[] = {"cpu"};
  engine->OnCommit({kStart + 1000, names});
  RunAt(1004);
  EXPECT_EQ(cpu->evaluated_at.back(), kStart + 1000);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].at, kStart + 1000);
  // The clock of a source may be ahead; the rules' is not.
  engine->OnCommit({kStart + kHourMs, names});
  RunAt(2004);
  EXPECT_EQ(cpu->evaluated_at.back(), kStart + 2004);
}

TEST_F(RuleEngineTest, EvaluatesAtMostEverySoOften) {
  const auto cpu = Selector("cpu");
  AlertRule rule = Alert("cpu", cpu, "raise high > 5");
  rule.every = 200;
  Start({rule});
  RunAt(0);
  cpu->evaluated_at.clear();
  for (DurationMs at = 50; at <= 2000; at += 50) Commit(at, {"cpu"});
  EXPECT_EQ(cpu->evaluated_at.size(), 10u);
}

TEST_F(RuleEngineTest, DoesNotDelaySamplesThatComeALittleEarly) {
  const auto cpu = Selector("cpu");
  Start({Alert("cpu", cpu, "raise high > 5")});
  for (const DurationMs at : {0, 1003, 1998, 3001, 3999, 5000}) Commit(at, {"cpu"});
  EXPECT_THAT(cpu->evaluated_at,
              ElementsAre(kStart, kStart + 1003, kStart + 1998, kStart + 3001, kStart + 3999, kStart + 5000));
}

TEST_F(RuleEngineTest, EvaluatesNowAndThenThoughNothingIsCommitted) {
  const auto cpu = Selector("cpu");
  Start({Alert("cpu", cpu, "raise high > 5")});
  RunAt(0);
  EXPECT_EQ(engine->NextDue(), kStart + 1250);
  RunAt(1249);
  EXPECT_EQ(cpu->evaluated_at.size(), 1u);
  RunAt(1250);
  EXPECT_THAT(cpu->evaluated_at, ElementsAre(kStart, kStart + 1250));
  // Samples that come right after it are not kept waiting.
  Commit(1260, {"cpu"});
  EXPECT_EQ(cpu->evaluated_at.back(), kStart + 1260);
}

TEST_F(RuleEngineTest, NoticesMissingDataWithoutCommits) {
  Start({Alert("app_silent", Selector("up"), "raise warning == 0 \n nodata raise critical after 5s")});
  Put(0, "up", kA, 1);
  metrics.Remove("up", kA);
  for (DurationMs at = 1000; at < 5000; at += 500) RunAt(at);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  for (DurationMs at = 5000; at <= 6500; at += 250) RunAt(at);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised critical app_silent{instance=\"a\"}"));
}

TEST_F(RuleEngineTest, ServesAHoldThoughTheSeriesDoesNotChange) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5 for 1m")});
  Put(0, "cpu", kA, 9);
  for (DurationMs at = 1250; at <= 61'250; at += 1250) RunAt(at);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high cpu{instance=\"a\"}"));
  EXPECT_EQ(engine->Alerts().at(0).alert.since, kStart + 60'000);
}

TEST_F(RuleEngineTest, GoesOnWhenTheClockRunsBackwards) {
  const auto cpu = Selector("cpu");
  Start({Alert("cpu", cpu, "raise high > 5")});
  Commit(kHourMs, {"cpu"});
  Commit(1000, {"cpu"});
  EXPECT_EQ(cpu->evaluated_at.back(), kStart + 1000);
  Commit(2000, {"cpu"});
  EXPECT_EQ(cpu->evaluated_at.back(), kStart + 2000);
}

TEST_F(RuleEngineTest, WorksInSlices) {
  std::vector<Rule> rules;
  for (int i = 0; i < 5; ++i) rules.push_back(Alert("cpu" + std::to_string(i), Selector("cpu"), "raise high > 5"));
  Start(std::move(rules));
  const auto first = engine->EvaluateDue(kStart, 2);
  EXPECT_EQ(first.evaluated, 2u);
  EXPECT_TRUE(first.more);
  EXPECT_TRUE(engine->EvaluateDue(kStart, 2).more);
  const auto last = engine->EvaluateDue(kStart, 2);
  EXPECT_EQ(last.evaluated, 1u);
  EXPECT_FALSE(last.more);
  EXPECT_EQ(engine->Stats().evaluations, 5u);
}

TEST_F(RuleEngineTest, CountsEvaluationsThatWereLeftOut) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5")});
  RunAt(0);
  RunAt(1250);
  EXPECT_EQ(engine->Stats().missed, 0u);
  RunAt(1250 + 4 * 1250);
  EXPECT_EQ(engine->Stats().missed, 3u);
}

TEST_F(RuleEngineTest, HasNothingDueWithoutRules) {
  Start({});
  EXPECT_EQ(engine->NextDue(), std::nullopt);
  EXPECT_EQ(engine->EvaluateDue(kStart).evaluated, 0u);
}

// ---- what events say

TEST_F(RuleEngineTest, FillsInTheEvent) {
  AlertRule rule = Alert("memory_high", Selector("mem_used"), "raise high > 85% for 2m clear < 80%");
  rule.raises[0].when.text = "> 85%";
  rule.labels = {{"team", "storage"}, {"instance", "override"}};
  rule.summary = "Memory at {value:percent} on {instance}, {level}";
  rule.advice = "{not a template";
  auto policy = std::make_shared<NotifyPolicy>();
  rule.policy = policy;
  Start({rule});
  Put(0, "mem_used", {{"__name__", "mem_used"}, {"instance", "a"}}, 0.9);
  Put(120'000, "mem_used", {{"__name__", "mem_used"}, {"instance", "a"}}, 0.91);
  ASSERT_EQ(events.size(), 1u);
  const AlertEvent& event = events[0];
  EXPECT_EQ(event.kind, AlertEvent::Kind::kRaised);
  EXPECT_EQ(event.labels, (Labels{{"alertname", "memory_high"}, {"instance", "override"}, {"team", "storage"}}));
  EXPECT_EQ(event.id, event.labels.Hash());
  EXPECT_EQ(event.rule, "memory_high");
  EXPECT_EQ(event.level, (AlertLevel{"high", 3}));
  EXPECT_EQ(event.previous.rank, 0);
  EXPECT_EQ(event.value, 0.91);
  EXPECT_EQ(event.since, kStart + 120'000);
  EXPECT_EQ(event.condition, "> 85% for 2m");
  EXPECT_EQ(event.expression, "mem_used");
  EXPECT_EQ(event.summary, "Memory at 91% on override, high");
  EXPECT_EQ(event.advice, "{not a template");
  EXPECT_EQ(event.policy, policy);
}

TEST_F(RuleEngineTest, FindsARaisedAlertWithTheTextsOfThisMoment) {
  AlertRule rule = Alert("cpu", Selector("cpu"), "raise high > 5");
  rule.summary = "at {value}";
  Start({rule});
  Put(0, "cpu", kA, 9);
  Put(1000, "cpu", kA, 7);
  ASSERT_EQ(events.size(), 1u);
  const auto found = engine->Find(events[0].id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->summary, "at 7");
  EXPECT_EQ(found->since, kStart);
  Put(2000, "cpu", kA, 1);
  EXPECT_FALSE(engine->Find(events[0].id));
}

TEST_F(RuleEngineTest, TellsInstancesInTheOrderOfTheirLabels) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5")});
  metrics.Set("cpu", kB, 9);
  Put(0, "cpu", kA, 9);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high cpu{instance=\"a\"}", "raised high cpu{instance=\"b\"}"));
}

TEST_F(RuleEngineTest, TakesNanForMissingDataWhereItComparesNumbers) {
  Start({Alert("hit_rate", Selector("hit_rate"), "raise warning < 50% \n nodata clear after 10s")});
  Put(0, "hit_rate", kA, 0.3);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised warning hit_rate{instance=\"a\"}"));
  Put(1000, "hit_rate", kA, std::nan(""));
  EXPECT_THAT(TakeEvents(), IsEmpty());
  Put(10'000, "hit_rate", kA, std::nan(""));
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared warning hit_rate{instance=\"a\"}"));
}

TEST_F(RuleEngineTest, KnowsAnInstanceByItsLabelsWhateverTheMetricIsCalled) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5")});
  const Labels before{{"__name__", "cpu"}, {"instance", "a"}};
  Put(0, "cpu", before, 9);
  metrics.Remove("cpu", before);
  Put(1000, "cpu", {{"__name__", "cpu_seconds"}, {"instance", "a"}}, 9);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high cpu{instance=\"a\"}"));
  EXPECT_EQ(engine->Alerts().size(), 1u);
}

TEST_F(RuleEngineTest, JudgesByAnExpressionForTheInstancesInItsResult) {
  const auto filling = Expr("filling", {"disk"}, [](TimestampMs at) -> Result<promql::Value> {
    return promql::Vector{.timestamp = at, .elements = {{{{"__name__", "x"}, {"instance", "b"}}, -1}}};
  });
  const auto calm = Expr("calm", {"disk"}, [](TimestampMs at) -> Result<promql::Value> {
    return promql::Scalar{.timestamp = at, .value = 0};
  });
  AlertRule rule = Alert("disk", Selector("disk"), "raise critical > 99% \n raise high > 0 clear < 0");
  rule.raises[1].when.expr = Ptr(filling);
  rule.raises[1].clear->expr = Ptr(calm);
  Start({rule});
  metrics.Set("disk", kA, 0.5);
  Put(0, "disk", kB, 0.5);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high disk{instance=\"b\"}"));
  EXPECT_EQ(filling->evaluated_at.size(), 1u);
}

// ---- record rules and ALERTS

TEST_F(RuleEngineTest, RunsWritersBeforeTheirReadersInOneCycle) {
  const auto recorded = Selector("cpu_usage");
  const auto twice = Selector("cpu_usage_twice");
  Start({Alert("cpu", twice, "raise high > 5"), Record("cpu_usage_twice", recorded),
         Record("cpu_usage", Selector("cpu"))});
  metrics.Set("cpu", {{"__name__", "cpu"}, {"instance", "a"}}, 9);
  Commit(0, {"cpu"});
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high cpu{instance=\"a\"}"));
  EXPECT_THAT(store.TakeWritten(),
              ElementsAre("cpu_usage{instance=\"a\"}@0=9", "cpu_usage_twice{instance=\"a\"}@0=9",
                          "ALERTS{alertname=\"cpu\", alertstate=\"firing\", instance=\"a\", severity=\"high\"}@0=1"));
}

TEST_F(RuleEngineTest, EvaluatesEachRuleOfACircleOncePerCycle) {
  const auto a = Selector("a");
  const auto b = Selector("b");
  Start({Record("a", b), Record("b", a)});
  metrics.Set("a", kA, 1);
  Commit(0, {"a"});
  EXPECT_EQ(a->evaluated_at.size(), 1u);
  EXPECT_EQ(b->evaluated_at.size(), 1u);
}

TEST_F(RuleEngineTest, IsNotWokenByItsOwnOutput) {
  const auto counter = Selector("counter");
  Start({Record("counter", counter)});
  metrics.Set("counter", kA, 1);
  Commit(0, {"counter"});
  RunAt(1000);
  EXPECT_EQ(counter->evaluated_at.size(), 1u);
}

TEST_F(RuleEngineTest, EndsRecordedSeriesThatAreGone) {
  RecordRule rule = Record("usage", Selector("cpu"));
  rule.labels = {{"source", "agent"}};
  Start({rule});
  Put(0, "cpu", kA, 1);
  metrics.Remove("cpu", kA);
  Put(1000, "cpu", kB, 2);
  EXPECT_THAT(store.TakeWritten(), ElementsAre("usage{instance=\"a\", source=\"agent\"}@0=1",
                                               "usage{instance=\"b\", source=\"agent\"}@1000=2",
                                               "usage{instance=\"a\", source=\"agent\"}@1000=stale"));
}

TEST_F(RuleEngineTest, RecordsAScalarAsOneSeries) {
  Start({Record("now", Expr("time()", {}, [](TimestampMs at) { return promql::Scalar{at, 7}; }))});
  RunAt(0);
  EXPECT_THAT(store.TakeWritten(), ElementsAre("now@0=7"));
}

TEST_F(RuleEngineTest, WritesAlertsSeriesAndEndsThemWhenTheStateChanges) {
  Start({Alert("cpu", Selector("cpu"), "raise critical > 9 \n raise high > 5 for 1s")});
  Put(0, "cpu", kA, 6);
  Put(1000, "cpu", kA, 6);
  Put(2000, "cpu", kA, 10);
  Put(3000, "cpu", kA, 1);
  const auto series = [](std::string_view state, std::string_view severity) {
    return Labels{
        {"__name__", "ALERTS"}, {"alertname", "cpu"}, {"alertstate", state}, {"instance", "a"}, {"severity", severity}}
        .ToString();
  };
  EXPECT_THAT(store.TakeWritten(),
              ElementsAre(series("pending", "high") + "@0=1", series("firing", "high") + "@1000=1",
                          series("pending", "high") + "@1000=stale", series("firing", "critical") + "@2000=1",
                          series("firing", "high") + "@2000=stale", series("firing", "critical") + "@3000=stale"));
}

TEST_F(RuleEngineTest, CountsSamplesThatTheStoreRefuses) {
  store.refuse = true;
  Start({Record("usage", Selector("cpu"))});
  Put(0, "cpu", kA, 1);
  EXPECT_EQ(engine->Stats().refused_samples, 1u);
}

// ---- errors

class BrokenRuleTest : public RuleEngineTest {
 protected:
  void StartWithBreakableRule() {
    expr_ = Expr("cpu", {"cpu"}, [this](TimestampMs at) -> Result<promql::Value> {
      if (broken_) return Error{ErrorCode::kInvalidArgument, "many-to-many matching"};
      return metrics.Read("cpu", at);
    });
    Start({Alert("cpu", expr_, "raise high > 5 \n nodata clear after 1s")});
  }
  std::shared_ptr<FakeExpr> expr_;
  bool broken_ = false;
};

TEST_F(BrokenRuleTest, LeavesAlertsAsTheyWere) {
  StartWithBreakableRule();
  Put(0, "cpu", kA, 9);
  TakeEvents();
  broken_ = true;
  Put(5000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  const RuleView view = engine->Groups().at(0).rules.at(0);
  EXPECT_EQ(view.health, RuleHealth::kError);
  EXPECT_EQ(view.last_error, "many-to-many matching");
  EXPECT_EQ(view.status, AlertStatus::kFiring);
  EXPECT_EQ(engine->Stats().failures, 1u);
  EXPECT_EQ(engine->Stats().broken, 1u);
}

TEST_F(BrokenRuleTest, RaisesRuleBrokenWhenTheErrorLastsAndClearsItAfterwards) {
  StartWithBreakableRule();
  broken_ = true;
  Put(0, "cpu", kA, 1);
  Put(20'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  Put(30'000, "cpu", kA, 1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].summary, "Rule cpu cannot be evaluated");
  EXPECT_EQ(events[0].detail, "many-to-many matching");
  EXPECT_TRUE(engine->Find(events[0].id));
  EXPECT_THAT(TakeEvents(), ElementsAre("raised warning RuleBroken{rule=\"cpu\"}"));
  EXPECT_THAT(
      store.TakeWritten(),
      ElementsAre(
          "ALERTS{alertname=\"RuleBroken\", alertstate=\"firing\", rule=\"cpu\", severity=\"warning\"}@30000=1"));
  Put(40'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  broken_ = false;
  Put(50'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared warning RuleBroken{rule=\"cpu\"}"));
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).health, RuleHealth::kOk);
}

TEST_F(BrokenRuleTest, DoesNotRaiseRuleBrokenAgainAfterARestart) {
  StartWithBreakableRule();
  broken_ = true;
  for (const DurationMs at : {0, 20'000, 30'000}) Put(at, "cpu", kA, 1);
  const std::vector<AlertEvent> active = std::exchange(events, {});
  ASSERT_EQ(active.size(), 1u);
  StartWithBreakableRule();
  engine->Restore(active, kStart + 60'000);
  Put(60'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  broken_ = false;
  Put(61'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared warning RuleBroken{rule=\"cpu\"}"));
}

TEST_F(BrokenRuleTest, ClearsRuleBrokenWhenTheRuleIsTakenAway) {
  StartWithBreakableRule();
  broken_ = true;
  for (const DurationMs at : {0, 20'000, 30'000}) Put(at, "cpu", kA, 1);
  TakeEvents();
  engine->Replace(Set({}), kStart + 31'000);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared warning RuleBroken{rule=\"cpu\"}"));
  EXPECT_TRUE(engine->Alerts().empty());
}

TEST_F(RuleEngineTest, RefusesTwoResultsForOneInstance) {
  AlertRule rule = Alert("cpu", Selector("cpu"), "raise high > 5");
  rule.labels = {{"instance", "all"}};
  Start({rule});
  metrics.Set("cpu", kA, 9);
  Put(0, "cpu", kB, 9);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  EXPECT_THAT(engine->Groups().at(0).rules.at(0).last_error,
              HasSubstr("two results have the labels {alertname=\"cpu\""));
}

TEST_F(RuleEngineTest, RefusesTwoResultsForOneRecordedSeries) {
  RecordRule rule = Record("usage", Selector("cpu"));
  rule.labels = {{"instance", "all"}};
  Start({rule});
  metrics.Set("cpu", kA, 1);
  Put(0, "cpu", kB, 1);
  EXPECT_THAT(engine->Groups().at(0).rules.at(0).last_error,
              HasSubstr("would be the same series usage{instance=\"all\"}"));
  EXPECT_THAT(store.TakeWritten(), IsEmpty());
}

TEST_F(RuleEngineTest, LimitsInstancesAndLabels) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5")}, {.limits = {.instances = 2, .labels = 3}});
  metrics.Set("cpu", kA, 9);
  Put(0, "cpu", kB, 9);
  EXPECT_EQ(TakeEvents().size(), 2u);
  Put(1000, "cpu", {{"instance", "c"}}, 9);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).last_error,
            "the value has 3 instances, the limit is 2: aggregate, or select fewer");
  metrics.Remove("cpu", {{"instance", "c"}});
  metrics.Remove("cpu", kB);
  Put(2000, "cpu", {{"a", "1"}, {"b", "2"}, {"c", "3"}}, 9);
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).last_error,
            "a result has 4 labels, the limit is 3: aggregate some away");
}

TEST_F(RuleEngineTest, ForgetsTheLongestGoneInstanceToMakeRoom) {
  Start({Alert("app", Selector("up"), "raise high == 0 \n nodata raise critical after 10m")},
        {.limits = {.instances = 2}});
  for (int i = 0; i < 4; ++i) {
    const Labels labels{{"instance", std::to_string(i)}};
    Put(i * 1000, "up", labels, 1);
    metrics.Remove("up", labels);
  }
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).health, RuleHealth::kOk);
  RunAt(700'000);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised critical app{instance=\"2\"}", "raised critical app{instance=\"3\"}"));
}

TEST_F(RuleEngineTest, RefusesAHoldThatItCannotCount) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5 for 3 of 100")});
  Put(0, "cpu", kA, 9);
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).last_error,
            "\"3 of 100\" cannot be evaluated: write 1 to 64 evaluations");
}

TEST_F(RuleEngineTest, RefusesAValueThatIsNoVector) {
  Start({Alert("cpu", Expr("\"text\"", {"cpu"}, [](TimestampMs) { return std::string("text"); }), "raise high > 5")});
  Put(0, "cpu", kA, 9);
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).last_error, "the expression must give an instant vector or a scalar");
}

// ---- restart and reload

TEST_F(RuleEngineTest, DoesNotRaiseAgainWhatItRestored) {
  const Rule rule = Alert("cpu", Selector("cpu"), "raise high > 5 clear < 3 for 10s");
  Start({rule});
  Put(0, "cpu", kA, 9);
  const std::vector<AlertEvent> active = std::exchange(events, {});
  store.TakeWritten();

  Start({rule});
  engine->Restore(active, kStart + 60'000);
  EXPECT_TRUE(engine->Find(active[0].id));
  Put(60'000, "cpu", kA, 9);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  EXPECT_EQ(engine->Alerts().at(0).alert.since, kStart);
  Put(61'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  Put(71'000, "cpu", kA, 1);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared high cpu{instance=\"a\"}"));
}

TEST_F(RuleEngineTest, DoesNotTakeTheTimeItWasDownForMissingData) {
  const Rule rule = Alert("cpu", Selector("cpu"), "raise high > 5 \n nodata clear after 1m");
  Start({rule});
  Put(0, "cpu", kA, 9);
  const std::vector<AlertEvent> active = std::exchange(events, {});
  metrics.Remove("cpu", kA);
  Start({rule});
  engine->Restore(active, kStart + kHourMs);
  RunAt(kHourMs);
  RunAt(kHourMs + 59'000);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  RunAt(kHourMs + 61'000);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared high cpu{instance=\"a\"}"));
}

TEST_F(RuleEngineTest, ClearsRestoredAlertsWhoseRuleIsGone) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5")});
  Put(0, "cpu", kA, 9);
  const std::vector<AlertEvent> active = std::exchange(events, {});
  Start({});
  engine->Restore(active, kStart + 1000);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].policy);
  EXPECT_EQ(events[0].at, kStart + 1000);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared high cpu{instance=\"a\"}"));
}

TEST_F(RuleEngineTest, RemembersAfterARestartWhatWasThereWithinTheHour) {
  const auto up = Expr("up", {"up"}, [](TimestampMs at) {
    promql::Vector vector{.timestamp = at};
    if (at <= kStart) vector.elements.push_back({kA, 1});
    return vector;
  });
  Start({Alert("app_silent", up, "raise warning == 0 \n nodata raise critical after 5s")});
  RunAt(10 * kMinuteMs);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  RunAt(10 * kMinuteMs + 5000);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised critical app_silent{instance=\"a\"}"));
}

TEST_F(RuleEngineTest, KeepsStatesOverAReloadThatChangesOnlyTheConditions) {
  const auto cpu = Selector("cpu");
  Start({Alert("cpu", cpu, "raise high > 5 for 1m")});
  Put(0, "cpu", kA, 9);
  engine->Replace(Set({Alert("other", Selector("x"), "raise high > 1"), Alert("cpu", cpu, "raise high > 4 for 30s")}),
                  kStart + 1000);
  EXPECT_EQ(engine->Groups().at(0).rules.at(1).evaluations, 1u);
  Put(30'000, "cpu", kA, 4.5);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high cpu{instance=\"a\"}"));
  engine->Replace(Set({Alert("cpu", cpu, "raise high > 4 for 30s")}), kStart + 31'000);
  Put(32'000, "cpu", kA, 4.5);
  EXPECT_THAT(TakeEvents(), IsEmpty());
}

TEST_F(RuleEngineTest, ClearsTheAlertsOfRemovedAndOfChangedRules) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5"), Alert("mem", Selector("mem"), "raise high > 5"),
         Record("usage", Selector("cpu"))});
  metrics.Set("mem", kA, 9);
  metrics.Set("cpu", kA, 9);
  Commit(0, {"cpu", "mem"});
  TakeEvents();
  store.TakeWritten();
  AlertRule changed = Alert("mem", Selector("mem"), "raise high > 5");
  changed.labels = {{"team", "x"}};
  engine->Replace(Set({changed}), kStart + 1000);
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared high cpu{instance=\"a\"}", "cleared high mem{instance=\"a\"}"));
  EXPECT_THAT(
      store.TakeWritten(),
      ElementsAre("ALERTS{alertname=\"cpu\", alertstate=\"firing\", instance=\"a\", severity=\"high\"}@1000=stale",
                  "ALERTS{alertname=\"mem\", alertstate=\"firing\", instance=\"a\", severity=\"high\"}@1000=stale",
                  "usage{instance=\"a\"}@1000=stale"));
  RunAt(1000);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high mem{instance=\"a\", team=\"x\"}"));
}

// ---- views

TEST_F(RuleEngineTest, ShowsRulesByFile) {
  Start({Alert("cpu", Selector("cpu"), "raise high > 5 for 1m"), Record("usage", Selector("cpu")),
         Alert("mem", Selector("mem"), "raise high > 5")});
  EXPECT_EQ(engine->Groups().at(0).rules.at(0).health, RuleHealth::kUnknown);
  metrics.Set("mem", kB, 9);
  metrics.Set("cpu", kA, 9);
  Commit(0, {"cpu", "mem"});
  const auto groups = engine->Groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].file, "a.rules");
  EXPECT_EQ(groups[0].interval, kSecondMs);
  EXPECT_EQ(groups[0].last_evaluation, kStart);
  ASSERT_EQ(groups[0].rules.size(), 2u);
  const RuleView& cpu = groups[0].rules[0];
  EXPECT_EQ(cpu.name, "cpu");
  EXPECT_EQ(cpu.expression, "cpu");
  EXPECT_EQ(cpu.status, AlertStatus::kPending);
  ASSERT_EQ(cpu.alerts.size(), 1u);
  EXPECT_EQ(cpu.alerts[0].pending_level.name, "high");
  EXPECT_EQ(cpu.alerts[0].active_since, kStart);
  EXPECT_EQ(cpu.alerts[0].alert.value, 9);
  EXPECT_EQ(groups[0].rules[1].status, AlertStatus::kFiring);
  EXPECT_EQ(groups[0].rules[1].level.name, "high");
  EXPECT_EQ(groups[1].rules.at(0).name, "usage");
  EXPECT_TRUE(groups[1].rules[0].record);
  EXPECT_EQ(engine->Stats().pending, 1u);
  EXPECT_EQ(engine->Stats().firing, 1u);
  EXPECT_EQ(engine->Stats().events, 1u);
}

}  // namespace
}  // namespace tickbird::rules
