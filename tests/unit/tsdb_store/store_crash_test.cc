#include <set>

#include "tests/testing/dying_fs.h"
#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::IsEmpty;
using ::tickbird::testing::DyingFs;
using ::tickbird::testing::MemFs;

constexpr int kSeries = 10;
constexpr int kDeletedSeries = 3;
constexpr int kLateSeries = 5;
constexpr DurationMs kStep = 5 * kSecondMs;
constexpr DurationMs kLength = 22 * kMinuteMs;
constexpr TimestampMs kEnd = kStart + kLength;
constexpr Interval kDeleted = {kStart + 9 * kMinuteMs, kStart + 14 * kMinuteMs};
constexpr TimestampMs kDeletedAt = kStart + 15 * kMinuteMs;

StoreOptions TinyBlocks() {
  StoreOptions options;
  options.head.block_range = 2 * kMinuteMs;
  options.head.memory_window = kMinuteMs;
  options.head.out_of_order_window = 10 * kSecondMs;
  options.head.wal.segment_bytes = 32 << 10;
  options.max_block_range = 6 * kMinuteMs;
  options.retention = 14 * kMinuteMs;
  options.retention_bytes = 0;
  return options;
}

Labels SeriesLabels(int series) {
  return Metric("a", std::to_string(series));
}

/// What a series has at a time; never the same twice nearby, and hard to compress.
double ValueAt(int series, TimestampMs time) {
  return static_cast<double>(static_cast<std::uint64_t>(time * kSeries + series) * 0x9e3779b97f4a7c15u >> 11);
}

struct Point {
  int series;
  TimestampMs time;
};

/// What is committed at a time: a sample of each series, and now and then one that comes late.
std::vector<Point> BatchAt(TimestampMs time) {
  std::vector<Point> points;
  for (int series = 0; series < kSeries; ++series) points.push_back({series, time});
  if (time % (20 * kSecondMs) == 0 && time > kStart) points.push_back({kLateSeries, time - 8 * kSecondMs});
  return points;
}

/// What the writer knows of its own doing.
struct Progress {
  TimestampMs attempted = kStart - 1;     ///< Batches up to here may be there.
  TimestampMs acknowledged = kStart - 1;  ///< Commit took them, without a break.
  TimestampMs synced = kStart - 1;        ///< A Sync after them succeeded.
  TimestampMs maintained = kStart;        ///< The newest `now` that Maintain got.
  bool delete_attempted = false;
  bool delete_acknowledged = false;
  bool delete_synced = false;
  std::set<TimestampMs> failed;  ///< Batches that Commit said will not survive.
};

Status CommitBatch(Store& store, TimestampMs time) {
  const auto appender = store.NewAppender();
  for (const Point& point : BatchAt(time)) {
    TICKBIRD_ASSIGN_OR_RETURN(
        [[maybe_unused]] const SeriesRef ref,
        appender->Append(0, SeriesLabels(point.series), point.time, ValueAt(point.series, point.time)));
  }
  return appender->Commit();
}

/// Writes for `kLength`, with a sync every half minute, a maintenance every minute and one deletion. `go_on`: what
/// fails is noted and tried again; else the first failure ends it.
void Work(Store& store, Progress* progress, bool go_on) {
  for (TimestampMs time = kStart; time < kEnd; time += kStep) {
    progress->attempted = time;
    if (CommitBatch(store, time)) {
      if (progress->failed.empty()) progress->acknowledged = time;
    } else {
      progress->failed.insert(time);
      if (!go_on) return;
    }
    if (time == kDeletedAt) {
      progress->delete_attempted = true;
      const std::vector<Matcher> matchers = {Matcher::Equal("instance", std::to_string(kDeletedSeries))};
      bool deleted = store.DeleteSeries(matchers, kDeleted).has_value();
      if (!deleted && go_on) deleted = store.DeleteSeries(matchers, kDeleted).has_value();
      progress->delete_acknowledged = deleted;
      if (!deleted) return;
    }
    if (time % (30 * kSecondMs) == 0) {
      if (store.Sync()) {
        progress->synced = progress->acknowledged;
        progress->delete_synced = progress->delete_acknowledged;
      } else if (!go_on) {
        return;
      }
    }
    if (time % kMinuteMs == 0) {
      progress->maintained = time;
      store.Maintain(time);
    }
  }
}

/// Each sample of a series with the time of its batch.
std::vector<std::map<TimestampMs, TimestampMs>> Schedule() {
  std::vector<std::map<TimestampMs, TimestampMs>> schedule(kSeries);
  for (TimestampMs time = kStart; time < kEnd; time += kStep) {
    for (const Point& point : BatchAt(time)) schedule[static_cast<std::size_t>(point.series)].emplace(point.time, time);
  }
  return schedule;
}

/// Holds what a store has against what was written: all up to `certain` that no retention took, nothing else.
void ExpectConsistent(const Content& content, const Progress& progress, TimestampMs certain, bool is_deleted) {
  static const auto& schedule = *new auto(Schedule());
  const TimestampMs kept_from = progress.maintained - TinyBlocks().retention;
  ASSERT_LE(content.size(), schedule.size());
  for (int series = 0; series < kSeries; ++series) {
    const std::string name = SeriesLabels(series).ToString();
    const auto entry = content.find(name);
    const std::map<TimestampMs, double> samples =
        entry == content.end() ? std::map<TimestampMs, double>() : entry->second;
    auto sample = samples.begin();
    for (const auto& [time, batch] : schedule[static_cast<std::size_t>(series)]) {
      ASSERT_FALSE(sample != samples.end() && sample->first < time)
          << name << " at " << sample->first << ": not written";
      const bool found = sample != samples.end() && sample->first == time;
      const bool in_deleted = series == kDeletedSeries && time >= kDeleted.min && time <= kDeleted.max;
      if (found) {
        ASSERT_LE(batch, progress.attempted) << name << " at " << time - kStart << " was not written";
        ASSERT_EQ(sample->second, ValueAt(series, time)) << name << " at " << time - kStart;
        ASSERT_FALSE(in_deleted && is_deleted) << name << " at " << time - kStart << " was deleted";
        ++sample;
        continue;
      }
      const bool may_miss = time < kept_from || batch > certain || progress.failed.contains(batch) ||
                            (in_deleted && progress.delete_attempted);
      ASSERT_TRUE(may_miss) << name << " at " << time - kStart << " is missing";
    }
    ASSERT_TRUE(sample == samples.end()) << name << " at " << sample->first << ": not written";
  }
}

void ExpectTidy(MemFs& fs) {
  EXPECT_THAT(Names(fs, ".damaged"), IsEmpty());
  EXPECT_THAT(Names(fs, ".tmp-for-creation"), IsEmpty());
  EXPECT_THAT(Names(fs, ".tmp-for-deletion"), IsEmpty());
  EXPECT_THAT(Names(fs, ".damaged", "data/wal"), IsEmpty());
}

enum class Death { kPowerCut, kKill };

class StoreCrash : public ::testing::TestWithParam<Death> {
 protected:
  static std::int64_t AllCalls() {
    MemFs disk;
    DyingFs fs(disk, std::int64_t{1} << 40);
    const auto store = OpenStore(fs, kStart, TinyBlocks());
    Progress progress;
    Work(*store, &progress, false);
    EXPECT_EQ(progress.acknowledged, kEnd - kStep);
    EXPECT_GT(store->Stats().blocks_deleted_time, 0);
    EXPECT_GT(store->Stats().compactions, 10);
    EXPECT_EQ(store->Stats().compaction_failures, 0);
    ExpectConsistent(ReadAll(*store), progress, progress.acknowledged, true);
    return fs.calls();
  }
};

TEST_P(StoreCrash, LosesNothingAtAnyCall) {
  const std::int64_t calls = AllCalls();
  for (std::int64_t lives = 0; lives <= calls; ++lives) {
    SCOPED_TRACE(::testing::Message() << "after call " << lives << " of " << calls);
    MemFs disk;
    Progress progress;
    {
      DyingFs fs(disk, lives);
      auto store = Store::Open(fs, TinyBlocks(), kData, kStart);
      if (store) Work(**store, &progress, false);
      // The disk is as it was at the death: what runs after it changes nothing.
      if (GetParam() == Death::kPowerCut) disk.Crash();
      if (GetParam() == Death::kKill) disk.DropLocks();
    }
    const bool is_kill = GetParam() == Death::kKill;
    auto store = OpenStore(disk, progress.attempted, TinyBlocks());
    ASSERT_TRUE(store);
    const Content content = ReadAll(*store);
    ExpectConsistent(content, progress, is_kill ? progress.acknowledged : progress.synced,
                     is_kill ? progress.delete_acknowledged : progress.delete_synced);
    ExpectTidy(disk);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
    store.reset();
    store = OpenStore(disk, progress.attempted, TinyBlocks());
    ASSERT_TRUE(store);
    ASSERT_EQ(ReadAll(*store), content);
  }
}

INSTANTIATE_TEST_SUITE_P(Deaths, StoreCrash, ::testing::Values(Death::kPowerCut, Death::kKill),
                         [](const auto& info) { return info.param == Death::kPowerCut ? "PowerCut" : "Kill"; });

TEST(StoreFault, GoesOnAfterAnyCallThatFailsOnce) {
  std::int64_t calls = 0;
  {
    MemFs disk;
    const auto store = OpenStore(disk, kStart, TinyBlocks());
    const std::int64_t before = disk.calls();
    Progress progress;
    Work(*store, &progress, true);
    calls = disk.calls() - before;
  }
  for (std::int64_t n = 1; n <= calls; ++n) {
    SCOPED_TRACE(::testing::Message() << "call " << n << " of " << calls);
    MemFs disk;
    auto store = OpenStore(disk, kStart, TinyBlocks());
    disk.FailCall(n, n % 2 == 0 ? ErrorCode::kTooLarge : ErrorCode::kUnavailable);
    Progress progress;
    Work(*store, &progress, true);
    ASSERT_EQ(progress.attempted, kEnd - kStep);
    ASSERT_LE(progress.failed.size(), 1u);
    // What the log did not take is in memory all the same.
    Progress all = progress;
    all.failed.clear();
    ExpectConsistent(ReadAll(*store), all, kEnd, true);
    ASSERT_TRUE(store->Close());
    store.reset();
    store = OpenStore(disk, kEnd, TinyBlocks());
    ASSERT_TRUE(store);
    ExpectConsistent(ReadAll(*store), progress, kEnd, true);
    ExpectTidy(disk);
    if (::testing::Test::HasFatalFailure() || ::testing::Test::HasNonfatalFailure()) return;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
