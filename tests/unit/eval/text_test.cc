#include "rules/eval/text.h"

#include <gtest/gtest.h>

#include "rules/eval/condition.h"

namespace tickbird::rules {
namespace {

std::string Expand(std::string_view text, double value = 0.873, std::string_view unit = "") {
  static const Labels labels{{"instance", "a"}, {"device", "{value}"}};
  const auto parsed = TextTemplate::Parse(text);
  if (!parsed) return "error: " + parsed.error().ToString();
  return parsed->Expand({.labels = labels, .value = value, .unit = unit, .level = "high", .since = 0, .now = 125'000});
}

TEST(TextTemplate, FillsInFields) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"no fields", "no fields"},
      {"Memory at {value:percent} on {instance}", "Memory at 87.3% on a"},
      {"{value}", "0.873"},
      {"{value:.1f}", "0.9"},
      {"{value:.0f}{value:.3f}", "10.873"},
      {"{level} since {since}", "high since 1970-01-01T00:00:00Z"},
      {"for {since:duration}", "for 2m 5s"},
      {"[{nothing}]", "[]"},
      {"{{value}} }}{{", "{value} }{"},
      {"{device}", "{value}"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Expand(text), expected) << text;
}

TEST(TextTemplate, WritesValuesByUnitAndFormat) {
  EXPECT_EQ(Expand("{value}", 0.25, "percent"), "25%");
  EXPECT_EQ(Expand("{value}", 1536, "bytes"), "1.5 KiB");
  EXPECT_EQ(Expand("{value}", 0.32, "seconds"), "320ms");
  EXPECT_EQ(Expand("{value:bytes}", 1 << 20, "percent"), "1 MiB");
  EXPECT_EQ(Expand("{value:duration}", 125), "2m 5s");
  EXPECT_EQ(Expand("{value:duration}", -1.5), "-1.5s");
  EXPECT_EQ(Expand("{value:duration}", 0.00025), "250us");
  EXPECT_EQ(Expand("{value:duration}", 0), "0s");
  EXPECT_EQ(Expand("{value:.2f} {value:duration}", std::numeric_limits<double>::infinity()), "+Inf +Infs");
}

TEST(TextTemplate, NamesTheColumnOfAFault) {
  const std::pair<const char*, const char*> cases[] = {
      {"a } b", "1:3: '}' without '{'; write }} for a brace"},
      {"on {instance", "1:4: '{' is not closed; write {{ for a brace"},
      {"line\n{x {y}", "2:1: '{' is not closed; write {{ for a brace"},
      {"{}", "1:2: \"\" is not a field: write value, level, since or the name of a label"},
      {"{in stance}", "1:2: \"in stance\" is not a field: write value, level, since or the name of a label"},
      {"{value:precent}",
       "1:2: unknown format \"precent\" (did you mean \"percent\"?): write .0f to .9f, percent, duration or bytes"},
      {"{value:.10f}", "1:2: unknown format \".10f\": write .0f to .9f, percent, duration or bytes"},
      {"{instance:bytes}", "1:2: format \"bytes\" does not fit here: only {value} takes formats, and {since:duration}"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Expand(text), std::string("error: ") + expected) << text;
}

TEST(TextTemplate, ShowsALiteralAsItIs) {
  const Labels labels;
  EXPECT_EQ(TextTemplate::Literal("{broken").Expand({.labels = labels}), "{broken");
}

TEST(ConditionText, ReadsAsWritten) {
  RaiseClause clause;
  clause.when.text = "> 85%";
  EXPECT_EQ(ConditionText(clause), "> 85%");
  clause.hold.for_ms = 2 * kMinuteMs;
  EXPECT_EQ(ConditionText(clause), "> 85% for 2m");
  clause.hold = {.n = 4, .of_m = 5};
  EXPECT_EQ(ConditionText(clause), "> 85% for 4 of 5");
  EXPECT_EQ(NoDataText({.after = 5 * kSecondMs}), "no data for 5s");
}

TEST(Compare, IsFalseForNanButForNotEqual) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  using enum Comparison;
  for (const Comparison comparison : {kGreater, kGreaterEqual, kLess, kLessEqual, kEqual}) {
    EXPECT_FALSE(Compare(nan, comparison, 0));
  }
  EXPECT_TRUE(Compare(nan, kNotEqual, 0));
  EXPECT_TRUE(Compare(1, kGreaterEqual, 1));
  EXPECT_TRUE(Compare(1, kLessEqual, 1));
  EXPECT_FALSE(Compare(1, kGreater, 1));
  EXPECT_FALSE(Compare(1, kLess, 1));
}

}  // namespace
}  // namespace tickbird::rules
