#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::tickbird::testing::MemFs;

Matcher Equals(std::string_view name, std::string_view value) {
  return Matcher::Equal(std::string(name), std::string(value));
}

TEST(StoreQuery, ReadsHeadAndBlocksAsOne) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  const auto written = Fill(*store, kStart, kStart + 40 * kMinuteMs);
  ASSERT_THAT(store->Blocks(), SizeIs(3));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", written}}));
}

TEST(StoreQuery, KeepsToTheRange) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  const auto written = Fill(*store, kStart, kStart + 40 * kMinuteMs);
  for (TimestampMs min = kStart - kMinuteMs; min < kStart + 41 * kMinuteMs; min += 2 * kMinuteMs + 5 * kSecondMs) {
    for (TimestampMs max = min; max < kStart + 42 * kMinuteMs; max += 7 * kMinuteMs) {
      const std::map<TimestampMs, double> wanted(written.lower_bound(min), written.upper_bound(max));
      const Content expected = wanted.empty() ? Content{} : Content{{"a", wanted}};
      EXPECT_EQ(Read(*store, {.matchers = {}, .min = min, .max = max}), expected) << min << " to " << max;
    }
  }
}

TEST(StoreQuery, FindsTheNewestSampleOfAnyRange) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  const auto written = Fill(*store, kStart, kStart + 40 * kMinuteMs);
  for (TimestampMs max = kStart - kMinuteMs; max < kStart + 42 * kMinuteMs; max += 25 * kSecondMs) {
    const TimestampMs min = max - 5 * kMinuteMs;
    const auto after = written.upper_bound(max);
    Content expected;
    if (after != written.begin() && std::prev(after)->first >= min) expected["a"] = {*std::prev(after)};
    EXPECT_EQ(Read(*store, {.matchers = {}, .min = min, .max = max, .newest_only = true}), expected) << max;
  }
}

TEST(StoreQuery, DoesNotTouchBlocksForWhatIsInTheHead) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  Fill(*store, kStart, kStart + 40 * kMinuteMs);
  ASSERT_THAT(store->Blocks(), SizeIs(3));
  const TimestampMs now = kStart + 40 * kMinuteMs;
  const std::int64_t calls = fs.calls();
  EXPECT_THAT(Read(*store, {.matchers = {}, .min = now - 5 * kMinuteMs, .max = now, .newest_only = true}), SizeIs(1));
  EXPECT_EQ(fs.calls(), calls);
}

TEST(StoreQuery, GivesSeriesThatAreInOnePlaceOnly) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  const auto old = Fill(*store, kStart, kStart + 5 * kMinuteMs, 5 * kSecondMs, Metric("old"));
  const auto both = Fill(*store, kStart + 5 * kMinuteMs, kStart + 30 * kMinuteMs);
  ASSERT_TRUE(Put(*store, Metric("new"), kStart + 30 * kMinuteMs, 1));
  EXPECT_EQ(ReadAll(*store), (Content{{"old", old}, {"a", both}, {"new", {{kStart + 30 * kMinuteMs, 1}}}}));
  EXPECT_EQ(Read(*store, {.matchers = {Equals("__name__", "old")}, .min = kFirstTime, .max = kLastTime}),
            (Content{{"old", old}}));
}

TEST(StoreQuery, TakesTheHeadThenTheYoungerBlockAtEqualTimes) {
  MemFs fs;
  BlockMeta older;
  older.ulid = NewUlid(1000);
  older.hints = {std::string(kHintImported)};
  BlockMeta younger = older;
  younger.ulid = NewUlid(2000);
  WriteTestBlock(fs, Samples(kStart, kStart + 4 * kMinuteMs, kMinuteMs, 2), younger);
  WriteTestBlock(fs, Samples(kStart + kMinuteMs, kStart + 5 * kMinuteMs, kMinuteMs, 1), older);
  const auto store = OpenStore(fs, kStart);
  ASSERT_TRUE(Put(*store, Metric("a"), kStart + 3 * kMinuteMs, 3));
  EXPECT_EQ(ReadAll(*store)["a"], (std::map<TimestampMs, double>{{kStart, 2},
                                                                 {kStart + kMinuteMs, 2},
                                                                 {kStart + 2 * kMinuteMs, 2},
                                                                 {kStart + 3 * kMinuteMs, 3},
                                                                 {kStart + 4 * kMinuteMs, 1}}));
}

TEST(StoreQuery, MergesLabels) {
  MemFs fs;
  const auto store = OpenStore(fs, kStart);
  Fill(*store, kStart, kStart + 5 * kMinuteMs, 5 * kSecondMs, {{"__name__", "old"}, {"zone", "x"}});
  Fill(*store, kStart + 5 * kMinuteMs, kStart + 50 * kMinuteMs);
  ASSERT_TRUE(Put(*store, {{"__name__", "new"}, {"host", "h"}}, kStart + 50 * kMinuteMs, 1));
  EXPECT_THAT(store->LabelNames({}), ElementsAre("__name__", "host", "zone"));
  EXPECT_THAT(store->LabelValues("__name__", {}), ElementsAre("a", "new", "old"));
  EXPECT_THAT(store->LabelNames({Equals("__name__", "old")}), ElementsAre("__name__", "zone"));
  EXPECT_THAT(store->LabelValues("zone", {Equals("__name__", "old")}), ElementsAre("x"));
  EXPECT_THAT(store->LabelValues("zone", {Equals("__name__", "new")}), IsEmpty());
}

TEST(StoreQuery, RefusesToSelectMoreSeriesThanTheLimit) {
  MemFs fs;
  StoreOptions options = SmallBlocks();
  options.head.max_selected = 2;
  const auto store = OpenStore(fs, kStart, options);
  for (const char* name : {"b", "c"}) ASSERT_TRUE(Put(*store, Metric(name), kStart, 1));
  Fill(*store, kStart + kMinuteMs, kStart + 40 * kMinuteMs);
  const auto selected = store->Select({.matchers = {}, .min = kFirstTime, .max = kLastTime});
  ASSERT_FALSE(selected);
  EXPECT_EQ(selected.error().code, ErrorCode::kTooLarge);
}

TEST(StoreQuery, KeepsTheRetentionInMemoryOnly) {
  MemFs fs;
  StoreOptions options = SmallBlocks();
  options.retention = 20 * kMinuteMs;
  const auto store = OpenStore(fs, kStart, options, "");
  auto written = Fill(*store, kStart, kStart + 60 * kMinuteMs);
  store->Maintain(kStart + 60 * kMinuteMs);
  written.erase(written.begin(), written.lower_bound(kStart + 40 * kMinuteMs));
  EXPECT_EQ(ReadAll(*store), (Content{{"a", written}}));
  EXPECT_TRUE(store->Sync());
  EXPECT_FALSE(store->Snapshot(false, kStart));
  EXPECT_EQ(fs.used(), 0);
}

}  // namespace
}  // namespace tickbird::tsdb
