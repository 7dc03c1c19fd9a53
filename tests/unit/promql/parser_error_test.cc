#include <string>

#include <gtest/gtest.h>

#include "rules/promql/ast.h"
#include "rules/promql/parser.h"

namespace tickbird::promql {
namespace {

struct ErrorCase {
  std::string text;
  int line;
  int column;
  const char* message;
};

void ExpectErrors(std::initializer_list<ErrorCase> cases) {
  for (const ErrorCase& c : cases) {
    const auto expr = ParseExpr(c.text);
    if (expr) {
      ADD_FAILURE() << c.text << " was accepted";
      continue;
    }
    const Diagnostic& first = expr.error().diagnostics.front();
    EXPECT_EQ(first.message, c.message) << c.text;
    EXPECT_EQ(first.position, (Position{c.line, c.column})) << c.text;
    EXPECT_GE(first.length, 1);
  }
}

TEST(ParseExpr, SaysWhereTheSyntaxIsWrongAndWhatWasExpected) {
  ExpectErrors({
      {"", 1, 1, "no expression found: the text is empty"},
      {"# only a comment", 1, 17, "no expression found: the text is empty"},
      {"1 +", 1, 4, "unexpected end of the expression: expected an expression"},
      {"1 + * 2", 1, 5, "unexpected \"*\": expected an expression"},
      {"(1 + 2", 1, 7, "unexpected end of the expression: expected \")\" to close the \"(\" at 1:1"},
      {"a b", 1, 3, "unexpected \"b\": expected an operator or the end of the expression"},
      {"sum(\n  foo\n", 3, 1,
       "unexpected end of the expression: expected \",\" or \")\" to close the \"(\" of sum at 1:4"},
      {"foo{", 1, 5, "unexpected end of the expression: expected a label name or \"}\""},
      {"foo{a}", 1, 6, "unexpected \"}\": expected one of = != =~ !~ after the label \"a\""},
      {"foo{a==\"b\"}", 1, 6, "unexpected \"==\": expected one of = != =~ !~ after the label \"a\""},
      {"foo{a=b}", 1, 7, "unexpected \"b\": expected a string in quotes"},
      {"foo{a=\"b\"", 1, 10, "unexpected end of the expression: expected \",\" or \"}\" to close the selector at 1:1"},
      {"foo{a=\"b}", 1, 7, "unterminated string: expected the closing \""},
      {"foo[5m", 1, 7, "unexpected end of the expression: expected \"]\" or \":\" and the step of a subquery"},
      {"foo[]", 1, 5, "unexpected \"]\": expected a duration such as 5m"},
      {"foo offset", 1, 11, "unexpected end of the expression: expected a duration such as 5m"},
      {"foo @ now()", 1, 7, "unexpected \"now\": expected a Unix time in seconds, start() or end()"},
      {"foo ! bar", 1, 5, "unexpected \"!\": write != or !~"},
      {"foo = 1", 1, 5, "unexpected \"=\": expected an operator or the end of the expression"},
      {"foo.bar", 1, 4, "unexpected character \".\": names with such characters are written {\"name\"}"},
      {"$x + 1", 1, 1, "unexpected \"$\": variables exist in the rule language only"},
      {"a + on b", 1, 8, "unexpected \"b\": expected \"(\" and the labels of on(...)"},
      {"a + group_left b", 1, 5, "unexpected \"group_left\": expected on(...) or ignoring(...) before group_left"},
      {"rate(foo[5m],)", 1, 14, "unexpected \")\": expected another argument of rate after the comma"},
      {"sum by a (foo)", 1, 8, "unexpected \"a\": expected \"(\" and the labels to group by"},
      {"5x", 1, 1,
       "bad number or duration \"5x\": numbers are written 1.5, 1e3 or 0x1F, durations 90s, 1h30m or 250ms"},
      {"foo[1.5h]", 1, 5,
       "bad number or duration \"1.5h\": numbers are written 1.5, 1e3 or 0x1F, durations 90s, 1h30m or 250ms"},
      {"\"\\q\"", 1, 1,
       "bad escape \"\\\\q\" in a string: known are \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\' \\123 \\x1f \\u1234 "
       "\\U00012345; a raw string is written `...`"},
  });
}

TEST(ParseExpr, NamesTheNearestKnownFunction) {
  ExpectErrors({
      {"rat(foo[5m])", 1, 1, "unknown function \"rat\" (did you mean \"rate\"?)"},
      {"1 + Rate(foo[5m])", 1, 5, "unknown function \"Rate\" (did you mean \"rate\"?)"},
      {"coun(foo)", 1, 1, "unknown function \"coun\" (did you mean \"count\"?)"},
      {"holt_winters(foo[5m], 1, 1)", 1, 1,
       "unknown function \"holt_winters\": it is called double_exponential_smoothing now"},
      {"frobnicate(foo)", 1, 1, "unknown function \"frobnicate\""},
  });
}

TEST(ParseExpr, ChecksTypesAndModifiers) {
  ExpectErrors({
      {"rate(foo)", 1, 6,
       "expected type range vector in call to function \"rate\", got instant vector (add a range such as [5m])"},
      {"abs(1)", 1, 5, "expected type instant vector in call to function \"abs\", got scalar"},
      {"clamp(foo, 1)", 1, 1, "expected 3 arguments in call to \"clamp\", got 2"},
      {"time(1)", 1, 1, "expected 0 arguments in call to \"time\", got 1"},
      {"round(foo, 1, 2)", 1, 1, "expected at most 2 arguments in call to \"round\", got 3"},
      {"label_join(foo)", 1, 1, "expected at least 3 arguments in call to \"label_join\", got 1"},
      {"1 > 2", 1, 3, "comparisons between scalars must use the bool modifier: write \"> bool\""},
      {"1 + bool 2", 1, 3, "bool modifier can only be used on comparison operators"},
      {"1 and foo", 1, 3,
       "set operator \"and\" not allowed in binary scalar expression: both sides must be instant vectors"},
      {"foo[5m] + 1", 1, 9, "binary expression must contain only scalar and instant vector types, got range vector"},
      {"-'x'", 1, 1, "unary expression only allowed on expressions of type scalar or instant vector, got string"},
      {"foo + on(a) 1", 1, 5, "vector matching only allowed between instant vectors"},
      {"a + on(x) group_left(x) b", 1, 3, "label \"x\" must not occur in ON and GROUP clause at once"},
      {"a and on(x) group_left b", 1, 13, "no grouping allowed for \"and\" operation"},
      {"a or fill(0) b", 1, 3, "filling in missing series is not allowed for \"or\""},
      {"sum(1)", 1, 1, "expected type instant vector in aggregation expression, got scalar"},
      {"topk(foo)", 1, 1,
       "wrong number of arguments for aggregation \"topk\": expected 2, got 1 (write topk(parameter, vector))"},
      {"topk('x', foo)", 1, 1, "expected type scalar as the parameter of \"topk\", got string"},
      {"1[5m:]", 1, 1, "subquery is only allowed on instant vector, got scalar instead"},
      {"sum(foo)[5m]", 1, 9, "ranges only allowed for vector selectors: for a subquery write [range:step]"},
      {"foo offset 5m [5m]", 1, 15, "no offset modifier allowed before a range: write it after the range"},
      {"foo offset 5m offset 6m", 1, 15, "offset may not be set multiple times"},
      {"foo @ 1 @ 2", 1, 9, "@ <timestamp> may not be set multiple times"},
      {"sum(foo) offset 5m", 1, 10,
       "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
      {"foo @ Inf", 1, 7, "timestamp out of bounds for @ modifier"},
      {"foo @ 1e13", 1, 7, "timestamp out of bounds for @ modifier"},
      {"foo offset 1e10", 1, 12, "duration out of range"},
      {"foo[0s]", 1, 5, "duration must be greater than 0"},
      {"foo[5m-5m]", 1, 5, "duration must be greater than 0"},
      {"foo[5m/0]", 1, 5, "division by zero"},
      {"{}", 1, 1,
       "vector selector must contain at least one non-empty matcher, so that it does not select every series"},
      {"{a=~\".*\"}", 1, 1,
       "vector selector must contain at least one non-empty matcher, so that it does not select every series"},
      {"foo{__name__=\"bar\"}", 1, 5, "metric name must not be set twice: \"foo\" or \"bar\""},
      {"foo{\"bar\"}", 1, 5, "metric name must not be set twice: \"foo\" or \"bar\""},
  });
}

TEST(ParseExpr, ReportsABadRegularExpressionAtItsString) {
  const auto expr = ParseExpr("foo{a=~\"(\"}");
  ASSERT_FALSE(expr);
  EXPECT_EQ(expr.error().diagnostics[0].position, (Position{1, 8}));
  EXPECT_EQ(expr.error().diagnostics[0].length, 3);
}

TEST(ParseExpr, FindsSeveralTypeErrorsInOneRun) {
  const auto expr = ParseExpr("rate(foo) + abs(1)");
  ASSERT_FALSE(expr);
  ASSERT_EQ(expr.error().diagnostics.size(), 2u);
  EXPECT_EQ(expr.error().diagnostics[1].position, (Position{1, 17}));
}

TEST(ParseExpr, RefusesToNestWithoutEnd) {
  const std::string deep(10'000, '(');
  EXPECT_EQ(ParseExpr(deep).error().diagnostics[0].message, "the expression nests deeper than 400 levels");
  std::string wide = "a";
  for (int i = 0; i < 10'000; ++i) wide += "+a";
  EXPECT_EQ(ParseExpr(wide).error().diagnostics[0].message, "the expression nests deeper than 400 levels");
  EXPECT_FALSE(ParseExpr(std::string(10'000, '-') + "a"));
  EXPECT_FALSE(ParseExpr("a[" + std::string(10'000, '(') + "1"));
  std::string durations = "a[1";
  for (int i = 0; i < 10'000; ++i) durations += "+1";
  EXPECT_FALSE(ParseExpr(durations + "]"));
}

}  // namespace
}  // namespace tickbird::promql
