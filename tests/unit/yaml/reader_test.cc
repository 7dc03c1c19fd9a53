#include "core/yaml/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickbird::yaml {
namespace {

using testing::ElementsAre;

std::vector<std::string> Messages(const Problems& problems) {
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : problems.list()) {
    messages.push_back(std::to_string(diagnostic.position.line) + ":" + std::to_string(diagnostic.position.column) +
                       " " + diagnostic.message);
  }
  return messages;
}

TEST(MapReader, ReadsEachType) {
  const Node root = *Parse("s: text\nb: true\ni: 7\nd: 1m30s\nz: 4KB\nl: [a, b]\nm: {k: v}\nnothing:\n");
  Problems problems;
  std::string s, k;
  bool b = false;
  std::int64_t i = 0, z = 0;
  DurationMs d = 0;
  std::vector<std::string> l;
  std::string untouched = "default";
  MapReader reader(root, "", problems);
  reader.String("s", &s).Bool("b", &b).Int("i", &i, 0, 10).Duration("d", &d, 0, kHourMs).Size("z", &z).Strings("l", &l);
  reader.Map("m", [&](MapReader& m) { m.String("k", &k); }).String("nothing", &untouched).Finish();
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(s, "text");
  EXPECT_TRUE(b);
  EXPECT_EQ(i, 7);
  EXPECT_EQ(d, 90'000);
  EXPECT_EQ(z, 4096);
  EXPECT_THAT(l, ElementsAre("a", "b"));
  EXPECT_EQ(k, "v");
  EXPECT_EQ(untouched, "default");
}

TEST(MapReader, CollectsEveryProblem) {
  const Node root = *Parse("b: yes\ni: 99\nd: 30\nl: a\nsampling: {intervall: 1s}\nroute: {}\n");
  Problems problems;
  bool b = false;
  std::int64_t i = 1;
  DurationMs d = 5;
  std::vector<std::string> l;
  MapReader reader(root, "", problems);
  reader.Bool("b", &b).Int("i", &i, 0, 10).Duration("d", &d, 0, kHourMs).Strings("l", &l);
  reader.Map("sampling", [&](MapReader& m) { m.Duration("interval", &d, 0, kHourMs); })
      .Unsupported("route", "name receivers in rules")
      .Finish();
  EXPECT_THAT(
      Messages(problems),
      ElementsAre("1:4 b must be true or false, not \"yes\"", "2:4 i must be a whole number from 0 to 10, not \"99\"",
                  "3:4 d: \"30\" is not a duration: it needs a unit, for example 30s or 30m",
                  "4:4 l must be a list, for example [a, b], not a single value",
                  "5:12 unknown key \"intervall\" in sampling (did you mean \"interval\"?)",
                  "6:1 route is not supported by this version; name receivers in rules"));
  EXPECT_EQ(i, 1);
}

}  // namespace
}  // namespace tickbird::yaml
