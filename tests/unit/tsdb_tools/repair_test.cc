#include "core/tsdb/tools/repair.h"

#include "core/tsdb/tools/verify.h"
#include "tests/unit/tsdb_tools/tools_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RepairTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ImportSeconds(fs_, kData, 3, 1500);
    block_ = BlocksIn(fs_, kData).front();
    before_ = DumpOf(fs_, kData);
  }

  void Flip(const std::string& path, std::size_t offset) {
    std::string bytes = *fs_.Read(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x20);
    fs_.Overwrite(path, bytes);
  }
  std::string PathOf(const std::string& file) const { return "data/" + block_ + "/" + file; }
  std::vector<std::string> Damages() { return VerifyDirectory(fs_, kData)->damages; }

  tickbird::testing::MemFs fs_;
  std::string block_;
  std::string before_;
};

TEST_F(RepairTest, FindsNothingWrongWithWhatIsWhole) {
  const auto findings = VerifyDirectory(fs_, kData);
  ASSERT_TRUE(findings);
  EXPECT_THAT(findings->damages, IsEmpty());
  EXPECT_EQ(findings->blocks, 1);
  EXPECT_EQ(findings->samples, 4500);
  const auto report = RepairDirectory(fs_, kData, false, kNow);
  EXPECT_THAT(report->actions, IsEmpty());
  EXPECT_THAT(report->failures, IsEmpty());
}

// (Padding, and the name of the field with meta.json's checksum, are the bytes that say nothing.)
TEST_F(RepairTest, NamesTheBlockOfEveryFlippedByteThatMatters) {
  for (const char* const file : {"index", "chunks/000001", "meta.json", "rollup-1m", "rollup-1h"}) {
    const std::string good = *fs_.Read(PathOf(file));
    int flips = 0;
    int found = 0;
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 40) {
      Flip(PathOf(file), at);
      const auto damages = Damages();
      if (damages.empty()) EXPECT_TRUE(DumpOf(fs_, kData) == before_) << file << " at " << at;
      EXPECT_THAT(damages, Each(HasSubstr(block_))) << file << " at " << at;
      found += damages.empty() ? 0 : 1;
      ++flips;
      fs_.Overwrite(PathOf(file), good);
    }
    EXPECT_GE(found, flips * 9 / 10) << file;
  }
}

TEST_F(RepairTest, PutsWhatIsLeftInThePlaceOfADamagedBlock) {
  Flip(PathOf("chunks/000001"), 200);
  const auto report = RepairDirectory(fs_, kData, false, kNow);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->failures, IsEmpty());
  EXPECT_TRUE(fs_.Exists("data/" + block_ + ".damaged/index"));
  EXPECT_THAT(BlocksIn(fs_, kData), SizeIs(1));
  EXPECT_THAT(Damages(), IsEmpty());
  const std::string after = DumpOf(fs_, kData);
  EXPECT_LT(after.size(), before_.size());
  EXPECT_GT(after.size(), before_.size() * 8 / 10);
}

TEST_F(RepairTest, SetsAsideWhatCannotBeRead) {
  fs_.Overwrite(PathOf("index"), "nothing");
  ASSERT_TRUE(RepairDirectory(fs_, kData, false, kNow));
  EXPECT_THAT(BlocksIn(fs_, kData), IsEmpty());
  EXPECT_TRUE(fs_.Exists("data/" + block_ + ".damaged"));
}

TEST_F(RepairTest, MakesDamagedRollupsAnew) {
  Flip(PathOf("rollup-1m"), 50);
  ASSERT_TRUE(RepairDirectory(fs_, kData, false, kNow));
  EXPECT_THAT(Damages(), IsEmpty());
  EXPECT_EQ(DumpOf(fs_, kData), before_);
}

TEST_F(RepairTest, OnlySaysWhatItWouldDoWhenDry) {
  Flip(PathOf("chunks/000001"), 200);
  const std::int64_t used = fs_.used();
  const auto report = RepairDirectory(fs_, kData, true, kNow);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->actions, ElementsAre(HasSubstr(block_)));
  EXPECT_EQ(fs_.used(), used);
  EXPECT_THAT(BlocksIn(fs_, kData), ElementsAre(block_));
}

TEST_F(RepairTest, RefusesADirectoryInUse) {
  const auto lock = LockDataDirectory(fs_, kData);
  EXPECT_EQ(RepairDirectory(fs_, kData, false, kNow).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(RepairDirectory(fs_, kData, true, kNow)) << "a dry run disturbs nobody";
}

TEST_F(RepairTest, FindsDamageInLogsAndCallsATornEndANote) {
  {
    auto head = Head::Open(fs_, {}, kData, kNoTime, kNow);
    for (int i = 0; i < 50; ++i) {
      const auto appender = (*head)->NewAppender();
      ASSERT_TRUE(appender->Append(0, {{"__name__", "new"}}, kNow + i, i));
      ASSERT_TRUE(appender->Commit());
    }
  }
  const std::string segment = "data/wal/00000000";
  const std::string good = *fs_.Read(segment);
  fs_.Overwrite(segment, good.substr(0, good.size() - 3));
  const auto torn = VerifyDirectory(fs_, kData);
  EXPECT_THAT(torn->damages, IsEmpty());
  EXPECT_THAT(torn->notes, ElementsAre(HasSubstr("data/wal/00000000: at byte ")));
  fs_.Overwrite(segment, good);
  Flip(segment, good.size() / 2);
  EXPECT_THAT(Damages(), ElementsAre(HasSubstr("data/wal/00000000: at byte ")));
  const auto report = RepairDirectory(fs_, kData, false, kNow);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->failures, IsEmpty());
  EXPECT_THAT(report->actions, SizeIs(1));
  EXPECT_THAT(Damages(), IsEmpty());
  EXPECT_TRUE(fs_.Exists("data/wal/00000000.damaged"));
}

}  // namespace
}  // namespace tickbird::tsdb
