#include "rules/language/parser.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace tickbird::language {
namespace {

struct Parsed {
  ast::File file;
  std::string complaints;
};

Parsed ParseText(std::string text) {
  Diagnostics diagnostics;
  const auto source = std::make_shared<const Source>("a.rules", std::move(text));
  Parsed parsed{.file = Parse(source, diagnostics)};
  for (const FileDiagnostic& entry : diagnostics.Take()) parsed.complaints += entry.Render();
  return parsed;
}

ast::File ParseGood(std::string text) {
  Parsed parsed = ParseText(std::move(text));
  EXPECT_EQ(parsed.complaints, "");
  return std::move(parsed.file);
}

template <class Node>
const Node& ItemAt(const std::vector<ast::Item>& items, std::size_t index) {
  return std::get<Node>(items.at(index).node);
}

template <class Node>
const Node& ClauseAt(const ast::Body& body, std::size_t index) {
  return std::get<Node>(body.clauses.at(index).node);
}

class ExampleOfTheSpecification : public ::testing::Test {
 protected:
  void SetUp() override {
    std::stringstream text;
    text << std::ifstream("tests/unit/language/example.rules").rdbuf();
    file_ = ParseGood(text.str());
    ASSERT_EQ(file_.items.size(), 19u);
  }
  ast::File file_;
};

TEST_F(ExampleOfTheSpecification, HasItsItemsInOrder) {
  std::vector<std::string> keywords;
  for (const ast::Item& item : file_.items) keywords.push_back(item.keyword);
  const std::vector<std::string> expected = {
      "levels", "receiver", "receiver", "receiver", "receiver", "policy", "calendar", "defaults", "let",      "alert",
      "test",   "template", "alert",    "alert",    "group",    "slo",    "inhibit",  "record",   "heartbeat"};
  EXPECT_EQ(keywords, expected);
}

TEST_F(ExampleOfTheSpecification, ReadsReceiversAndPolicies) {
  const auto& mail = ItemAt<ast::Receiver>(file_.items, 1);
  EXPECT_EQ(mail.kind.text, "email");
  EXPECT_EQ(mail.fields.at(0).value.text, "ops@example.org");
  EXPECT_EQ(mail.limits.at(0).count.value, 20);
  const auto& hook = ItemAt<ast::Receiver>(file_.items, 2);
  EXPECT_EQ(hook.fields.at(1).value.kind, ast::Literal::Kind::kCall);
  EXPECT_EQ(hook.fields.at(1).value.argument, "hook.secret");
  const auto& policy = ItemAt<ast::Policy>(file_.items, 5);
  ASSERT_EQ(policy.steps.steps.size(), 2u);
  EXPECT_EQ(policy.steps.steps[1].after.ms, 30 * kMinuteMs);
  EXPECT_EQ(policy.steps.steps[1].targets.at(0).arguments.at(0).text, "lead");
  EXPECT_EQ(policy.steps.steps[1].targets.at(1).receiver.text, "mail");
  EXPECT_EQ(policy.steps.loop->value, 2);
}

TEST_F(ExampleOfTheSpecification, ReadsTheAlert) {
  const auto& alert = ItemAt<ast::Alert>(file_.items, 9);
  EXPECT_EQ(alert.name.text, "memory_high");
  EXPECT_EQ(ClauseAt<ast::Value>(alert.body, 0).expression.text, "$mem_used");
  const auto& raise = ClauseAt<ast::Raise>(alert.body, 1);
  EXPECT_EQ(raise.level.text, "high");
  EXPECT_EQ(raise.when.comparison, ">");
  EXPECT_DOUBLE_EQ(raise.when.threshold.number, 0.85);
  EXPECT_EQ(raise.hold->for_ms, 2 * kMinuteMs);
  EXPECT_DOUBLE_EQ(raise.clear->threshold.number, 0.8);
  EXPECT_EQ(raise.clear_hold->for_ms, kMinuteMs);
  EXPECT_FALSE(ClauseAt<ast::Raise>(alert.body, 2).clear_hold.has_value());
  EXPECT_EQ(ClauseAt<ast::Attach>(alert.body, 5).expression.text, "process_resident_memory_bytes");
}

TEST_F(ExampleOfTheSpecification, ReadsTemplatesWithAnExpressionOverTwoLines) {
  const auto& disk = ItemAt<ast::Template>(file_.items, 11);
  ASSERT_EQ(disk.parameters.size(), 3u);
  EXPECT_FALSE(disk.parameters[0].value.has_value());
  EXPECT_DOUBLE_EQ(disk.parameters[2].value->number, 0.92);
  EXPECT_EQ(ClauseAt<ast::Value>(disk.body, 0).expression.text,
            "1 - node_filesystem_avail_bytes{device=$dev}\n          / node_filesystem_size_bytes{device=$dev}");
  EXPECT_EQ(ClauseAt<ast::Raise>(disk.body, 2).when.expression.text,
            "predict_linear(node_filesystem_avail_bytes{device=$dev}[1h], 4*3600) < 0");
  EXPECT_EQ(ClauseAt<ast::Raise>(disk.body, 2).hold->for_ms, 10 * kMinuteMs);
  EXPECT_EQ(ClauseAt<ast::Raise>(disk.body, 3).when.threshold.kind, ast::Literal::Kind::kVariable);
  EXPECT_EQ(ClauseAt<ast::Raise>(disk.body, 3).hold->of_m, 5);
  EXPECT_DOUBLE_EQ(ClauseAt<ast::Repeat>(disk.body, 4).growth->factor.value, 2);
  EXPECT_EQ(ItemAt<ast::Alert>(file_.items, 13).arguments.at(1).name.text, "crit");
}

TEST_F(ExampleOfTheSpecification, ReadsGroupsAndWhatIsNotEvaluatedYet) {
  const auto& group = ItemAt<ast::Group>(file_.items, 14);
  EXPECT_EQ(group.every->ms, 500);
  ASSERT_EQ(group.items.size(), 2u);
  const auto& slow = ItemAt<ast::Alert>(group.items, 1);
  EXPECT_EQ(ClauseAt<ast::Depends>(slow.body, 0).by.at(0).text, "instance");
  EXPECT_EQ(ClauseAt<ast::Batch>(slow.body, 3).wait->ms, 10 * kSecondMs);
  EXPECT_EQ(ClauseAt<ast::Mute>(slow.body, 4).during.text, "nights");

  const auto& calendar = ItemAt<ast::Calendar>(file_.items, 6);
  ASSERT_EQ(calendar.periods.size(), 2u);
  EXPECT_EQ(calendar.periods[0].last_day->text, "fri");
  EXPECT_EQ(calendar.periods[0].to, "07:00");
  EXPECT_EQ(calendar.zone->text, "Europe/Athens");

  const auto& test = ItemAt<ast::Test>(file_.items, 10);
  ASSERT_EQ(test.checks.size(), 9u);
  EXPECT_EQ(std::get<ast::Test::Series>(test.checks[1].node).selector.text, "{instance=\"a\"}");
  EXPECT_EQ(std::get<ast::Test::ExpectAt>(test.checks[4].node).to.size(), 2u);
  EXPECT_EQ(std::get<ast::Test::Backtest>(test.checks[8].node).comparison, "<=");

  const auto& slo = ItemAt<ast::Slo>(file_.items, 15);
  EXPECT_DOUBLE_EQ(ClauseAt<ast::Objective>(slo.body, 0).share.value, 0.999);
  EXPECT_EQ(ClauseAt<ast::Burn>(slo.body, 3).rates.at(1).in.ms, 6 * kHourMs);
  EXPECT_EQ(ItemAt<ast::Inhibit>(file_.items, 16).source.text, "{severity=\"critical\"}");
  EXPECT_EQ(ItemAt<ast::Record>(file_.items, 17).metric.text, "instance:mem_used:ratio");
  EXPECT_EQ(ItemAt<ast::Heartbeat>(file_.items, 18).every->ms, kMinuteMs);
}

/// The expressions of `value` clauses, one a line.
TEST(Expressions, EndWhereTheSpecificationSays) {
  const struct {
    std::string source;
    std::string expression;
  } kCases[] = {
      {"value up", "up"},
      {"value up; cooldown 5m", "up"},
      {"value up # of the job", "up"},
      {"value up }", "up"},
      {"value up{a=\"}\"} }", "up{a=\"}\"}"},
      {"value up{a=\"x;y\", b='for', c=`#`}; cooldown 5m", "up{a=\"x;y\", b='for', c=`#`}"},
      {"value sum(\n  up\n)\ncooldown 5m", "sum(\n  up\n)"},
      {"value sum(  # all\n  up)  # of them\ncooldown 5m", "sum(  # all\n  up)"},
      {"value a\n  / b\ncooldown 5m", "a\n  / b"},
      {"value a # first\n\n  # then\n  and b\ncooldown 5m", "a # first\n\n  # then\n  and b"},
      {"value a\n  UNLESS b", "a\n  UNLESS b"},
      {"value a -\n  b\ncooldown 5m", "a -\n  b"},
      {"value a or\n  b\ncooldown 5m", "a or\n  b"},
      {"value forest + clearing\ncooldown 5m", "forest + clearing"},
      {"value sum(clear, for)\ncooldown 5m", "sum(clear, for)"},
      {"value a\ncooldown 5m", "a"},
  };
  for (const auto& one : kCases) {
    const ast::File file = ParseText("alert a {\n" + one.source + "\n}\n").file;
    ASSERT_EQ(file.items.size(), 1u) << one.source;
    EXPECT_EQ(ClauseAt<ast::Value>(ItemAt<ast::Alert>(file.items, 0).body, 0).expression.text, one.expression);
  }
}

TEST(Expressions, EndBeforeForAndClear) {
  const ast::File file = ParseGood("alert a {\n  raise high when a > 1 for 5m clear when b{for=\"x\"} < 1 for 1m\n}\n");
  const auto& raise = ClauseAt<ast::Raise>(ItemAt<ast::Alert>(file.items, 0).body, 0);
  EXPECT_EQ(raise.when.expression.text, "a > 1");
  EXPECT_EQ(raise.hold->for_ms, 5 * kMinuteMs);
  EXPECT_EQ(raise.clear->expression.text, "b{for=\"x\"} < 1");
  EXPECT_EQ(raise.clear_hold->for_ms, kMinuteMs);
}

TEST(Raise, MayGoOnInTheNextLine) {
  const ast::File file = ParseGood(
      "alert a {\n  raise high when > 85%\n    for 2m\n    clear when < 80%\n    for 1m\n  raise info when > 1\n}\n");
  const auto& body = ItemAt<ast::Alert>(file.items, 0).body;
  ASSERT_EQ(body.clauses.size(), 2u);
  EXPECT_EQ(ClauseAt<ast::Raise>(body, 0).clear_hold->for_ms, kMinuteMs);
}

TEST(Quantities, AreLiterals) {
  const struct {
    std::string written;
    double number;
  } kCases[] = {{"85%", 0.85},        {"99.9%", 0.999},       {"300ms", 0.3},    {"1h30m", 5400}, {"512MiB", 536870912},
                {"512MB", 536870912}, {"1.5GiB", 1610612736}, {"100B", 100},     {"12", 12},      {"-5", -5},
                {"-12.5%", -0.125},   {"1e3", 1000},          {"2.5e-3", .0025}, {"0", 0},        {"3KB", 3072}};
  for (const auto& one : kCases) {
    const ast::File file = ParseGood("alert a {\n  raise high when > " + one.written + " for 1m\n}\n");
    const auto& threshold = ClauseAt<ast::Raise>(ItemAt<ast::Alert>(file.items, 0).body, 0).when.threshold;
    EXPECT_DOUBLE_EQ(threshold.number, one.number) << one.written;
    EXPECT_EQ(threshold.text, one.written);
  }
}

TEST(Strings, ResolveEscapesAndMaySpanLinesInBackQuotes) {
  const ast::File file = ParseGood("alert a {\n  summary \"a \\\"b\\\" \\\\ \\n\"\n  detail `two\n\"lines\"`\n}\n");
  const auto& body = ItemAt<ast::Alert>(file.items, 0).body;
  EXPECT_EQ(ClauseAt<ast::Prose>(body, 0).text.text, "a \"b\" \\ \n");
  EXPECT_EQ(ClauseAt<ast::Prose>(body, 1).text.text, "two\n\"lines\"");
}

TEST(Parse, ReadsOneLineBlocksCarriageReturnsAndAByteOrderMark) {
  const ast::File file = ParseGood(
      "\xEF\xBB\xBF"
      "alert a { value up; raise high when == 0 }\r\nlet x = up\r\n");
  ASSERT_EQ(file.items.size(), 2u);
  EXPECT_EQ(ItemAt<ast::Alert>(file.items, 0).body.clauses.size(), 2u);
  EXPECT_EQ(ItemAt<ast::Let>(file.items, 1).expression.text, "up");
}

TEST(Parse, ReadsDottedFieldsOfReceivers) {
  const ast::File file =
      ParseGood("receiver r is email {\n  headers.Reply-To \"a@b\"\n  group \"x\"\n  send_resolved true\n}\n");
  const auto& receiver = ItemAt<ast::Receiver>(file.items, 0);
  EXPECT_EQ(receiver.fields.at(0).name.text, "headers.Reply-To");
  EXPECT_EQ(receiver.fields.at(1).name.text, "group");
  EXPECT_EQ(receiver.fields.at(2).value.text, "true");
}

TEST(Parse, KeepsWhatIsGoodBesideWhatIsNot) {
  const Parsed parsed = ParseText("alert a {\n  raize\n  value up\n}\nnonsense { a; b { c } }\nlet x = up\n");
  EXPECT_NE(parsed.complaints, "");
  ASSERT_EQ(parsed.file.items.size(), 2u);
  EXPECT_TRUE(ItemAt<ast::Alert>(parsed.file.items, 0).body.damaged);
  EXPECT_EQ(ItemAt<ast::Alert>(parsed.file.items, 0).body.clauses.size(), 1u);
}

TEST(Parse, RefusesGroupsThatNestTooDeep) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "group g {\n";
  EXPECT_NE(ParseText(text).complaints.find("groups may be nested 16 deep"), std::string::npos);
}

}  // namespace
}  // namespace tickbird::language
