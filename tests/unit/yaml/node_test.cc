#include "core/yaml/node.h"

#include <gtest/gtest.h>

namespace tickbird::yaml {
namespace {

TEST(Parse, KeepsPositionsAndOrder) {
  const auto root = Parse("a: 1\nlist:\n  - x\n  - {k: 'v'}\nblock: |\n  two\n  lines\n");
  ASSERT_TRUE(root) << root.error().ToString();
  ASSERT_EQ(root->entries.size(), 3u);
  EXPECT_EQ(root->entries[1].key, "list");
  EXPECT_EQ(root->entries[1].key_position, (Position{2, 1}));
  const Node& item = root->Find("list")->items[1];
  EXPECT_EQ(item.position, (Position{4, 5}));
  EXPECT_EQ(item.Find("k")->text, "v");
  EXPECT_FALSE(item.Find("k")->plain);
  EXPECT_EQ(root->Find("block")->text, "two\nlines\n");
  EXPECT_EQ(root->Find("none"), nullptr);
}

TEST(Parse, RefusesWhatWouldBeHalfUnderstood) {
  struct Case {
    const char* text;
    Position position;
    const char* message;
  };
  const Case cases[] = {
      {"a: 1\nb: 2\na: 3\n", {3, 1}, "duplicate key \"a\"; it is already set at line 1"},
      {"a: \"open\nb: 2\n", {3, 1}, "unexpected end of stream"},
      {"a: 1\n---\nb: 2\n", {2, 1}, "second document"},
      {"x: &x {a: 1}\ny:\n  <<: *x\n", {3, 3}, "merge keys"},
      {"a: *nope\n", {1, 4}, "unknown anchor"},
      {"a:\n\t- b\n", {2, 1}, "cannot start any token"},
      {"? [a]\n: b\n", {1, 3}, "key must be"},
  };
  for (const Case& c : cases) {
    const auto root = Parse(c.text);
    ASSERT_FALSE(root) << c.text;
    EXPECT_EQ(root.error().position, c.position) << c.text << root.error().ToString();
    EXPECT_NE(root.error().message.find(c.message), std::string::npos) << root.error().ToString();
  }
  EXPECT_FALSE(Parse("a: \xff\n"));
}

TEST(Parse, AliasesCannotGrowWithoutEnd) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j ? ",*a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  EXPECT_EQ(Parse(text).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(Parse("a: &x [1, 2]\nb: *x\n"));
}

TEST(Parse, RefusesBottomlessNesting) {
  EXPECT_FALSE(Parse(std::string(5000, '[')));
}

TEST(Parse, FilterSeesScalarsAndItsErrorsHaveAPlace) {
  const ScalarFilter filter = [](std::string_view text) -> Result<std::string> {
    if (text == "bad") return Error{ErrorCode::kInvalidArgument, "no such variable"};
    return std::string(text) + "!";
  };
  EXPECT_EQ(Parse("a: b\n", filter)->Find("a")->text, "b!");
  EXPECT_EQ(Parse("a: b\nc: bad\n", filter).error().position, (Position{2, 4}));
}

}  // namespace
}  // namespace tickbird::yaml
