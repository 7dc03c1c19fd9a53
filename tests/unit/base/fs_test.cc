#include "core/base/fs.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace tickbird {
namespace {

class PosixFsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "tickbird_fs_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    ASSERT_TRUE(fs_.MakeDirs(root_));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  PosixFs fs_;
  std::string root_;
};

TEST_F(PosixFsTest, AppendsAfterReopenAndTruncate) {
  const std::string path = JoinPath(root_, "f");
  {
    auto file = fs_.Create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Append("hello"));
  }
  auto file = fs_.OpenAppend(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->Append(" world"));
  ASSERT_TRUE((*file)->Truncate(4));
  ASSERT_TRUE((*file)->Append("!"));
  EXPECT_EQ(fs_.Read(path, 100).value_or(""), "hell!");
  EXPECT_EQ(fs_.Read(path, 3).error().code, ErrorCode::kTooLarge);
}

TEST_F(PosixFsTest, SecondLockIsRefused) {
  const std::string path = JoinPath(root_, "lock");
  auto first = fs_.Lock(path);
  ASSERT_TRUE(first);
  EXPECT_EQ(fs_.Lock(path).error().code, ErrorCode::kUnavailable);
  first->reset();
  EXPECT_TRUE(fs_.Lock(path));
}

TEST_F(PosixFsTest, MissingFileIsNotFound) {
  EXPECT_EQ(fs_.Read(JoinPath(root_, "none"), 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(fs_.List(JoinPath(root_, "none")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tickbird
