#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/float_appender.h"
#include "tests/testing/memory_queryable.h"
#include "tests/unit/eval/engine_harness.h"

// The engine on the real PromQL and samples in memory: what the scripted evaluator of the other tests cannot show.
namespace tickbird::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimestampMs kStart = EngineHarness::kStart;

promql::ExprPtr Parse(std::string_view text) {
  auto expr = promql::ParseExpr(text);
  EXPECT_TRUE(expr) << text;
  return expr ? *expr : nullptr;
}

// Keeps samples, and tells the engine of commits.
class MemoryStore final : public Appendable {
 public:
  std::unique_ptr<Appender> NewAppender() override { return std::make_unique<Batch>(*this); }

  testing::MemoryQueryable data;
  CommitListener listener;

 private:
  class Batch final : public testing::FloatAppender {
   public:
    explicit Batch(MemoryStore& store) : store_(store) {}
    Result<SeriesRef> Append(SeriesRef, const Labels& labels, TimestampMs timestamp, double value) override {
      samples_.emplace_back(labels, Sample{timestamp, value});
      return SeriesRef{1};
    }
    void SetMetadata(std::string_view, const MetricMetadata&) override {}
    Status Commit() override {
      std::vector<std::string_view> names;
      TimestampMs newest = 0;
      for (const auto& [labels, sample] : samples_) {
        store_.data.Add(labels, sample.timestamp, sample.value);
        names.push_back(labels.MetricName());
        newest = std::max(newest, sample.timestamp);
      }
      if (store_.listener) store_.listener({newest, names});
      return {};
    }
    void Rollback() override { samples_.clear(); }

   private:
    MemoryStore& store_;
    std::vector<std::pair<Labels, Sample>> samples_;
  };
};

class RuleEnginePromqlTest : public ::testing::Test {
 protected:
  void Start(std::vector<Rule> rules) {
    engine_ = std::make_unique<RuleEngine>(
        EngineHarness::Set(std::move(rules)), store_.data, store_,
        [this](const AlertEvent& event) { events_.push_back(EngineHarness::EventText(event)); }, LocalPromql(),
        RuleEngine::Options());
    store_.listener = [this](const CommitNotice& notice) { engine_->OnCommit(notice); };
  }

  static AlertRule Alert(std::string name, std::string_view value, std::string_view clauses) {
    AlertRule rule = ParseScriptRule(clauses);
    rule.name = std::move(name);
    rule.value = Parse(value);
    return rule;
  }

  void Put(DurationMs offset, std::vector<std::pair<Labels, double>> samples) {
    const auto appender = store_.NewAppender();
    for (const auto& [labels, value] : samples) ASSERT_TRUE(appender->Append(0, labels, kStart + offset, value));
    ASSERT_TRUE(appender->Commit());
    RunAt(offset);
  }
  void RunAt(DurationMs offset) {
    while (engine_->EvaluateDue(kStart + offset).more) {
    }
  }
  std::vector<std::string> TakeEvents() { return std::exchange(events_, {}); }

  MemoryStore store_;
  std::unique_ptr<RuleEngine> engine_;
  std::vector<std::string> events_;
};

TEST_F(RuleEnginePromqlTest, PlaysTheExampleOfTheLanguage) {
  Start({Alert("memory_high", "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", R"(
    raise critical > 95% for 30s clear < 90%
    raise high     > 85% for 2m  clear < 80% for 1m)")});
  const Labels total{{"__name__", "node_memory_MemTotal_bytes"}, {"instance", "a"}};
  const Labels available{{"__name__", "node_memory_MemAvailable_bytes"}, {"instance", "a"}};
  std::map<DurationMs, std::vector<std::string>> told;
  std::map<DurationMs, AlertPhase> phases;
  for (int step = 0; step < 130; ++step) {
    const DurationMs at = step * 10 * kSecondMs;
    Put(at, {{total, 100}, {available, step < 6 ? 50 : step < 96 ? 10 : step < 108 ? 18 : 50}});
    if (auto events = TakeEvents(); !events.empty()) told[at] = std::move(events);
    const auto alerts = engine_->Alerts();
    phases[at] = alerts.empty() ? AlertPhase::kInactive : alerts[0].phase;
  }
  EXPECT_EQ(phases[50 * kSecondMs], AlertPhase::kInactive);
  EXPECT_EQ(phases[170 * kSecondMs], AlertPhase::kPending);
  EXPECT_EQ(phases[16 * kMinuteMs], AlertPhase::kRaised);
  EXPECT_EQ(phases[18 * kMinuteMs], AlertPhase::kClearing);
  EXPECT_THAT(
      told,
      ElementsAre(std::pair(3 * kMinuteMs, std::vector<std::string>{"raised high memory_high{instance=\"a\"}"}),
                  std::pair(19 * kMinuteMs, std::vector<std::string>{"cleared high memory_high{instance=\"a\"}"})));
}

TEST_F(RuleEnginePromqlTest, FeedsAnAlertFromARecordRuleInTheSameCycle) {
  RecordRule record;
  record.metric = "instance:mem_used:ratio";
  record.expr = Parse("sum by (instance) (mem_used) / 100");
  Start({Alert("mem", "instance:mem_used:ratio", "raise high > 85%"), record});
  Put(0, {{{{"__name__", "mem_used"}, {"instance", "a"}, {"kind", "x"}}, 50},
          {{{"__name__", "mem_used"}, {"instance", "a"}, {"kind", "y"}}, 40}});
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high mem{instance=\"a\"}"));
}

TEST_F(RuleEnginePromqlTest, RaisesWhenASeriesEndsWithAStaleMarker) {
  Start({Alert("app_silent", "up{job=\"app\"}", "raise critical == 0 for 3 of 4 \n nodata raise critical after 5s")});
  const Labels up{{"__name__", "up"}, {"job", "app"}};
  Put(0, {{up, 1}});
  Put(1000, {{up, StaleMarker()}});
  for (DurationMs at = 2000; at < 5000; at += 1000) RunAt(at);
  EXPECT_THAT(TakeEvents(), IsEmpty());
  for (DurationMs at = 5000; at < 7000; at += 250) RunAt(at);
  EXPECT_THAT(TakeEvents(), ElementsAre("raised critical app_silent{job=\"app\"}"));
  Put(8000, {{up, 1}});
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared critical app_silent{job=\"app\"}"));
}

TEST_F(RuleEnginePromqlTest, JudgesByAPromqlConditionPerInstance) {
  AlertRule rule = Alert("disk", "disk_used", "raise high > 0");
  rule.raises[0].when.expr = Parse("disk_used > 0.5 and disk_growth > 0");
  Start({rule});
  const auto series = [](std::string_view name, std::string_view device) {
    return Labels{{"__name__", name}, {"device", device}};
  };
  Put(0, {{series("disk_used", "a"), 0.9},
          {series("disk_used", "b"), 0.9},
          {series("disk_growth", "a"), -1},
          {series("disk_growth", "b"), 1}});
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high disk{device=\"b\"}"));
  // The condition's own series counts as read.
  Put(1000, {{series("disk_growth", "b"), -1}});
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared high disk{device=\"b\"}"));
}

TEST_F(RuleEnginePromqlTest, CanBuildHysteresisOnItsOwnAlertsSeries) {
  Start({Alert("cpu", "cpu > 0.9 or (cpu > 0.8 and on (instance) ALERTS{alertname=\"cpu\", alertstate=\"firing\"})",
               "raise high > 0 \n nodata clear after 0")});
  const Labels cpu{{"__name__", "cpu"}, {"instance", "a"}};
  Put(0, {{cpu, 0.85}});
  EXPECT_THAT(TakeEvents(), IsEmpty());
  Put(1000, {{cpu, 0.95}});
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high cpu{instance=\"a\"}"));
  Put(2000, {{cpu, 0.85}});
  EXPECT_THAT(TakeEvents(), IsEmpty());
  Put(3000, {{cpu, 0.7}});
  EXPECT_THAT(TakeEvents(), ElementsAre("cleared high cpu{instance=\"a\"}"));
  Put(4000, {{cpu, 0.85}});
  EXPECT_THAT(TakeEvents(), IsEmpty());
}

TEST_F(RuleEnginePromqlTest, ReportsAManyToManyMatchAndKeepsTheAlert) {
  Start({Alert("x", "a * on (job) b", "raise high > 0")});
  const auto series = [](std::string_view name, std::string_view instance) {
    return Labels{{"__name__", name}, {"job", "j"}, {"instance", instance}};
  };
  Put(0, {{series("a", "1"), 1}, {series("b", "1"), 1}});
  EXPECT_THAT(TakeEvents(), ElementsAre("raised high x{job=\"j\"}"));
  Put(1000, {{series("a", "2"), 1}, {series("b", "2"), 1}});
  EXPECT_THAT(TakeEvents(), IsEmpty());
  const RuleView view = engine_->Groups().at(0).rules.at(0);
  EXPECT_EQ(view.health, RuleHealth::kError);
  EXPECT_EQ(view.status, AlertStatus::kFiring);
  EXPECT_EQ(view.expression, "a * on (job) b");
}

}  // namespace
}  // namespace tickbird::rules
