#include "rules/language/compiler.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "rules/promql/parser.h"
#include "tests/unit/language/memory_environment.h"

namespace tickbird::language {
namespace {

using rules::AlertRule;
using rules::Comparison;
using rules::RecordRule;

/// Files by name and the result of compiling those that a configuration would name.
class CompileTest : public ::testing::Test {
 protected:
  const CompileOutput& Run(std::vector<std::string> files = {"a.rules"}) {
    input_.files = std::move(files);
    output_ = Compile(input_, environment_);
    return output_;
  }
  /// Compiles one file, which must be good.
  void RunGood(const std::string& text) {
    environment_.files["a.rules"] = text;
    Run();
    ASSERT_TRUE(output_.ok) << output_.Render();
  }
  const AlertRule& Alert(std::string_view name) const {
    for (const rules::Rule& rule : output_.rules.rules) {
      const auto* alert = std::get_if<AlertRule>(&rule);
      if (alert != nullptr && alert->name == name) return *alert;
    }
    static const AlertRule kNone;
    ADD_FAILURE() << "there is no alert " << name;
    return kNone;
  }
  std::string Names() const {
    std::string names;
    for (const rules::Rule& rule : output_.rules.rules) {
      if (!names.empty()) names += ' ';
      names +=
          std::holds_alternative<AlertRule>(rule) ? std::get<AlertRule>(rule).name : std::get<RecordRule>(rule).metric;
    }
    return names;
  }

  MemoryEnvironment environment_;
  CompileInput input_{.external_receivers = {"mail", "hook"}};
  CompileOutput output_;
};

TEST_F(CompileTest, GivesEveryFieldOfAnAlert) {
  RunGood(R"(
policy oncall {
  after 10m to hook
  after 30m to hook("lead"), mail from critical
  loop 2
}
let mem_used = 1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes
defaults { every 500ms; label team = "core" }
alert memory_high {
  value $mem_used
  unit percent
  raise critical when > 95% for 30s clear when < 90%
  raise high     when >= 85% for 2m  clear when < 80% for 1m
  raise warning  when node_load1 > 4 for 4 of 5
  nodata raise warning after 5s
  cooldown 15m backoff 2 max 2h
  repeat 4h backoff 1.5 max 24h
  notify mail, hook("x", "y") from high
  notify hook from critical
  escalate oncall
  ack expires 1h
  label severity_class = 3
  summary "Memory at {value:percent} on {instance}"
  detail  "detail"
  advice  "advice"
  runbook "https://runbooks.example.org/memory"
}
)");
  const AlertRule& rule = Alert("memory_high");
  EXPECT_EQ(rule.value_text, "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes");
  EXPECT_EQ(promql::Format(*rule.value), rule.value_text);
  EXPECT_EQ(rule.unit, "percent");
  EXPECT_EQ(rule.every, 500);
  EXPECT_EQ(rule.source.file, "a.rules");
  EXPECT_EQ(rule.source.position, (Position{9, 7}));

  ASSERT_EQ(rule.raises.size(), 3u);
  EXPECT_EQ(rule.raises[0].level, (AlertLevel{"critical", 4}));
  EXPECT_EQ(rule.raises[0].when.text, "> 95%");
  EXPECT_EQ(rule.raises[0].hold.for_ms, 30 * kSecondMs);
  EXPECT_EQ(rule.raises[0].clear_hold.for_ms, 0);
  EXPECT_EQ(rule.raises[1].level, (AlertLevel{"high", 3}));
  EXPECT_EQ(rule.raises[1].when.comparison, Comparison::kGreaterEqual);
  EXPECT_DOUBLE_EQ(rule.raises[1].when.threshold, 0.85);
  EXPECT_EQ(rule.raises[1].clear->comparison, Comparison::kLess);
  EXPECT_DOUBLE_EQ(rule.raises[1].clear->threshold, 0.8);
  EXPECT_EQ(rule.raises[1].clear_hold.for_ms, kMinuteMs);
  EXPECT_EQ(rule.raises[2].when.text, "node_load1 > 4");
  EXPECT_EQ(promql::Format(*rule.raises[2].when.expr), "node_load1 > 4");
  EXPECT_FALSE(rule.raises[2].clear.has_value());
  EXPECT_EQ(rule.raises[2].hold.n, 4);
  EXPECT_EQ(rule.raises[2].hold.of_m, 5);

  EXPECT_EQ(rule.no_data.action, rules::NoData::Action::kRaise);
  EXPECT_EQ(rule.no_data.after, 5 * kSecondMs);
  EXPECT_EQ(rule.no_data.level, (AlertLevel{"warning", 2}));
  EXPECT_EQ(rule.labels, (std::vector<std::pair<std::string, std::string>>{{"team", "core"}, {"severity_class", "3"}}));
  EXPECT_EQ(rule.summary, "Memory at {value:percent} on {instance}");
  EXPECT_EQ(rule.detail, "detail");
  EXPECT_EQ(rule.advice, "advice");
  EXPECT_EQ(rule.runbook, "https://runbooks.example.org/memory");

  const NotifyPolicy expected{
      .notify = {{"mail", {}, 3}, {"hook", {"x", "y"}, 3}, {"hook", {}, 4}},
      .cooldown = {15 * kMinuteMs, 2, 2 * kHourMs},
      .repeat = GrowingDelay{4 * kHourMs, 1.5, kDayMs},
      .escalation = {{10 * kMinuteMs, {{"hook", {}, 0}}}, {30 * kMinuteMs, {{"hook", {"lead"}, 4}, {"mail", {}, 4}}}},
      .escalation_loops = 2,
      .ack_expires = kHourMs,
      .notify_level_down = true,
  };
  EXPECT_EQ(*rule.policy, expected);
}

TEST_F(CompileTest, HasQuietDefaultsForWhatIsNotSaid) {
  RunGood("alert a {\n  value up\n  raise high when == 0\n}\n");
  const AlertRule& rule = Alert("a");
  EXPECT_EQ(rule.every, kSecondMs);
  EXPECT_EQ(rule.no_data.action, rules::NoData::Action::kKeep);
  EXPECT_EQ(rule.no_data.after, kMinuteMs);
  EXPECT_EQ(*rule.policy, (NotifyPolicy{.notify = {{"mail", {}, 0}, {"hook", {}, 0}}}));
}

TEST_F(CompileTest, TellsTheReceiversThatTheConfigurationChoosesByDefault) {
  input_.default_receivers = {"hook"};
  RunGood(
      "receiver chat is log { path \"x\" }\nalert a { value up; raise high when == 0 }\nalert b { value up; raise high "
      "when == 0; notify chat }\n");
  EXPECT_EQ(Alert("a").policy->notify, (std::vector<NotifyTarget>{{"hook", {}, 0}}));
  EXPECT_EQ(Alert("b").policy->notify, (std::vector<NotifyTarget>{{"chat", {}, 0}}));
  EXPECT_FALSE(Alert("b").policy->notify_level_down);
}

TEST_F(CompileTest, InheritsDefaultsThatStandBefore) {
  RunGood(R"(
alert before { value up; raise high when == 0 }
defaults { cooldown 5m; repeat never; label a = "1"; label b = "1"; notify mail }
group g every 200ms {
  defaults { cooldown 6m; label b = "2" }
  alert inside { value up; raise high when == 0; repeat 1h; notify hook }
  record m = up
}
alert after { value up; raise high when == 0; escalate after 5m to hook }
)");
  EXPECT_EQ(Alert("before").policy->cooldown.first, 0);
  const AlertRule& inside = Alert("inside");
  EXPECT_EQ(inside.policy->cooldown.first, 6 * kMinuteMs);
  EXPECT_EQ(inside.policy->repeat->first, kHourMs);
  EXPECT_EQ(inside.policy->notify, (std::vector<NotifyTarget>{{"hook", {}, 0}}));
  EXPECT_EQ(inside.every, 200);
  EXPECT_EQ(inside.labels, (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(std::get<RecordRule>(output_.rules.rules.at(2)).every, 200);
  const AlertRule& after = Alert("after");
  EXPECT_EQ(after.policy->cooldown.first, 5 * kMinuteMs);
  EXPECT_FALSE(after.policy->repeat.has_value());
  EXPECT_EQ(after.every, kSecondMs);
  EXPECT_EQ(after.policy->escalation, (std::vector<EscalationStep>{{5 * kMinuteMs, {{"hook", {}, 0}}}}));
}

TEST_F(CompileTest, SharesEqualPolicies) {
  RunGood(
      "defaults { cooldown 5m }\nalert a { value up; raise high when == 0 }\nalert b { value up; raise high when == 0 "
      "}\n");
  EXPECT_EQ(Alert("a").policy, Alert("b").policy);
}

TEST_F(CompileTest, MakesAlertsFromTemplates) {
  RunGood(R"(
template disk(dev, warn = 80%, crit = 92%) {
  value 1 - node_filesystem_avail_bytes{device=$dev}
          / node_filesystem_size_bytes{device=$dev}
  raise warning  when > $warn for 5m clear when < 75%
  raise critical when predict_linear(node_filesystem_avail_bytes{device=$dev}[1h], 4*3600) < $crit
  label device = $dev
}
alert root_disk from disk(dev = "vda1")
alert data_disk from disk(
  dev = "vdb\"1",
  warn = 90%
) {
  label team = "storage"
  raise warning when > 1
}
)");
  const AlertRule& root = Alert("root_disk");
  EXPECT_EQ(root.value_text,
            "1 - node_filesystem_avail_bytes{device=\"vda1\"} / node_filesystem_size_bytes{device=\"vda1\"}");
  ASSERT_EQ(root.raises.size(), 2u);
  EXPECT_EQ(root.raises[1].when.text, "> 80%");
  EXPECT_DOUBLE_EQ(root.raises[1].when.threshold, 0.8);
  EXPECT_EQ(root.raises[0].when.text,
            "predict_linear(node_filesystem_avail_bytes{device=\"vda1\"}[1h], 4 * 3600) < 0.92");
  EXPECT_EQ(root.source.position.line, 9);
  const AlertRule& data = Alert("data_disk");
  EXPECT_EQ(data.raises[1].when.text, "> 1");
  EXPECT_EQ(data.labels, (std::vector<std::pair<std::string, std::string>>{{"device", "vdb\"1"}, {"team", "storage"}}));
}

TEST_F(CompileTest, SubstitutesLetsAsTrees) {
  RunGood(
      "let a = 1 + x\nlet b = $a * 2\nrecord r = $b / $a\ngroup g {\n  let a = y\n  record s = $a\n  record t = "
      "$b\n}\n");
  EXPECT_EQ(std::get<RecordRule>(output_.rules.rules.at(0)).expr_text, "((1 + x) * 2) / (1 + x)");
  EXPECT_EQ(std::get<RecordRule>(output_.rules.rules.at(1)).expr_text, "y");
  EXPECT_EQ(std::get<RecordRule>(output_.rules.rules.at(2)).expr_text, "(1 + x) * 2");
}

TEST_F(CompileTest, KeepsLabelsOfRecords) {
  RunGood("record job:up:sum{kind=\"all\", tier=\"1\"} = sum by (job) (up)\n");
  const auto& record = std::get<RecordRule>(output_.rules.rules.at(0));
  EXPECT_EQ(record.metric, "job:up:sum");
  EXPECT_EQ(record.labels, (std::vector<std::pair<std::string, std::string>>{{"kind", "all"}, {"tier", "1"}}));
  EXPECT_EQ(record.expr_text, "sum by (job) (up)");
}

TEST_F(CompileTest, PassesReceiversOnWithTheirSecrets) {
  environment_.files["rules/hook.secret"] = "abc\n";
  environment_.variables["SLACK"] = "https://slack.example/x";
  environment_.files["rules/a.rules"] = R"(
receiver post is email {
  to "ops@example.org"; smarthost "mx:25"; require_tls false
  auth_password env("SLACK")
  limit 20 per 1h
}
receiver out is webhook { url "http://h/"; secret file("hook.secret"); timeout 5s }
receiver chat is slack { url env("SLACK"); channel "#alerts" }
)";
  Run({"rules/a.rules"});
  ASSERT_TRUE(output_.ok) << output_.Render();
  ASSERT_EQ(output_.rules.receivers.size(), 3u);
  const ReceiverSpec& mail = output_.rules.receivers[0];
  EXPECT_EQ(mail.name, "post");
  EXPECT_EQ(mail.kind, "email");
  EXPECT_EQ(mail.file, "rules/a.rules");
  EXPECT_EQ(mail.position, (Position{2, 10}));
  EXPECT_EQ(mail.limit->count, 20);
  EXPECT_EQ(mail.limit->per, kHourMs);
  ASSERT_EQ(mail.fields.size(), 4u);
  EXPECT_EQ(mail.fields[2].name, "require_tls");
  EXPECT_EQ(mail.fields[2].value, "false");
  EXPECT_EQ(mail.fields[3].value, "https://slack.example/x");
  EXPECT_EQ(mail.fields[3].position, (Position{4, 17}));
  EXPECT_EQ(output_.rules.receivers[1].fields[1].value, "abc");
  EXPECT_EQ(output_.rules.receivers[1].fields[2].value, "5s");
  EXPECT_EQ(output_.rules.receivers[2].fields[0].name, "api_url");
  EXPECT_EQ(output_.files_read, (std::vector<std::string>{"rules/a.rules", "rules/hook.secret"}));
}

TEST_F(CompileTest, UsesTheLevelsOfTheFile) {
  RunGood("levels low < high\nalert a { value up; raise high when == 0 }\n");
  EXPECT_EQ(output_.rules.levels, (std::vector<AlertLevel>{{"low", 1}, {"high", 2}}));
  EXPECT_EQ(Alert("a").raises.at(0).level.rank, 2);
}

TEST_F(CompileTest, LoadsIncludedFilesInTheirPlace) {
  environment_.files = {
      {"main.rules",
       "include \"lib.rules\"\ndefaults { cooldown 7m }\ninclude \"team/*.rules\"\nrecord last = $shared\n"},
      {"lib.rules", "let shared = up\nreceiver r is webhook { url \"http://x/\" }\ndefaults { cooldown 1h }\n"},
      {"team/a.rules", "include \"../lib.rules\"\nalert a { value $shared; raise high when == 0; notify r }\n"},
      {"team/b.rules", "alert b { value $shared; raise high when == 0; notify r }\n"}};
  Run({"team/a.rules", "team/b.rules", "main.rules"});
  ASSERT_EQ(output_.Render(), "");
  EXPECT_EQ(Names(), "a b last");
  EXPECT_EQ(Alert("a").policy->cooldown.first, 7 * kMinuteMs);
  EXPECT_EQ(output_.rules.receivers.size(), 1u);
  EXPECT_EQ(output_.files_read.size(), 4u);
}

TEST_F(CompileTest, KeepsLetsOfOtherFilesApart) {
  environment_.files = {{"a.rules", "let x = up\nrecord a = $x\n"}, {"b.rules", "let x = down\nrecord b = $x\n"}};
  Run({"a.rules", "b.rules"});
  ASSERT_EQ(output_.Render(), "");
  EXPECT_EQ(std::get<RecordRule>(output_.rules.rules.at(1)).expr_text, "down");
}

TEST_F(CompileTest, LetsAFileReplaceWhatAPackDefines) {
  input_.packs = {
      {"packs/p.rules",
       "receiver r is webhook { url \"http://pack/\" }\nlet x = up\ndefaults { cooldown 1m }\n"
       "record m = $x\nalert a { value $x; raise high when == 0 }\nalert b { value $x; raise high when == 0 }\n"}};
  RunGood(
      "receiver r is webhook { url \"http://user/\" }\nlet x = down\nrecord m{a=\"b\"} = 1 * $x\nalert a { value 2 * "
      "$x; raise high when == 0 }\n");
  EXPECT_EQ(Names(), "b m a");
  EXPECT_EQ(Alert("a").value_text, "2 * down");
  EXPECT_EQ(Alert("b").value_text, "down");
  EXPECT_EQ(Alert("b").policy->cooldown.first, kMinuteMs);
  EXPECT_EQ(Alert("a").policy->cooldown.first, 0);
  ASSERT_EQ(output_.rules.receivers.size(), 1u);
  EXPECT_EQ(output_.rules.receivers[0].fields.at(0).value, "http://user/");
}

TEST_F(CompileTest, GivesNothingWhenAnyFileIsWrong) {
  environment_.files = {{"a.rules", "alert a { value up; raise high when == 0 }\n"},
                        {"b.rules", "alert b { value }\n"}};
  Run({"a.rules", "b.rules"});
  EXPECT_FALSE(output_.ok);
  EXPECT_TRUE(output_.rules.rules.empty());
  EXPECT_TRUE(output_.rules.levels.empty());
}

TEST_F(CompileTest, SaysWhichFileCannotBeRead) {
  Run({"rules/missing.rules"});
  EXPECT_FALSE(output_.ok);
  EXPECT_EQ(output_.Render(), "rules/missing.rules:0:0: error: no such file\n");
}

TEST_F(CompileTest, RefusesFilesThatAreTooLarge) {
  environment_.files["a.rules"] = std::string(kMaxSourceBytes + 1, '\n');
  EXPECT_EQ(Run().Render(), "a.rules:0:0: error: the file is too large\n");
}

TEST_F(CompileTest, RefusesTooManyRules) {
  for (std::size_t i = 0; i <= kMaxRules; ++i)
    environment_.files["a.rules"] += "record m" + std::to_string(i) + " = up\n";
  EXPECT_EQ(Run().diagnostics.at(0).diagnostic.message, "20001 rules are more than 20000");
}

TEST_F(CompileTest, RefusesIncludesThatNestTooDeep) {
  for (int i = 0; i < 40; ++i) {
    environment_.files[std::to_string(i) + ".rules"] = "include \"" + std::to_string(i + 1) + ".rules\"\n";
  }
  Run({"0.rules"});
  ASSERT_EQ(output_.diagnostics.size(), 1u) << output_.Render();
  EXPECT_EQ(output_.diagnostics[0].diagnostic.message, "includes may be nested 16 deep");
}

TEST_F(CompileTest, ShowsNoMoreThanAThousandComplaints) {
  for (int i = 0; i < 1500; ++i) environment_.files["a.rules"] += "nonsense\n";
  Run();
  EXPECT_EQ(output_.diagnostics.size(), 1000u);
  EXPECT_NE(output_.diagnostics.back().diagnostic.message.find("(500 more are not shown)"), std::string::npos);
}

TEST_F(CompileTest, AcceptsTheExamplesOfTheDocumentation) {
  std::ifstream page("docs/rules.md");
  std::string rules;
  bool in_example = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      in_example = !in_example;
    } else if (in_example) {
      rules += line + "\n";
    }
  }
  input_.external_receivers.clear();
  environment_.files["hook.secret"] = "s";
  RunGood(rules);
  EXPECT_EQ(Names(), "memory_high app_silent root_disk data_disk instance:mem_used:ratio cpu_high");
}

TEST_F(CompileTest, RefusesOfTheSpecificationsExampleExactlyWhatIsNotEvaluatedYet) {
  std::stringstream text;
  text << std::ifstream("tests/unit/language/example.rules").rdbuf();
  environment_.files = {{"a.rules", text.str()}, {"hook.secret", "s"}};
  environment_.variables = {{"SLACK_WEBHOOK_URL", "https://x"}, {"PD_KEY", "k"}};
  input_.external_receivers.clear();
  Run();
  std::string found;
  for (const FileDiagnostic& entry : output_.diagnostics) {
    const auto& [severity, position, length, message] = entry.diagnostic;
    found += std::to_string(position.line) + " " + message.substr(0, message.find(';')) + "\n";
  }
  EXPECT_EQ(found,
            "6 this version does not send to \"pagerduty\" yet\n"
            "13 this version reads \"calendar\" but does not evaluate it yet\n"
            "19 this version reads \"flap\" but does not evaluate it yet\n"
            "23 this version reads \"attach\" but does not evaluate it yet\n"
            "34 this version reads \"attach\" but does not evaluate it yet\n"
            "37 this version reads \"test\" but does not evaluate it yet\n"
            "67 this version reads \"depends\" but does not evaluate it yet\n"
            "70 this version reads \"batch\" but does not evaluate it yet\n"
            "71 this version reads \"mute\" but does not evaluate it yet\n"
            "75 this version reads \"slo\" but does not evaluate it yet\n"
            "85 this version reads \"inhibit\" but does not evaluate it yet\n"
            "87 this version reads \"heartbeat\" but does not evaluate it yet\n");
}

}  // namespace
}  // namespace tickbird::language
