#include "core/base/strings.h"

#include <gtest/gtest.h>

namespace tickbird {
namespace {

TEST(NearestWord, FindsTypingErrors) {
  const std::string_view known[] = {"raise", "record", "repeat", "receiver"};
  EXPECT_EQ(NearestWord("rise", known), "raise");
  EXPECT_EQ(NearestWord("reciever", known), "receiver");
  EXPECT_EQ(NearestWord("xyzzy", known), "");
  EXPECT_EQ(DidYouMean("rasie", known), " (did you mean \"raise\"?)");
}

TEST(IsValidUtf8, RefusesIllFormedBytes) {
  EXPECT_TRUE(IsValidUtf8("plain \xc3\xa9 \xf0\x9f\x90\xa6"));
  for (const char* text : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
    EXPECT_FALSE(IsValidUtf8(text));
}

TEST(Quoted, EscapesControlCharacters) {
  EXPECT_EQ(Quoted("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\x01\"");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  std::string_view rest = "x:y:z";
  EXPECT_EQ(TakeUntil(rest, ':'), "x");
  EXPECT_EQ(rest, "y:z");
}

}  // namespace
}  // namespace tickbird
