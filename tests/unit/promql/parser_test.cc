#include "rules/promql/parser.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "rules/promql/ast.h"
#include "rules/promql/function_table.h"

namespace tickbird::promql {
namespace {

ExprPtr MustParse(std::string_view text, const ParseOptions& options = {}) {
  auto expr = ParseExpr(text, options);
  if (!expr) {
    ADD_FAILURE() << text << ": " << expr.error().ToError().ToString();
    return nullptr;
  }
  return *expr;
}

struct FormatCase {
  const char* text;
  const char* formatted;
};

TEST(Format, GivesTheCanonicalTextAndReadsBackToItself) {
  const FormatCase kCases[] = {
      {"foo", "foo"},
      {" 1 ", "1"},
      {"- 1", "-1"},
      {"1m", "1m"},
      {"'a\"b'", "\"a\\\"b\""},
      {"foo{b='2',a=\"1\",}", "foo{a=\"1\",b=\"2\"}"},
      {"{\"my.metric\", job!~`a|b`}", "{\"my.metric\",job!~\"a|b\"}"},
      {"{\"label.x\"='y'}", "{\"label.x\"=\"y\"}"},
      {"{\"on\"}", "{\"on\"}"},
      {"{\"up\"}", "up"},
      {"foo[300]", "foo[5m]"},
      {"foo[5m] @ 10 offset -1h", "foo[5m] @ 10.000 offset -1h"},
      {"foo offset 1h30m @ end()", "foo @ end() offset 1h30m"},
      {"foo[5m + step()]", "foo[5m + step()]"},
      {"foo offset (2*1m)", "foo offset (2 * 1m)"},
      {"foo[max_of(1m,min_of(range(),5))]", "foo[max_of(1m, min_of(range(), 5))]"},
      {"rate(foo[5m])[1h:]", "rate(foo[5m])[1h:]"},
      {"rate(foo[5m])[1h:30s] offset 1m", "rate(foo[5m])[1h:30s] offset 1m"},
      {"foo[5m] smoothed offset 1m", "foo[5m] smoothed offset 1m"},
      {"SUM(foo) BY (a,b)", "sum by (a, b) (foo)"},
      {"sum without() (foo)", "sum without () (foo)"},
      {"sum(foo) by ()", "sum(foo)"},
      {"topk by (a) (3, foo)", "topk by (a) (3, foo)"},
      {"count_values('v', foo)", "count_values(\"v\", foo)"},
      {"a+b*c^d^e", "a + b * c ^ d ^ e"},
      {"a and on(x) b", "a and on (x) b"},
      {"a >bool b", "a > bool b"},
      {"a / on(x) group_left b", "a / on (x) group_left () b"},
      {"a * ignoring(y) group_right(z) b", "a * ignoring (y) group_right (z) b"},
      {"a + fill(0) b", "a + fill (0) b"},
      {"a + on(x) fill_left(1) fill_right(-Inf) b", "a + on (x) fill_left (1) fill_right (-Inf) b"},
      {"a </ 5", "a </ 5"},
      {"-(a)", "-(a)"},
      {"-a^2", "-a ^ 2"},
      {"sum", "sum"},
      {"and{offset='1'} and or", "and{offset=\"1\"} and or"},
      {"time() atan2 pi()", "time() atan2 pi()"},
      {"sum(rate(x[5m])) by (\"my.label\")", "sum by (\"my.label\") (rate(x[5m]))"},
      {"info(a, {b='1'})", "info(a, {b=\"1\"})"},
      {"foo offset -2 ^ 2", "foo offset -2s ^ 2"},
  };
  for (const FormatCase& c : kCases) {
    const ExprPtr expr = MustParse(c.text);
    if (!expr) continue;
    EXPECT_EQ(Format(*expr), c.formatted) << c.text;
    const ExprPtr again = MustParse(c.formatted);
    if (again) EXPECT_EQ(Format(*again), c.formatted);
  }
}

/// Every operation in its own parentheses, to see what binds how.
std::string Grouped(const Expr& expr) {
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    return "[" + Grouped(*binary->lhs) + " " + std::string(BinaryOpText(binary->op)) + " " + Grouped(*binary->rhs) +
           "]";
  }
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) return "[-" + Grouped(*unary->operand) + "]";
  return Format(expr);
}

TEST(ParseExpr, BindsOperatorsAsPrometheusDoes) {
  const FormatCase kCases[] = {
      {"a + b * c", "[a + [b * c]]"},
      {"a - b - c", "[[a - b] - c]"},
      {"a ^ b ^ c", "[a ^ [b ^ c]]"},
      {"-a ^ b", "[-[a ^ b]]"},
      {"-a * b", "[[-a] * b]"},
      {"a ^ -b * c", "[[a ^ [-b]] * c]"},
      {"a or b and c unless d", "[a or [[b and c] unless d]]"},
      {"a > b + c == d", "[[a > [b + c]] == d]"},
      {"a atan2 b % c", "[[a atan2 b] % c]"},
      {"a + b offset 5m", "[a + b offset 5m]"},
  };
  for (const FormatCase& c : kCases) {
    const ExprPtr expr = MustParse(c.text);
    if (expr) EXPECT_EQ(Grouped(*expr), c.formatted) << c.text;
  }
}

TEST(ParseExpr, KnowsTheTypeOfEachExpression) {
  EXPECT_EQ(TypeOf(*MustParse("1 + time()")), ValueType::kScalar);
  EXPECT_EQ(TypeOf(*MustParse("1 + foo")), ValueType::kVector);
  EXPECT_EQ(TypeOf(*MustParse("scalar(foo)")), ValueType::kScalar);
  EXPECT_EQ(TypeOf(*MustParse("(foo[5m])")), ValueType::kMatrix);
  EXPECT_EQ(TypeOf(*MustParse("'text'")), ValueType::kString);
  EXPECT_EQ(TypeOf(*MustParse("sum(foo)[5m:]")), ValueType::kMatrix);
}

TEST(ParseExpr, ComputesDurationsThatNeedNoQuery) {
  const auto range_of = [](std::string_view text) {
    const ExprPtr expr = MustParse(text);
    return expr ? std::get<MatrixSelector>(expr->node).range.ms : -1;
  };
  EXPECT_EQ(range_of("x[5m]"), 300'000);
  EXPECT_EQ(range_of("x[60*30]"), 1'800'000);
  EXPECT_EQ(range_of("x[24m+((1.5*2m)+2m)]"), 29 * 60'000);
  EXPECT_EQ(range_of("x[-2^2+5]"), 1000);
  EXPECT_EQ(range_of("x[29ms]"), 29);
  EXPECT_TRUE(std::get<MatrixSelector>(MustParse("x[2*step()]")->node).range.needs_query);
}

TEST(ParseExpr, RemembersWhereEachPartStood) {
  const ExprPtr expr = MustParse("sum(\n  rate(foo[5m])\n) / 2");
  ASSERT_TRUE(expr);
  EXPECT_EQ(expr->span.position, (Position{1, 1}));
  const auto& sum = std::get<AggregateExpr>(std::get<BinaryExpr>(expr->node).lhs->node);
  EXPECT_EQ(sum.operand->span.position, (Position{2, 3}));
  const auto& rate = std::get<CallExpr>(sum.operand->node);
  EXPECT_EQ(rate.args[0]->span.position, (Position{2, 8}));
  EXPECT_EQ(rate.args[0]->span.length, 7);
}

class Variables : public ::testing::Test {
 protected:
  ParseOptions Options() {
    ParseOptions options;
    options.variable = [this](std::string_view name) -> Result<ExprPtr> {
      const auto found = trees_.find(std::string(name));
      if (found == trees_.end()) return Error{ErrorCode::kNotFound, "no let or parameter of that name"};
      return found->second;
    };
    return options;
  }
  std::map<std::string, ExprPtr> trees_;
};

TEST_F(Variables, AreSubstitutedAsTreesNeverAsText) {
  trees_["used"] = MustParse("a + b");
  trees_["dev"] = MustParse("\"vda1\"");
  trees_["window"] = MustParse("1h");
  EXPECT_EQ(Format(*MustParse("$used * 2", Options())), "(a + b) * 2");
  EXPECT_EQ(Format(*MustParse("rate(x{device=$dev,m!~$dev}[$window])", Options())),
            "rate(x{device=\"vda1\",m!~\"vda1\"}[1h])");
  EXPECT_EQ(Format(*MustParse("x[$window / 2 : $window]", Options())), "x[1h / 2:1h]");
}

TEST_F(Variables, OfTheWrongKindAreErrorsAtTheVariable) {
  trees_["used"] = MustParse("a + b");
  trees_["many"] = MustParse("a");
  const auto error_of = [this](std::string_view text) {
    const auto expr = ParseExpr(text, Options());
    return expr ? std::string("none") : expr.error().ToError().ToString();
  };
  EXPECT_EQ(error_of("x{a=$used}"), "1:5: $used must be a string to stand as a label's value");
  EXPECT_EQ(error_of("x[$used]"), "1:3: $used must be a duration to stand in a range");
  EXPECT_EQ(error_of("1 + $nothing"), "1:5: no let or parameter of that name");
}

TEST_F(Variables, CannotMakeATreeExplode) {
  trees_["v"] = MustParse("a + a");
  for (int i = 0; i < 14; ++i) trees_["v"] = MustParse("$v + $v", Options());
  EXPECT_EQ(ParseExpr("$v + $v", Options()).error().ToError().message, "the expression has more than 100000 parts");
}

TEST(FunctionTable, HoldsTheNinetyFunctionsInOrder) {
  const auto all = AllFunctions();
  EXPECT_EQ(all.size(), 90u);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].name, all[i].name);
  for (const FunctionInfo& info : all) EXPECT_EQ(FindFunction(info.name), &info);
  EXPECT_EQ(FindFunction("Rate"), nullptr);
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& info) { return info.experimental; }), 17);
}

}  // namespace
}  // namespace tickbird::promql
