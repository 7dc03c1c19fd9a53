#include "rules/language/environment.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace tickbird::language {
namespace {

TEST(MatchesWildcard, TreatsStarsAndQuestionMarks) {
  EXPECT_TRUE(MatchesWildcard("*.rules", "host.rules"));
  EXPECT_TRUE(MatchesWildcard("*", ""));
  EXPECT_TRUE(MatchesWildcard("a*b*c", "a--b--b-c"));
  EXPECT_TRUE(MatchesWildcard("?.rules", "a.rules"));
  EXPECT_FALSE(MatchesWildcard("*.rules", "host.rules.bak"));
  EXPECT_FALSE(MatchesWildcard("a*b", "a-c"));
  EXPECT_FALSE(MatchesWildcard("?", ""));
}

TEST(ResolvePath, IsRelativeToTheFileThatNamesIt) {
  EXPECT_EQ(ResolvePath("rules/main.rules", "team/a.rules"), "rules/team/a.rules");
  EXPECT_EQ(ResolvePath("rules/main.rules", "../b.rules"), "b.rules");
  EXPECT_EQ(ResolvePath("main.rules", "./b.rules"), "b.rules");
  EXPECT_EQ(ResolvePath("rules/main.rules", "/etc/c.rules"), "/etc/c.rules");
}

TEST(FsEnvironment, FindsFilesByPattern) {
  std::string folder = ::testing::TempDir() + "tickbird_environment_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  PosixFs fs;
  ASSERT_TRUE(fs.MakeDirs(folder + "/x/y"));
  for (const std::string name : {"/b.rules", "/a.rules", "/.hidden.rules", "/a.txt", "/x/c.rules"}) {
    auto file = fs.Create(folder + name);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Append("levels a\n"));
  }
  FsEnvironment environment(fs, [](const std::string& name) { return std::optional<std::string>(name + "!"); });
  EXPECT_EQ(*environment.Glob(folder + "/*.rules"),
            (std::vector<std::string>{folder + "/a.rules", folder + "/b.rules"}));
  EXPECT_EQ(*environment.Glob(folder + "/?/*"), (std::vector<std::string>{folder + "/x/c.rules", folder + "/x/y"}));
  EXPECT_EQ(*environment.Glob(folder + "/a.rules"), (std::vector<std::string>{folder + "/a.rules"}));
  EXPECT_TRUE(environment.Glob(folder + "/none.rules")->empty());
  EXPECT_TRUE(environment.Glob(folder + "/none/*.rules")->empty());
  EXPECT_EQ(*environment.ReadFile(folder + "/a.rules", 100), "levels a\n");
  EXPECT_EQ(environment.ReadFile(folder + "/a.rules", 3).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(environment.GetEnv("X"), "X!");
  ASSERT_TRUE(fs.RemoveAll(folder));
}

}  // namespace
}  // namespace tickbird::language
