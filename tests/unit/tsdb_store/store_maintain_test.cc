#include <thread>

#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::tickbird::testing::MemFs;

TEST(StoreMaintain, MakesABlockOfEachRangeThatIsOver) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  Fill(*store, kStart, kStart + 15 * kMinuteMs);
  store->Maintain(kStart + 15 * kMinuteMs);
  EXPECT_THAT(store->Blocks(), IsEmpty());
  ASSERT_TRUE(Put(*store, Metric("a"), kStart + 15 * kMinuteMs, 1));
  store->Maintain(kStart + 15 * kMinuteMs);
  ASSERT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 10)));
  const BlockMeta meta = store->Blocks().front().meta;
  EXPECT_EQ(meta.stats.samples, 120);
  EXPECT_EQ(meta.level, 1);
  EXPECT_THAT(meta.sources, ElementsAre(meta.ulid));
  EXPECT_EQ(store->head().min_valid_time(), kStart + kRange);
  EXPECT_EQ(store->Stats().compactions, 1);
  EXPECT_EQ(store->Stats().compaction_failures, 0);
}

TEST(StoreMaintain, PassesOverRangesWithoutSamples) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  ASSERT_TRUE(Put(*store, Metric("a"), kStart, 1));
  store->Maintain(kStart + 5 * kHourMs);
  ASSERT_TRUE(Put(*store, Metric("a"), kStart + 5 * kHourMs, 2));
  store->Maintain(kStart + 5 * kHourMs);
  EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 10)));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", {{kStart, 1}, {kStart + 5 * kHourMs, 2}}}}));
}

TEST(StoreMaintain, MakesLargerBlocksOfSmallerOnes) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  const auto written = Fill(*store, kStart, kStart + 4 * kHourMs + 15 * kMinuteMs, 20 * kSecondMs);
  EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 120), Pair(120, 240)));
  const BlockMeta meta = store->Blocks().front().meta;
  EXPECT_EQ(meta.level, 2);
  EXPECT_THAT(meta.sources, SizeIs(12));
  EXPECT_THAT(meta.parents, SizeIs(12));
  EXPECT_THAT(BlockNames(fs), SizeIs(2));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", written}}));
}

TEST(StoreMaintain, MergesBlocksThatOverlap) {
  MemFs fs;
  BlockMeta imported;
  imported.hints = {std::string(kHintImported)};
  WriteTestBlock(fs, Samples(kStart, kStart + 4 * kMinuteMs, kMinuteMs, 1), imported);
  imported.ulid = NewUlid(kLastTime >> 16);
  WriteTestBlock(fs, Samples(kStart + 2 * kMinuteMs, kStart + 6 * kMinuteMs, kMinuteMs, 2), imported);
  const auto store = OpenStore(fs, kStart);
  const Content before = ReadAll(*store);
  const auto written = Fill(*store, kStart + 10 * kMinuteMs, kStart + 31 * kMinuteMs);
  EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 5), Pair(10, 20)));
  Content expected = before;
  expected["a"].insert(written.begin(), written.end());
  EXPECT_EQ(ReadAll(*store), expected);
}

TEST(StoreMaintain, DeletesWhatIsOlderThanTheRetention) {
  MemFs fs;
  StoreOptions options = SmallBlocks();
  options.retention = 40 * kMinuteMs;
  options.max_block_range = kRange;
  const auto store = OpenStore(fs, kStart, options);
  auto written = Fill(*store, kStart, kStart + 70 * kMinuteMs);
  store->Maintain(kStart + 70 * kMinuteMs);
  EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(30, 40), Pair(40, 50), Pair(50, 60)));
  EXPECT_THAT(BlockNames(fs), SizeIs(3));
  EXPECT_EQ(store->Stats().blocks_deleted_time, 3);
  written.erase(written.begin(), written.lower_bound(kStart + 30 * kMinuteMs));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", written}}));
}

TEST(StoreMaintain, DeletesTheOldestAboveTheSizeLimit) {
  MemFs fs;
  StoreOptions options = SmallBlocks();
  options.max_block_range = kRange;
  options.retention_bytes = 40'000;
  options.head.wal.segment_bytes = 32 << 10;
  const auto store = OpenStore(fs, kStart, options);
  Fill(*store, kStart, kStart + 3 * kHourMs);
  store->Maintain(kStart + 3 * kHourMs);
  const StoreStats stats = store->Stats();
  EXPECT_LE(stats.storage_bytes, options.retention_bytes);
  EXPECT_GT(stats.blocks_deleted_size, 0);
  EXPECT_EQ(stats.blocks_deleted_time, 0);
  EXPECT_THAT(BlockNames(fs), SizeIs(static_cast<std::size_t>(stats.blocks)));
  EXPECT_EQ(BlockTimes(*store).back().second, 170);
}

TEST(StoreMaintain, TriesAFailedCompactionAgainAfterAPause) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  const auto written = Fill(*store, kStart, kStart + 15 * kMinuteMs + 10 * kSecondMs);
  const Content before = ReadAll(*store);
  fs.SetCapacity(fs.used());
  TimestampMs now = kStart + 16 * kMinuteMs;
  store->Maintain(now);
  EXPECT_THAT(store->Blocks(), IsEmpty());
  EXPECT_EQ(store->Stats().compaction_failures, 1);
  EXPECT_THAT(store->Stats().last_failure, HasSubstr("no space"));
  EXPECT_THAT(BlockNames(fs), IsEmpty());
  EXPECT_THAT(Names(fs, ".tmp-for-creation"), IsEmpty());
  EXPECT_EQ(ReadAll(*store), before);
  // Pauses of 1, 2 and 4 minutes.
  for (int minute = 1; minute <= 6; ++minute) store->Maintain(now + minute * kMinuteMs);
  EXPECT_EQ(store->Stats().compaction_failures, 3);
  fs.SetCapacity(std::nullopt);
  store->Maintain(now + 7 * kMinuteMs);
  EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 10)));
  EXPECT_EQ(ReadAll(*store), before);
}

TEST(StoreMaintain, StandsEachCallThatFailsOnce) {
  // Twelve blocks that become one, a thirteenth from the head, and one that the retention deletes.
  const auto prepare = [](MemFs& fs) {
    WriteTestBlock(fs, Samples(kStart - 20 * kHourMs, kStart - 19 * kHourMs, kMinuteMs, 1));
    for (int i = 0; i < 12; ++i) {
      WriteTestBlock(fs, Samples(kStart + i * kRange, kStart + (i + 1) * kRange, kMinuteMs, i),
                     {.min_time = kStart + i * kRange, .max_time = kStart + (i + 1) * kRange});
    }
    auto store = OpenStore(fs, kStart + 12 * kRange);
    Fill(*store, kStart + 12 * kRange, kStart + 14 * kRange, kMinuteMs);
    return store;
  };
  const TimestampMs now = kStart + 5 * kHourMs + kMinuteMs;
  Content expected;
  std::int64_t calls = 0;
  {
    MemFs fs;
    const auto store = prepare(fs);
    const std::int64_t before = fs.calls();
    store->Maintain(now);
    calls = fs.calls() - before;
    expected = ReadAll(*store);
    ASSERT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 120), Pair(120, 130)));
  }
  for (std::int64_t n = 1; n <= calls; ++n) {
    MemFs fs;
    auto store = prepare(fs);
    fs.FailCall(n);
    store->Maintain(now);
    Content after = ReadAll(*store);
    // What the retention deletes may go now or later.
    after["a"].erase(after["a"].begin(), after["a"].lower_bound(kStart));
    EXPECT_EQ(after, expected) << "call " << n;
    for (int minute = 1; minute <= 3; ++minute) store->Maintain(now + minute * kMinuteMs);
    EXPECT_EQ(ReadAll(*store), expected) << "call " << n;
    EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 120), Pair(120, 130))) << "call " << n;
    EXPECT_THAT(BlockNames(fs), SizeIs(2)) << "call " << n;
    EXPECT_THAT(Names(fs, ".tmp-for-deletion"), IsEmpty()) << "call " << n;
    EXPECT_THAT(Names(fs, ".tmp-for-creation"), IsEmpty()) << "call " << n;
    ASSERT_TRUE(store->Close());
    store.reset();
    EXPECT_EQ(ReadAll(*OpenStore(fs, now)), expected) << "call " << n;
  }
}

TEST(StoreMaintain, RewritesABlockThatReadsFoundDamaged) {
  MemFs fs;
  const auto samples = Samples(kStart, kStart + 2 * kHourMs, 10 * kSecondMs, 1);
  const BlockMeta block = WriteTestBlock(fs, samples, {.min_time = kStart, .max_time = kStart + 2 * kHourMs});
  const std::string chunks = JoinPath(JoinPath(kData, block.ulid), "chunks/000001");
  std::string bytes = *fs.Read(chunks);
  bytes[bytes.size() / 2] ^= 1;
  fs.Overwrite(chunks, bytes);
  auto store = OpenStore(fs, kStart + 3 * kHourMs);
  const Content rest = ReadAll(*store);
  ASSERT_LT(rest.at("a").size(), samples.size());
  ASSERT_GT(rest.at("a").size(), samples.size() / 2);
  store->Maintain(kStart + 3 * kHourMs);
  EXPECT_EQ(ReadAll(*store), rest);
  EXPECT_THAT(Names(fs, ".damaged"), ElementsAre(block.ulid + ".damaged"));
  ASSERT_THAT(store->Blocks(), SizeIs(1));
  EXPECT_EQ(store->Blocks().front().damages, 0);
  EXPECT_EQ(store->Blocks().front().meta.stats.samples, static_cast<std::int64_t>(rest.at("a").size()));
  EXPECT_EQ(store->Stats().blocks_damaged, 1);
  EXPECT_GT(store->Stats().damaged_reads, 0);
  EXPECT_THAT(store->Stats().notes, Contains(HasSubstr(block.ulid)));
  ASSERT_TRUE(store->Close());
  store.reset();
  EXPECT_EQ(ReadAll(*OpenStore(fs, kStart + 3 * kHourMs)), rest);
}

TEST(StoreMaintain, DropsCachesAboveTheMemoryLimit) {
  MemFs fs;
  StoreOptions options = SmallBlocks();
  options.max_memory_bytes = 0;
  const auto store = OpenStore(fs, kStart, options);
  const auto written = Fill(*store, kStart, kStart + 40 * kMinuteMs);
  EXPECT_EQ(ReadAll(*store), (Content{{"a", written}}));
  const std::int64_t before = store->Stats().block_memory_bytes;
  store->Maintain(kStart + 40 * kMinuteMs);
  EXPECT_LE(store->Stats().block_memory_bytes, before);
  EXPECT_EQ(ReadAll(*store), (Content{{"a", written}}));
}

TEST(StoreMaintain, CountsWhatThereIs) {
  MemFs fs;
  FakeClock clock;
  StoreOptions options = SmallBlocks();
  options.clock = &clock;
  options.block_writing = [&] {
    clock.Advance(7);
    return BlockWriteOptions{};
  };
  const auto store = OpenStore(fs, kStart, options);
  Fill(*store, kStart, kStart + 40 * kMinuteMs);
  const StoreStats stats = store->Stats();
  EXPECT_EQ(stats.blocks, 3);
  EXPECT_EQ(stats.compactions, 3);
  EXPECT_EQ(stats.compaction_ns, 21'000'000);
  EXPECT_EQ(stats.min_time, kStart);
  EXPECT_GT(stats.block_bytes, 0);
  EXPECT_GT(stats.storage_bytes, stats.block_bytes);
  EXPECT_GT(stats.memory_bytes, stats.block_memory_bytes);
}

/// Readers beside a writer that compacts all the time: each sees a front of what was written, without holes.
TEST(StoreMaintain, ShowsEachSampleOnceWhileItMoves) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  std::atomic<bool> done = false;
  std::vector<std::jthread> readers;
  for (const bool newest_only : {false, true}) {
    readers.emplace_back([&, newest_only] {
      TimestampMs seen = 0;
      while (!done) {
        const Content content =
            Read(*store, {.matchers = {}, .min = kFirstTime, .max = kLastTime, .newest_only = newest_only});
        if (content.empty()) continue;
        const auto& samples = content.at("a");
        const TimestampMs newest = samples.rbegin()->first;
        EXPECT_GE(newest, seen);
        seen = newest;
        const auto expected = newest_only ? 1 : static_cast<std::size_t>((newest - kStart) / (20 * kSecondMs)) + 1;
        EXPECT_EQ(samples.size(), expected);
      }
    });
  }
  Fill(*store, kStart, kStart + 6 * kHourMs, 20 * kSecondMs);
  done = true;
}

}  // namespace
}  // namespace tickbird::tsdb
