#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::tickbird::testing::MemFs;

const std::vector<Matcher> kA = {Matcher::Equal("__name__", "a")};

class StoreAdmin : public ::testing::Test {
 protected:
  void SetUp() override {
    written_ = Fill(*store_, kStart, kEnd);
    ASSERT_TRUE(Put(*store_, Metric("b"), kEnd, 1));
  }

  /// `a` without what is in the interval, and `b`.
  Content Without(TimestampMs min, TimestampMs max) const {
    Content content = {{"a", written_}, {"b", {{kEnd, 1}}}};
    auto& samples = content["a"];
    samples.erase(samples.lower_bound(min), samples.upper_bound(max));
    if (samples.empty()) content.erase("a");
    return content;
  }

  void Reopen() {
    ASSERT_TRUE(store_->Close());
    store_.reset();
    store_ = OpenStore(fs_, kEnd);
  }

  static constexpr TimestampMs kEnd = kStart + 40 * kMinuteMs;
  MemFs fs_;
  std::unique_ptr<Store> store_ = OpenStore(fs_, kStart);
  std::map<TimestampMs, double> written_;
};

TEST_F(StoreAdmin, DeletesInHeadAndBlocks) {
  const Interval interval{kStart + 5 * kMinuteMs, kEnd - 5 * kMinuteMs};
  EXPECT_EQ(store_->DeleteSeries(kA, interval).value_or(-1), 1);
  EXPECT_EQ(ReadAll(*store_), Without(interval.min, interval.max));
  Reopen();
  EXPECT_EQ(ReadAll(*store_), Without(interval.min, interval.max));
}

TEST_F(StoreAdmin, DeletesNothingWhereNothingMatches) {
  EXPECT_EQ(store_->DeleteSeries({Matcher::Equal("__name__", "none")}, {kFirstTime, kLastTime}).value_or(-1), 0);
  EXPECT_EQ(store_->DeleteSeries(kA, {kFirstTime, kStart - 1}).value_or(-1), 0);
  EXPECT_EQ(ReadAll(*store_), Without(0, 0));
}

TEST_F(StoreAdmin, KeepsDeletionsThroughCompactions) {
  const Interval interval{kStart + 5 * kMinuteMs, kEnd};
  ASSERT_TRUE(store_->DeleteSeries(kA, interval));
  Content expected = Without(interval.min, interval.max);
  const auto later = Fill(*store_, kEnd + 10 * kSecondMs, kStart + 3 * kHourMs);
  expected["a"].insert(later.begin(), later.end());
  EXPECT_THAT(BlockTimes(*store_).front(), Pair(0, 120));
  EXPECT_EQ(ReadAll(*store_), expected);
}

TEST_F(StoreAdmin, TakesDeletedSamplesOffTheDisk) {
  ASSERT_TRUE(store_->DeleteSeries(kA, {kStart, kStart + 15 * kMinuteMs}));
  const auto before = BlockNames(fs_);
  ASSERT_TRUE(store_->CleanTombstones(kEnd));
  // All of the first block is gone, half of the second; the third had nothing to clean.
  EXPECT_THAT(BlockTimes(*store_), ElementsAre(Pair(10, 20), Pair(20, 30)));
  EXPECT_EQ(store_->Blocks().front().meta.stats.samples, 59);
  EXPECT_THAT(BlockNames(fs_), SizeIs(2));
  EXPECT_THAT(BlockNames(fs_), ::testing::Contains(before[2]));
  EXPECT_EQ(ReadAll(*store_), Without(kStart, kStart + 15 * kMinuteMs));
  Reopen();
  EXPECT_EQ(ReadAll(*store_), Without(kStart, kStart + 15 * kMinuteMs));
}

TEST_F(StoreAdmin, RewritesOnItsOwnWhenAllOfABlockIsDeleted) {
  ASSERT_TRUE(store_->DeleteSeries(kA, {kFirstTime, kStart + 10 * kMinuteMs - 1}));
  store_->Maintain(kEnd);
  EXPECT_THAT(BlockTimes(*store_), ElementsAre(Pair(10, 20), Pair(20, 30)));
}

TEST_F(StoreAdmin, GoesOnCleaningAfterAFailure) {
  ASSERT_TRUE(store_->DeleteSeries(kA, {kStart + kMinuteMs, kStart + 19 * kMinuteMs}));
  fs_.FailCall(3);
  EXPECT_FALSE(store_->CleanTombstones(kEnd));
  EXPECT_EQ(ReadAll(*store_), Without(kStart + kMinuteMs, kStart + 19 * kMinuteMs));
  EXPECT_TRUE(store_->CleanTombstones(kEnd));
  EXPECT_EQ(ReadAll(*store_), Without(kStart + kMinuteMs, kStart + 19 * kMinuteMs));
  EXPECT_THAT(BlockNames(fs_), SizeIs(3));
}

TEST_F(StoreAdmin, MakesSnapshots) {
  const Content before = ReadAll(*store_);
  const auto name = store_->Snapshot(false, kEnd);
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(name->substr(0, 9), "20231115T");
  const std::string path = "data/snapshots/" + *name;
  EXPECT_THAT(BlockNames(fs_, path), SizeIs(4));
  // What happens later does not show in it.
  ASSERT_TRUE(store_->DeleteSeries(kA, {kFirstTime, kLastTime}));
  ASSERT_TRUE(store_->CleanTombstones(kEnd));
  EXPECT_EQ(ReadAll(*OpenStore(fs_, kEnd, SmallBlocks(), path)), before);
}

TEST_F(StoreAdmin, LeavesTheHeadOutOfSnapshotsWhenAsked) {
  const auto name = store_->Snapshot(true, kEnd);
  ASSERT_TRUE(name) << name.error().message;
  auto snapshot = OpenStore(fs_, kEnd, SmallBlocks(), "data/snapshots/" + *name);
  EXPECT_EQ(ReadAll(*snapshot), (Content{{"a", {written_.begin(), written_.lower_bound(kStart + 30 * kMinuteMs)}}}));
}

TEST_F(StoreAdmin, MakesASnapshotWholeOrNotAtAll) {
  const std::int64_t before = fs_.calls();
  ASSERT_TRUE(store_->Snapshot(false, kEnd));
  const std::int64_t calls = fs_.calls() - before;
  for (std::int64_t n = 1; n <= calls; ++n) {
    const auto names = Names(fs_, "", "data/snapshots");
    fs_.FailCall(n);
    const auto failed = store_->Snapshot(false, kEnd);
    if (failed) continue;  // not every call matters
    store_->Maintain(kEnd);
    auto after = Names(fs_, "", "data/snapshots");
    // The rename may be done when the sync behind it fails.
    EXPECT_LE(after.size(), names.size() + 1) << "call " << n;
    EXPECT_THAT(Names(fs_, ".tmp-for-creation", "data/snapshots"), IsEmpty()) << "call " << n;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
