// ImportStage, SampleCollector and ImportDirectory: how blocks come into a data directory.
#include "core/tsdb/head/head.h"
#include "core/tsdb/rollup/rollup_file.h"
#include "core/tsdb/tools/directory_import.h"
#include "tests/unit/tsdb_tools/tools_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Labels kUp = {{"__name__", "up"}};

class ImportTest : public ::testing::Test {
 protected:
  /// Samples in a log, as an agent leaves them behind.
  void WriteHead(const std::string& directory, TimestampMs begin, int seconds) {
    ASSERT_TRUE(fs_.MakeDirs(directory));
    auto head = Head::Open(fs_, {}, directory, kNoTime, begin + kHourMs);
    ASSERT_TRUE(head) << head.error().message;
    const auto appender = (*head)->NewAppender();
    for (int i = 0; i < seconds; ++i) ASSERT_TRUE(appender->Append(0, kUp, begin + i * kSecondMs, i));
    ASSERT_TRUE(appender->Commit());
    ASSERT_TRUE((*head)->Close());
  }

  tickbird::testing::MemFs fs_;
};

TEST_F(ImportTest, MakesABlockOfEachRange) {
  ImportSeconds(fs_, kData, 3, 3 * 3600);
  EXPECT_THAT(BlocksIn(fs_, kData), SizeIs(2));
  const auto view = DirectoryView::Open(fs_, kData, {}, kNow);
  for (const auto& block : (*view)->blocks()) {
    EXPECT_EQ(block->meta().min_time % (2 * kHourMs), 0);
    EXPECT_TRUE(HasHint(block->meta(), kHintImported));
    EXPECT_TRUE(RollupReader::Open(fs_, block->directory(), kMinuteMs));
  }
  EXPECT_THAT(*fs_.List(kData), SizeIs(2)) << "nothing is left of the stage";
}

TEST_F(ImportTest, TakesSamplesInAnyOrderAndTheLastOfEqualTimes) {
  auto stage = ImportStage::Open(fs_, kData, kNow);
  SampleCollector collector(stage->get());
  for (const int second : {5, 3, 9, 3, 1, 9}) {
    static int value = 0;
    ASSERT_TRUE(collector.Add(kUp, kHour0 + second, ++value));
  }
  ASSERT_TRUE(collector.Finish());
  ASSERT_TRUE((*stage)->Commit());
  std::string expected;
  for (const auto& [second, value] : std::map<int, int>{{1, 5}, {3, 4}, {5, 1}, {9, 6}})
    expected += "{__name__=\"up\"} " + std::to_string(value) + " " + std::to_string(kHour0 + second) + "\n";
  EXPECT_EQ(DumpOf(fs_, kData), expected);
}

TEST_F(ImportTest, MergesWhatDidNotFitIntoMemoryAtOnce) {
  ImportSeconds(fs_, kData, 5, 3 * 3600);
  auto stage = ImportStage::Open(fs_, "small", kNow);
  SampleCollector collector(stage->get(), {.max_memory_bytes = 50'000});
  for (int i = 0; i < 5; ++i) {
    for (int second = 0; second < 3 * 3600; ++second) {
      ASSERT_TRUE(
          collector.Add({{"__name__", "m"}, {"i", std::to_string(i)}}, kHour0 + second * kSecondMs, second * (i + 1)));
    }
  }
  ASSERT_TRUE(collector.Finish());
  ASSERT_TRUE((*stage)->Commit());
  EXPECT_THAT(BlocksIn(fs_, "small"), SizeIs(2));
  EXPECT_EQ(DumpOf(fs_, "small"), DumpOf(fs_, kData));
}

TEST_F(ImportTest, ShowsNothingBeforeItIsCommitted) {
  {
    auto stage = ImportStage::Open(fs_, kData, kNow);
    SampleCollector collector(stage->get());
    ASSERT_TRUE(collector.Add(kUp, kHour0, 1));
    ASSERT_TRUE(collector.Finish());
    EXPECT_THAT(BlocksIn(fs_, kData), IsEmpty());
  }
  EXPECT_THAT(*fs_.List(kData), IsEmpty());
}

TEST_F(ImportTest, ImportsAllOrNothingWhateverCallFails) {
  ImportSeconds(fs_, "source", 2, 5 * 3600);
  for (std::int64_t call = 1;; ++call) {
    ASSERT_TRUE(fs_.RemoveAll(kData));
    bool is_committed = false;
    const std::int64_t before = fs_.calls();
    fs_.FailCall(call);
    if (auto stage = ImportStage::Open(fs_, kData, kNow)) {
      is_committed = ImportDirectory(fs_, "source", false, stage->get()) && (*stage)->Commit();
    }
    const bool has_failed = fs_.calls() - before >= call;
    fs_.FailCall(0);
    EXPECT_THAT(BlocksIn(fs_, kData), SizeIs(is_committed ? 3 : 0)) << call;
    fs_.DropLocks();
    if (!has_failed) break;
  }
}

TEST_F(ImportTest, SurvivesAPowerCutAfterCommit) {
  ASSERT_TRUE(fs_.MakeDirs(kData));
  ASSERT_TRUE(fs_.SyncDir(""));
  ImportSeconds(fs_, kData, 2, 5 * 3600);
  const std::string before = DumpOf(fs_, kData);
  fs_.Crash();
  EXPECT_TRUE(DumpOf(fs_, kData) == before);
}

TEST_F(ImportTest, RefusesTheTimeFromNowOn) {
  auto stage = ImportStage::Open(fs_, kData, kNow);
  SampleCollector collector(stage->get());
  EXPECT_TRUE(collector.Add(kUp, kNow - 1, 1));
  const Status refused = collector.Add(kUp, kNow, 1);
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfBounds);
  ASSERT_TRUE(collector.Finish());
  EXPECT_LE((*stage)->staged().front().max_time, kNow);
}

TEST_F(ImportTest, RefusesTheTimeThatTheLogHas) {
  WriteHead(kData, kHour0 + 10 * kHourMs, 60);
  auto stage = ImportStage::Open(fs_, kData, kNow);
  ASSERT_TRUE(stage) << stage.error().message;
  EXPECT_EQ((*stage)->limit(), kHour0 + 10 * kHourMs);
  SampleCollector collector(stage->get());
  EXPECT_TRUE(collector.Add(kUp, kHour0, 1));
  EXPECT_THAT(collector.Add(kUp, kHour0 + 10 * kHourMs, 1).error().message, HasSubstr("2023-11-15T08:00:00Z"));
}

TEST_F(ImportTest, RefusesADirectoryInUse) {
  const auto lock = LockDataDirectory(fs_, kData);
  EXPECT_EQ(ImportStage::Open(fs_, kData, kNow).error().code, ErrorCode::kUnavailable);
}

TEST_F(ImportTest, TakesBlocksAndLogOfAnotherDirectory) {
  ImportSeconds(fs_, "source", 2, 3 * 3600);
  WriteHead("source", kHour0 + 20 * kHourMs - 30 * kSecondMs, 60);
  const std::string before = DumpOf(fs_, "source");
  auto stage = ImportStage::Open(fs_, kData, kNow);
  const auto imported = ImportDirectory(fs_, "source", false, stage->get());
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->linked_blocks, 2);
  EXPECT_EQ(imported->written_blocks, 2) << "the log goes over the end of a range";
  ASSERT_TRUE((*stage)->Commit());
  stage->reset();
  EXPECT_EQ(DumpOf(fs_, kData), before);
  EXPECT_EQ(DumpOf(fs_, "source"), before);

  auto again = ImportStage::Open(fs_, kData, kNow);
  EXPECT_EQ(ImportDirectory(fs_, "source", false, again->get())->known_blocks, 2);
}

TEST_F(ImportTest, LeavesOutADamagedBlockOnlyWhenTold) {
  ImportSeconds(fs_, "source", 2, 3 * 3600);
  const std::string meta = "source/" + BlocksIn(fs_, "source").front() + "/meta.json";
  fs_.Overwrite(meta, "{");
  auto stage = ImportStage::Open(fs_, kData, kNow);
  EXPECT_EQ(ImportDirectory(fs_, "source", false, stage->get()).error().code, ErrorCode::kCorruption);
  const auto imported = ImportDirectory(fs_, "source", true, stage->get());
  ASSERT_TRUE(imported);
  EXPECT_THAT(imported->skipped, SizeIs(1));
  EXPECT_EQ(imported->linked_blocks, 1);
}

}  // namespace
}  // namespace tickbird::tsdb
