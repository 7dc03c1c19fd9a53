#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rules/promql/ast.h"
#include "rules/promql/parser.h"

namespace tickbird::promql {
namespace {

ReadSet ReadSetOfText(std::string_view text) {
  const auto expr = ParseExpr(text);
  EXPECT_TRUE(expr) << text;
  return expr ? ReadSetOf(**expr, 5 * kMinuteMs) : ReadSet{};
}

TEST(ReadSetOf, NamesTheMetricsOnceAndSorted) {
  const ReadSet set = ReadSetOfText("b / on(x) (a + b) > {__name__=~\"c|d\"}");
  EXPECT_EQ(set.metric_names, (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_FALSE(set.everything);
  EXPECT_FALSE(set.reads_clock);
}

TEST(ReadSetOf, IsEverythingWhenASelectorNamesNoMetric) {
  EXPECT_TRUE(ReadSetOfText("{job=\"x\"}").everything);
  EXPECT_TRUE(ReadSetOfText("sum({__name__=~\"node_.+\"})").everything);
  EXPECT_TRUE(ReadSetOfText("{__name__!=\"\"}").everything);
}

TEST(ReadSetOf, KnowsWhatChangesWithoutSamples) {
  EXPECT_TRUE(ReadSetOfText("time() - a").reads_clock);
  EXPECT_TRUE(ReadSetOfText("a and hour() > 8").reads_clock);
  EXPECT_TRUE(ReadSetOfText("vector(1)").reads_clock);
  EXPECT_TRUE(ReadSetOfText("absent(a)").reads_clock);
  EXPECT_FALSE(ReadSetOfText("timestamp(a)").reads_clock);
  EXPECT_FALSE(ReadSetOfText("hour(a)").reads_clock);
}

TEST(ReadSetOf, AddsUpWindowsOffsetsAndLookback) {
  EXPECT_EQ(ReadSetOfText("a").longest_window, 5 * kMinuteMs);
  EXPECT_EQ(ReadSetOfText("a offset 1h").longest_window, kHourMs + 5 * kMinuteMs);
  EXPECT_EQ(ReadSetOfText("rate(a[10m] offset 1m)").longest_window, 11 * kMinuteMs);
  EXPECT_EQ(ReadSetOfText("max_over_time(rate(a[10m])[1h:1m] offset 5m)").longest_window, 75 * kMinuteMs);
}

TEST(CheckSupported, IsSilentAboutWhatIsEvaluated) {
  const auto expr = ParseExpr("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 1 or absent(y)");
  ASSERT_TRUE(expr);
  EXPECT_TRUE(CheckSupported(**expr).empty());
}

TEST(CheckSupported, NamesEachPartThatIsNotEvaluatedWithItsPlace) {
  const auto expr = ParseExpr("info(a) + limitk(1, rate(b[5m] anchored))");
  ASSERT_TRUE(expr);
  const auto found = CheckSupported(**expr);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].message, "the function info() is understood but not evaluated by this version");
  EXPECT_EQ(found[0].position, (Position{1, 1}));
  EXPECT_EQ(found[1].message, "the aggregation limitk is understood but not evaluated by this version");
  EXPECT_EQ(found[1].position, (Position{1, 11}));
  EXPECT_EQ(found[2].message, "the modifier anchored is understood but not evaluated by this version");
  EXPECT_EQ(found[2].position, (Position{1, 26}));
}

}  // namespace
}  // namespace tickbird::promql
