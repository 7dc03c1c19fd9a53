#include "core/model/matcher.h"

#include <gtest/gtest.h>

namespace tickbird {
namespace {

bool Matches(Matcher::Type type, const char* pattern, const char* value) {
  auto matcher = Matcher::Create(type, "l", pattern);
  EXPECT_TRUE(matcher) << pattern;
  return matcher && matcher->Matches(value);
}

TEST(Matcher, RegexIsAnchoredAndDotMatchesNewline) {
  using enum Matcher::Type;
  EXPECT_TRUE(Matches(kRegex, "a.c", "a\nc"));
  EXPECT_FALSE(Matches(kRegex, "b", "abc"));
  EXPECT_TRUE(Matches(kRegex, "foo|bar", "bar"));
  EXPECT_FALSE(Matches(kRegex, "foo|bar", "foobar"));
  EXPECT_TRUE(Matches(kNotRegex, "foo|bar", "baz"));
  EXPECT_TRUE(Matches(kRegex, ".*", ""));
}

TEST(Matcher, MissingLabelIsEmpty) {
  const Labels labels{{"a", "1"}};
  EXPECT_TRUE(Matcher::Create(Matcher::Type::kNotEqual, "b", "x")->Matches(labels));
  EXPECT_TRUE(Matcher::Equal("b", "").Matches(labels));
}

TEST(Matcher, KnowsItsLiterals) {
  EXPECT_EQ(Matcher::Create(Matcher::Type::kRegex, "a", "x|y")->literals(), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(Matcher::Create(Matcher::Type::kRegex, "a", "x.*")->literals().empty());
}

TEST(Matcher, RefusesBadAndHugeExpressions) {
  for (const char* pattern : {"(", "a{2000}", "\\C", "((a{900}){900}){900}"}) {
    EXPECT_FALSE(Matcher::Create(Matcher::Type::kRegex, "a", pattern)) << pattern;
  }
}

}  // namespace
}  // namespace tickbird
