#include "rules/packs/packs.h"

#include <gtest/gtest.h>

#include "rules/language/compiler.h"
#include "rules/promql/parser.h"
#include "tests/unit/language/memory_environment.h"

namespace tickbird::packs {
namespace {

using language::Compile;
using language::CompileInput;
using language::CompileOutput;
using language::MemoryEnvironment;

CompileInput AllPacks() {
  CompileInput input;
  for (const Pack& pack : BuiltinPacks()) input.packs.push_back({std::string(pack.file), std::string(pack.text)});
  return input;
}

/// The packs with one file of a user over them.
CompileOutput CompileWith(const std::string& text) {
  MemoryEnvironment environment;
  environment.files["user.rules"] = text;
  CompileInput input = AllPacks();
  input.files = {"user.rules"};
  return Compile(input, environment);
}

std::vector<const rules::AlertRule*> Alerts(const CompileOutput& output, std::string_view name = "") {
  std::vector<const rules::AlertRule*> found;
  for (const rules::Rule& rule : output.rules.rules) {
    const auto* alert = std::get_if<rules::AlertRule>(&rule);
    if (alert != nullptr && (name.empty() || alert->name == name)) found.push_back(alert);
  }
  return found;
}

std::vector<const rules::RecordRule*> Records(const CompileOutput& output, std::string_view metric) {
  std::vector<const rules::RecordRule*> found;
  for (const rules::Rule& rule : output.rules.rules) {
    const auto* record = std::get_if<rules::RecordRule>(&rule);
    if (record != nullptr && record->metric == metric) found.push_back(record);
  }
  return found;
}

TEST(BuiltinPacks, AreTheOnesThatTheConfigurationNames) {
  for (const std::string_view name : {"host", "app", "database", "cache", "health", "self"}) {
    ASSERT_NE(FindPack(name), nullptr) << name;
    EXPECT_FALSE(FindPack(name)->text.empty());
  }
  EXPECT_EQ(BuiltinPacks().size(), 6u);
  EXPECT_EQ(FindPack("hosts"), nullptr);
}

TEST(BuiltinPacks, CompileEachAloneWithoutAnyDiagnostic) {
  for (const Pack& pack : BuiltinPacks()) {
    MemoryEnvironment environment;
    CompileInput input;
    input.packs.push_back({std::string(pack.file), std::string(pack.text)});
    const CompileOutput output = Compile(input, environment);
    EXPECT_TRUE(output.ok) << pack.name;
    EXPECT_EQ(output.Render(), "") << pack.name;
  }
}

TEST(BuiltinPacks, CompileTogetherWithoutAnyDiagnostic) {
  MemoryEnvironment environment;
  EXPECT_EQ(Compile(AllPacks(), environment).Render(), "");
}

TEST(BuiltinPacks, SayWhatHappenedAndWhatToDo) {
  MemoryEnvironment environment;
  for (const rules::AlertRule* alert : Alerts(Compile(AllPacks(), environment))) {
    EXPECT_FALSE(alert->summary.empty()) << alert->name;
    EXPECT_FALSE(alert->advice.empty()) << alert->name;
    EXPECT_GT(alert->policy->cooldown.first, 0) << alert->name;
    EXPECT_TRUE(alert->policy->repeat.has_value()) << alert->name;
    EXPECT_TRUE(promql::CheckSupported(*alert->value).empty()) << alert->name;
  }
}

struct Threshold {
  std::string alert;
  std::string level;
  std::string condition;
  DurationMs hold;
};

TEST(BuiltinPacks, RaiseAtTheDocumentedThresholds) {
  const Threshold kThresholds[] = {
      {"cpu_high", "warning", "> 80%", 5 * kMinuteMs},
      {"cpu_high", "critical", "> 95%", 5 * kMinuteMs},
      {"memory_high", "high", "> 85%", 30 * kSecondMs},
      {"memory_high", "critical", "> 90%", 30 * kSecondMs},
      {"disk_full", "warning", "> 85%", 5 * kMinuteMs},
      {"disk_full", "critical", "> 95%", kMinuteMs},
      {"page_load_slow", "warning", "> 2s", 30 * kSecondMs},
      {"page_load_slow", "critical", "> 10s", 10 * kSecondMs},
      {"function_slow", "warning", "> 1s", 30 * kSecondMs},
      {"query_very_slow", "critical", "> 5s", 10 * kSecondMs},
      {"query_average_slow", "warning", "> 100ms", kMinuteMs},
      {"cache_hit_rate_low", "info", "< 80%", 5 * kMinuteMs},
      {"cache_hit_rate_low", "warning", "< 50%", 2 * kMinuteMs},
      {"cache_large", "warning", "> 100MB", kMinuteMs},
      {"tickbird_storage_failing", "high", "> 0", 0},
      {"tickbird_compaction_failing", "high", "> 0", 2 * kMinuteMs},
      {"tickbird_blocks_damaged", "high", "> 0", 0},
  };
  MemoryEnvironment environment;
  const CompileOutput output = Compile(AllPacks(), environment);
  for (const Threshold& expected : kThresholds) {
    const auto alerts = Alerts(output, expected.alert);
    ASSERT_EQ(alerts.size(), 1u) << expected.alert;
    bool found = false;
    for (const rules::RaiseClause& raise : alerts[0]->raises) {
      found = found || (raise.level.name == expected.level && raise.when.text == expected.condition &&
                        raise.hold.for_ms == expected.hold);
    }
    EXPECT_TRUE(found) << expected.alert << " " << expected.level;
  }
}

TEST(BuiltinPacks, TellAllReceiversOfTheUser) {
  const CompileOutput output = CompileWith("receiver hook is webhook { url \"http://h/\" }\n");
  EXPECT_EQ(output.Render(), "");
  const auto alerts = Alerts(output, "cpu_high");
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]->policy->notify, (std::vector<NotifyTarget>{{.receiver = "hook"}}));
}

TEST(BuiltinPacks, GiveWayToAnAlertOfTheSameName) {
  const CompileOutput output =
      CompileWith("alert cpu_high {\n  value cpu_usage_percent / 100\n  raise high when > 60%\n}\n");
  EXPECT_EQ(output.Render(), "");
  const auto alerts = Alerts(output, "cpu_high");
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]->source.file, "user.rules");
  EXPECT_DOUBLE_EQ(alerts[0]->raises.at(0).when.threshold, 0.6);
  EXPECT_FALSE(Alerts(output, "memory_high").empty());
}

TEST(BuiltinPacks, GiveWayToARecordOfTheSameName) {
  const CompileOutput output = CompileWith("record cpu_usage_percent = 50 * node_load1\n");
  EXPECT_EQ(output.Render(), "");
  const auto records = Records(output, "cpu_usage_percent");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]->expr_text, "50 * node_load1");
}

TEST(BuiltinPacks, UseALetOfTheUserInPlaceOfTheirOwn) {
  const CompileOutput output = CompileWith("let pool_used = my_pool_used_ratio\n");
  EXPECT_EQ(output.Render(), "");
  const auto alerts = Alerts(output, "pool_exhausted");
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]->value_text, "my_pool_used_ratio");
}

TEST(BuiltinPacks, AskForTheLevelsThatTheyNeed) {
  const CompileOutput output = CompileWith("levels warning < high < critical\n");
  EXPECT_FALSE(output.ok);
  EXPECT_EQ(output.Render(),
            "user.rules:1:8: error: the levels must include \"info\", which packs/cache.rules uses; add it, or leave "
            "that pack out\n"
            "    1 | levels warning < high < critical\n"
            "      |        ^~~~~~~\n"
            "user.rules:1:8: error: the levels must include \"info\", which packs/self.rules uses; add it, or leave "
            "that pack out\n"
            "    1 | levels warning < high < critical\n"
            "      |        ^~~~~~~\n");
}

}  // namespace
}  // namespace tickbird::packs
