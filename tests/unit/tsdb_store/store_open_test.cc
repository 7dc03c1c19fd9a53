#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::tickbird::testing::MemFs;

std::string OpenError(Fs& fs, ErrorCode* code = nullptr) {
  const auto store = Store::Open(fs, SmallBlocks(), kData, kStart);
  EXPECT_FALSE(store);
  if (code && !store) *code = store.error().code;
  return store ? "" : store.error().message;
}

TEST(StoreOpen, StartsInAnEmptyDirectory) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  EXPECT_THAT(ReadAll(*store), IsEmpty());
  EXPECT_THAT(store->Blocks(), IsEmpty());
}

TEST(StoreOpen, ReadsBackWhatItWrote) {
  MemFs fs;
  Content before;
  {
    const auto store = OpenStore(fs, kStart);
    Fill(*store, kStart, kStart + 40 * kMinuteMs);
    before = ReadAll(*store);
    ASSERT_TRUE(store->Close());
  }
  const auto store = OpenStore(fs, kStart + 40 * kMinuteMs);
  EXPECT_EQ(ReadAll(*store), before);
  EXPECT_THAT(BlockTimes(*store), ElementsAre(Pair(0, 10), Pair(10, 20), Pair(20, 30)));
  EXPECT_THAT(store->Stats().notes, IsEmpty());
}

TEST(StoreOpen, RefusesADirectoryThatAnotherProcessHas) {
  MemFs fs;
  const auto first = OpenStore(fs, kStart);
  ErrorCode code{};
  EXPECT_THAT(OpenError(fs, &code), AllOf(HasSubstr("data"), HasSubstr("another process"), HasSubstr("stop")));
  EXPECT_EQ(code, ErrorCode::kUnavailable);
}

TEST(StoreOpen, LetsGoOfTheLockWhenItIsGone) {
  MemFs fs;
  OpenStore(fs, kStart).reset();
  EXPECT_TRUE(OpenStore(fs, kStart));
}

TEST(StoreOpen, RefusesANewerVersionAndTouchesNothing) {
  MemFs fs;
  const BlockMeta known = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  const BlockMeta newer = WriteTestBlock(fs, Samples(kStart + kRange, kStart + 2 * kRange, kMinuteMs, 1));
  OpenStore(fs, kStart).reset();  // makes the lock and the log
  const std::string meta = JoinPath(JoinPath(kData, newer.ulid), "meta.json");
  fs.Overwrite(meta, R"({"ulid":")" + newer.ulid + R"(","minTime":0,"maxTime":1,"version":2})");
  ASSERT_TRUE(fs.MakeDirs(JoinPath(kData, known.ulid + std::string(kForDeletion))));
  // A damaged block besides: to be set aside, but only by a start that succeeds.
  const BlockMeta damaged = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  fs.Overwrite(JoinPath(JoinPath(kData, damaged.ulid), "meta.json"), "{");
  const auto before = AllFiles(fs);
  const auto names = Names(fs);
  ErrorCode code{};
  EXPECT_THAT(OpenError(fs, &code),
              AllOf(HasSubstr("data directory data"), HasSubstr("version"), HasSubstr("nothing")));
  EXPECT_EQ(code, ErrorCode::kUnsupported);
  EXPECT_EQ(AllFiles(fs), before);
  EXPECT_EQ(Names(fs), names);
}

TEST(StoreOpen, RemovesWhatACrashLeftHalfDone) {
  MemFs fs;
  const BlockMeta block = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  const std::string other = NewUlid(kStart);
  for (const std::string& name : {block.ulid + ".tmp-for-deletion", other + ".tmp-for-creation", other + ".tmp",
                                  std::string("mine.tmp"), std::string("notes.tmp-for-deletion")}) {
    ASSERT_TRUE(fs.MakeDirs(JoinPath(kData, name)));
  }
  ASSERT_TRUE(fs.MakeDirs("data/snapshots/x.tmp-for-creation"));
  ASSERT_TRUE(fs.MakeDirs("data/snapshots/y"));
  const auto store = OpenStore(fs, kStart + kRange);
  EXPECT_THAT(BlockNames(fs), ElementsAre(block.ulid));
  EXPECT_THAT(Names(fs, ".tmp-for-deletion"), ElementsAre("notes.tmp-for-deletion"));
  EXPECT_THAT(Names(fs, ".tmp"), ElementsAre("mine.tmp"));
  EXPECT_THAT(Names(fs, ".tmp-for-creation"), IsEmpty());
  EXPECT_THAT(Names(fs, "", "data/snapshots"), ElementsAre("y"));
}

TEST(StoreOpen, SetsDamagedBlocksAsideAndServesTheRest) {
  MemFs fs;
  const BlockMeta good = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  const BlockMeta bad = WriteTestBlock(fs, Samples(kStart + kRange, kStart + 2 * kRange, kMinuteMs, 2));
  const BlockMeta half = WriteTestBlock(fs, Samples(kStart + 2 * kRange, kStart + 3 * kRange, kMinuteMs, 3));
  const std::string index = JoinPath(JoinPath(kData, bad.ulid), "index");
  std::string bytes = *fs.Read(index);
  bytes.resize(bytes.size() / 2);
  fs.Overwrite(index, bytes);
  ASSERT_TRUE(fs.Remove(JoinPath(JoinPath(kData, half.ulid), "meta.json")));
  const auto store = OpenStore(fs, kStart + 3 * kRange);
  EXPECT_EQ(ReadAll(*store), (Content{{"a", Samples(kStart, kStart + kRange, kMinuteMs, 1)}}));
  EXPECT_THAT(BlockNames(fs), ElementsAre(good.ulid));
  EXPECT_THAT(Names(fs, ".damaged"), SizeIs(2));
  EXPECT_EQ(store->Stats().blocks_damaged, 2);
  EXPECT_THAT(store->Stats().notes, SizeIs(2));
  EXPECT_THAT(store->Stats().notes, ::testing::Contains(AllOf(HasSubstr(bad.ulid), HasSubstr("index"))));
}

TEST(StoreOpen, RemovesBlocksThatAFinishedCompactionReplaced) {
  MemFs fs;
  const BlockMeta a = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  const BlockMeta b = WriteTestBlock(fs, Samples(kStart + kRange, kStart + 2 * kRange, kMinuteMs, 1));
  BlockMeta merged;
  merged.ulid = NewUlid(kStart + 3 * kRange);
  merged.parents = {{a.ulid, a.min_time, a.max_time}, {b.ulid, b.min_time, b.max_time}};
  merged.sources = {a.ulid, b.ulid};
  WriteTestBlock(fs, Samples(kStart, kStart + 2 * kRange, kMinuteMs, 2), merged);
  const auto store = OpenStore(fs, kStart + 3 * kRange);
  EXPECT_THAT(BlockNames(fs), ElementsAre(merged.ulid));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", Samples(kStart, kStart + 2 * kRange, kMinuteMs, 2)}}));
}

TEST(StoreOpen, KeepsTheInputsOfADamagedCompaction) {
  MemFs fs;
  const BlockMeta a = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  BlockMeta merged;
  merged.ulid = NewUlid(kStart + 3 * kRange);
  merged.parents = {{a.ulid, a.min_time, a.max_time}};
  WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 2), merged);
  fs.Overwrite(JoinPath(JoinPath(kData, merged.ulid), "index"), "");
  const auto store = OpenStore(fs, kStart + 3 * kRange);
  EXPECT_THAT(BlockNames(fs), ElementsAre(a.ulid));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", Samples(kStart, kStart + kRange, kMinuteMs, 1)}}));
}

TEST(StoreOpen, KeepsADamagedBlockThatWasRewritten) {
  MemFs fs;
  const BlockMeta a = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  BlockMeta repaired;
  repaired.parents = {{a.ulid, a.min_time, a.max_time}};
  repaired.hints = {std::string(kHintRepaired)};
  WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 2), repaired);
  const auto store = OpenStore(fs, kStart + 3 * kRange);
  EXPECT_THAT(Names(fs, ".damaged"), ElementsAre(a.ulid + ".damaged"));
  EXPECT_THAT(store->Blocks(), SizeIs(1));
}

TEST(StoreOpen, TakesTheHeadsBoundaryFromBlocksThatDidNotComeLate) {
  MemFs fs;
  const BlockMeta block = WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  BlockMeta late;
  late.hints = {std::string(kHintOutOfOrder)};
  WriteTestBlock(fs, Samples(kStart, kStart + 3 * kRange, kMinuteMs, 1), late);
  BlockMeta imported;
  imported.hints = {std::string(kHintImported)};
  WriteTestBlock(fs, Samples(kStart, kStart + 4 * kRange, kMinuteMs, 1), imported);
  const auto store = OpenStore(fs, kStart + 5 * kRange);
  EXPECT_EQ(store->head().min_valid_time(), block.max_time);
}

TEST(StoreOpen, SaysWhatToDoWhenTheDirectoryMayNotBeWritten) {
  MemFs fs;
  fs.FailCall(1, ErrorCode::kPermissionDenied);
  ErrorCode code{};
  EXPECT_THAT(OpenError(fs, &code), AllOf(HasSubstr("another user"), HasSubstr("read-only"), HasSubstr("chown")));
  EXPECT_EQ(code, ErrorCode::kPermissionDenied);
}

TEST(StoreOpen, SaysWhatToDoWhenTheDiskIsFull) {
  MemFs fs;
  WriteTestBlock(fs, Samples(kStart, kStart + kRange, kMinuteMs, 1));
  const auto before = AllFiles(fs);
  for (const std::int64_t room : {0, 1, 1000}) {
    fs.SetCapacity(fs.used() + room);
    ErrorCode code{};
    EXPECT_THAT(OpenError(fs, &code), AllOf(HasSubstr("full"), HasSubstr("free some space")));
    EXPECT_EQ(code, ErrorCode::kTooLarge);
    EXPECT_EQ(AllFiles(fs), before);
  }
}

TEST(StoreOpen, StandsEachCallThatFailsOnce) {
  MemFs fs;
  Content before;
  {
    const auto store = OpenStore(fs, kStart);
    Fill(*store, kStart, kStart + 40 * kMinuteMs);
    before = ReadAll(*store);
    ASSERT_TRUE(store->Close());
  }
  const std::int64_t calls_before = fs.calls();
  OpenStore(fs, kStart + 40 * kMinuteMs).reset();
  const std::int64_t calls = fs.calls() - calls_before;
  for (std::int64_t n = 1; n <= calls; ++n) {
    fs.FailCall(n);
    auto store = Store::Open(fs, SmallBlocks(), kData, kStart + 40 * kMinuteMs);
    fs.FailCall(0);
    // A start that failed says so, and the next one has it all.
    if (!store) store = Store::Open(fs, SmallBlocks(), kData, kStart + 40 * kMinuteMs);
    ASSERT_TRUE(store) << "call " << n << ": " << store.error().message;
    EXPECT_EQ(ReadAll(**store), before) << "call " << n;
    EXPECT_THAT(Names(fs, ".damaged"), IsEmpty()) << "call " << n;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
