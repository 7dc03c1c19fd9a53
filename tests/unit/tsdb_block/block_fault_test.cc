// Each call to the disk fails in turn.
#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::IsEmpty;
using testing::MemFs;

BlockWriteOptions Options() {
  return {.segment_bytes = 2'000, .observer = {}, .finish = {}};
}

TEST(BlockFaults, NothingIsLeftOfABlockThatCouldNotBeWritten) {
  const Data data = MakeData(10, 300);
  std::int64_t calls = 0;
  {
    MemFs fs;
    ASSERT_TRUE(Write(fs, data, Options()));
    calls = fs.calls();
  }
  ASSERT_GT(calls, 20);
  std::int64_t failed = 0;
  for (std::int64_t n = 1; n <= calls; ++n) {
    MemFs fs;
    ASSERT_TRUE(fs.MakeDirs(kParent));
    fs.FailCall(n);
    std::vector<std::string> notes;
    const auto written = WriteBlock(fs, kParent, NewMeta(), Sources({data}), Options(), &notes);
    fs.FailCall(0);
    if (written) {
      // What failed was reading ahead, and what is needed was tried again.
      EXPECT_EQ(Read(*OpenBlock(fs), Everything()), data) << n;
      continue;
    }
    ++failed;
    EXPECT_THAT(*fs.List(kParent), IsEmpty()) << n;
    // And the next try succeeds.
    EXPECT_TRUE(Write(fs, data, Options())) << n;
  }
  EXPECT_GT(failed, calls - 3);
}

TEST(BlockFaults, AFullDiskLeavesNothing) {
  const Data data = MakeData(10, 300);
  MemFs full;
  ASSERT_TRUE(Write(full, data, Options()));
  for (std::int64_t capacity = 100; capacity < full.used(); capacity += 501) {
    MemFs fs;
    ASSERT_TRUE(fs.MakeDirs(kParent));
    fs.SetCapacity(capacity);
    std::vector<std::string> notes;
    const auto written = WriteBlock(fs, kParent, NewMeta(), Sources({data}), Options(), &notes);
    ASSERT_FALSE(written) << capacity;
    EXPECT_EQ(written.error().code, ErrorCode::kTooLarge);
    EXPECT_THAT(*fs.List(kParent), IsEmpty()) << capacity;
  }
}

TEST(BlockFaults, APowerCutLeavesTheWholeBlockOrWhatTheNextStartRemoves) {
  const Data data = MakeData(10, 300);
  MemFs probe;
  ASSERT_TRUE(Write(probe, data, Options()));
  const std::int64_t calls = probe.calls();
  for (std::int64_t n = 1; n <= calls; ++n) {
    MemFs fs;
    ASSERT_TRUE(fs.MakeDirs(kParent));
    ASSERT_TRUE(fs.SyncDir("."));
    fs.FailCall(n);
    std::vector<std::string> notes;
    const auto written = WriteBlock(fs, kParent, NewMeta(), Sources({data}), Options(), &notes);
    fs.FailCall(0);
    fs.Crash();
    const auto names = fs.List(kParent);
    ASSERT_TRUE(names);
    for (const std::string& name : *names) {
      if (name.ends_with(".tmp-for-creation")) continue;
      EXPECT_TRUE(written) << n;
      EXPECT_EQ(Read(*OpenBlock(fs), Everything()), data) << n;
    }
  }
  // Once it returned it stays.
  MemFs fs;
  ASSERT_TRUE(fs.MakeDirs(kParent));
  ASSERT_TRUE(fs.SyncDir("."));
  ASSERT_TRUE(Write(fs, data, Options()));
  fs.Crash();
  const auto block = OpenBlock(fs);
  ASSERT_TRUE(block);
  EXPECT_EQ(Read(*block, Everything()), data);
}

TEST(BlockFaults, OpenFailsCleanly) {
  MemFs fs;
  const Data data = MakeData(10, 300);
  ASSERT_TRUE(Write(fs, data, Options()));
  const std::int64_t before = fs.calls();
  ASSERT_TRUE(Block::Open(fs, BlockPath()));
  const std::int64_t calls = fs.calls() - before;
  for (std::int64_t n = 1; n <= calls; ++n) {
    fs.FailCall(n);
    const auto block = Block::Open(fs, BlockPath());
    // Where reading ahead failed, reading what is needed was tried again.
    if (!block) EXPECT_EQ(block.error().code, ErrorCode::kUnavailable) << n;
    fs.FailCall(0);
    EXPECT_TRUE(OpenBlock(fs));
  }
}

TEST(BlockFaults, SelectFailsOrTheCursorTells) {
  MemFs fs;
  const Data data = MakeData(10, 300);
  const auto block = MakeBlock(fs, data, Options());
  ASSERT_TRUE(block);
  Selection selection = Everything();
  selection.matchers = {Match(Matcher::Type::kNotRegex, "n", "1.*"), Matcher::Equal("__name__", "up")};
  const std::int64_t before = fs.calls();
  const Data truth = Read(*block, selection);
  const std::int64_t calls = fs.calls() - before;
  for (std::int64_t n = 1; n <= calls + 5; ++n) {
    block->DropCaches();
    fs.FailCall(n);
    auto selected = block->Select(selection);
    if (!selected) {
      EXPECT_EQ(selected.error().code, ErrorCode::kUnavailable) << n;
      continue;
    }
    Data part;
    bool told = false;
    for (SelectedSeries& series : *selected) {
      TimestampMs timestamps[50];
      double values[50];
      while (const std::size_t got = series.cursor->Read(timestamps, values)) {
        for (std::size_t i = 0; i < got; ++i) part[series.labels].push_back({timestamps[i], values[i]});
      }
      told = told || !series.cursor->status();
    }
    EXPECT_TRUE(part == truth || told) << n;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
