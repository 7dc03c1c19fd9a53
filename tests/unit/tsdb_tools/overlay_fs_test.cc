#include "core/tsdb/tools/overlay_fs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/mem_fs.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;

class OverlayFsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(below_.MakeDirs("data/wal/checkpoint"));
    for (const char* const path : {"data/lock", "data/wal/1", "data/wal/checkpoint/0"}) {
      auto file = below_.Create(path);
      ASSERT_TRUE((*file)->Append(path));
    }
    calls_ = Snapshot(below_);
  }
  void TearDown() override { EXPECT_EQ(Snapshot(below_), calls_) << "what is below was changed"; }

  static std::string Snapshot(Fs& fs, const std::string& directory = "data") {
    std::string all;
    const auto names = fs.List(directory);
    if (!names) return fs.Read(directory, 1 << 20).value_or("?");
    for (const std::string& name : *names) all += name + "(" + Snapshot(fs, JoinPath(directory, name)) + ")";
    return all;
  }

  tickbird::testing::MemFs below_;
  OverlayFs fs_{below_};
  std::string calls_;
};

TEST_F(OverlayFsTest, ShowsWhatIsBelow) {
  EXPECT_EQ(Snapshot(fs_), Snapshot(below_));
  EXPECT_EQ(*fs_.Size("data/lock"), 9);
  EXPECT_FALSE(fs_.Exists("data/nothing"));
  EXPECT_EQ(fs_.List("data/nothing").error().code, ErrorCode::kNotFound);
}

TEST_F(OverlayFsTest, KeepsChangesToItself) {
  ASSERT_TRUE((*fs_.OpenAppend("data/wal/1"))->Append("+"));
  ASSERT_TRUE((*fs_.Create("data/wal/2"))->Append("new"));
  EXPECT_EQ(*fs_.Read("data/wal/1", 100), "data/wal/1+");
  EXPECT_THAT(*fs_.List("data/wal"), ElementsAre("1", "2", "checkpoint"));
  char bytes[3];
  ASSERT_TRUE((*fs_.OpenRead("data/wal/2"))->ReadAt(0, bytes));
  EXPECT_EQ(std::string_view(bytes, 3), "new");
  EXPECT_EQ((*fs_.OpenRead("data/wal/2"))->ReadAt(1, bytes).error().code, ErrorCode::kOutOfBounds);
  ASSERT_TRUE((*fs_.OpenAppend("data/wal/1"))->Truncate(4));
  EXPECT_EQ(*fs_.Size("data/wal/1"), 4);
}

TEST_F(OverlayFsTest, RemovesAndRenames) {
  ASSERT_TRUE(fs_.Rename("data/wal/1", "data/wal/1.damaged"));
  EXPECT_THAT(*fs_.List("data/wal"), ElementsAre("1.damaged", "checkpoint"));
  EXPECT_EQ(*fs_.Read("data/wal/1.damaged", 100), "data/wal/1");
  EXPECT_EQ(fs_.Read("data/wal/1", 100).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(fs_.Rename("data/wal/checkpoint", "data/wal/other"));
  EXPECT_EQ(*fs_.Read("data/wal/other/0", 100), "data/wal/checkpoint/0");
  EXPECT_FALSE(fs_.Exists("data/wal/checkpoint/0"));
  ASSERT_TRUE(fs_.Remove("data/lock"));
  EXPECT_EQ(fs_.Remove("data/lock").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(fs_.RemoveAll("data/wal"));
  EXPECT_EQ(fs_.List("data/wal").error().code, ErrorCode::kNotFound);
}

TEST_F(OverlayFsTest, MakesWhatWasRemovedAgain) {
  ASSERT_TRUE(fs_.RemoveAll("data/wal"));
  ASSERT_TRUE(fs_.MakeDirs("data/wal"));
  EXPECT_TRUE(fs_.Exists("data/wal"));
  EXPECT_TRUE(fs_.List("data/wal")->empty());
  ASSERT_TRUE((*fs_.Create("data/wal/1"))->Append("again"));
  EXPECT_EQ(*fs_.Read("data/wal/1", 100), "again");
}

TEST_F(OverlayFsTest, DisturbsNoLock) {
  const auto held = below_.Lock("data/lock");
  ASSERT_TRUE(held);
  EXPECT_TRUE(fs_.Lock("data/lock"));
}

}  // namespace
}  // namespace tickbird::tsdb
