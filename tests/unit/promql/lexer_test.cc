#include "rules/promql/lexer.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tickbird::promql {
namespace {

std::vector<std::string> Texts(std::string_view text) {
  std::vector<std::string> texts;
  for (const Token& token : Tokenize(text)) texts.emplace_back(token.text);
  return texts;
}

TEST(Tokenize, SplitsOperatorsNamesAndLiterals) {
  EXPECT_EQ(Texts("a:b{c!~\"x}\"}[5m:1m] >= bool -1e-3 # note"),
            (std::vector<std::string>{"a:b", "{", "c", "!~", "\"x}\"", "}", "[", "5m", ":", "1m", "]", ">=", "bool",
                                      "-", "1e-3", ""}));
}

TEST(Tokenize, TakesAColonForANameOnlyOutsideOfBracketsAndBraces) {
  EXPECT_EQ(Texts(":a:"), (std::vector<std::string>{":a:", ""}));
  EXPECT_EQ(Texts("[a:b]"), (std::vector<std::string>{"[", "a", ":", "b", "]", ""}));
}

TEST(Tokenize, StopsAtWhatItCannotRead) {
  const auto tokens = Tokenize("a \xe2\x82\xac b");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[1].kind, TokenKind::kError);
  EXPECT_EQ(tokens[1].offset, 2u);
  EXPECT_EQ(tokens[1].text, "\xe2\x82\xac");
}

TEST(ParseNumberLiteral, ReadsWhatPrometheusReads) {
  const struct {
    const char* text;
    double value;
  } kCases[] = {{"1", 1},        {"1.5", 1.5},        {".5", .5},    {"2.", 2},      {"1e3", 1000},
                {"1E-3", 0.001}, {"010", 8},          {"09", 9},     {"0x1F", 31},   {"1_000", 1000},
                {"0x_1", NAN},   {"1_000.5", 1000.5}, {"0777", 511}, {"1e+3", 1000}, {"0", 0}};
  for (const auto& c : kCases) {
    const auto value = ParseNumberLiteral(c.text);
    if (std::isnan(c.value)) {
      EXPECT_FALSE(value) << c.text;
    } else {
      ASSERT_TRUE(value) << c.text;
      EXPECT_EQ(*value, c.value) << c.text;
    }
  }
  EXPECT_TRUE(std::isinf(ParseNumberLiteral("iNf").value_or(0)));
  EXPECT_TRUE(std::isnan(ParseNumberLiteral("nAn").value_or(0)));
  for (const char* bad : {"", "1__0", "1_", "0xAm", "0x1.5", "e5", ".", "1e", "5m"})
    EXPECT_FALSE(ParseNumberLiteral(bad)) << bad;
}

TEST(ParseStringLiteral, ResolvesEscapesAsGoDoes) {
  const struct {
    const char* text;
    std::string value;
  } kCases[] = {{R"("a\"b'c")", "a\"b'c"}, {R"('a\'b"c')", "a'b\"c"}, {R"("\x41\102\u20ac\U0001F600\n")", "AB€😀\n"},
                {R"("\xff")", "\xff"},     {"`a\\n\nb`", "a\\n\nb"},  {R"("")", ""}};
  for (const auto& c : kCases) {
    const auto value = ParseStringLiteral(c.text);
    ASSERT_TRUE(value) << c.text;
    EXPECT_EQ(*value, c.value);
  }
  for (const char* bad : {R"("\q")", R"("\'")", R"('\"')", R"("\400")", R"("\x1")", R"("\ud800")"}) {
    EXPECT_FALSE(ParseStringLiteral(bad)) << bad;
  }
}

}  // namespace
}  // namespace tickbird::promql
