#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/unit/tsdb/head_testing.h"

/// Deletions in the head.
namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HeadDeleteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(Put(*head_, Metric("m"), Time(i), i * 1.1));
      ASSERT_TRUE(Put(*head_, Metric("n"), Time(i), i));
    }
  }
  void Reopen() {
    head_.reset();
    head_ = OpenHead(fs_, options_);
  }
  static TimestampMs Time(int i) { return kNow - (299 - i) * kSecondMs; }
  static std::vector<Matcher> Only(const char* name) { return {Matcher::Equal("__name__", name)}; }
  /// That m lacks these and n nothing.
  void ExpectWithout(int first, int last) {
    std::vector<Sample> expected;
    for (int i = 0; i < 300; ++i) {
      if (i < first || i > last) expected.push_back({Time(i), i * 1.1});
    }
    const Content content = ReadAll(*head_);
    EXPECT_EQ(content.at("m"), expected);
    EXPECT_EQ(content.at("n").size(), 300U);
  }

  HeadOptions options_{.memory_window = kMinuteMs};
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, options_);
};

TEST_F(HeadDeleteTest, HidesSamplesAlsoAfterARestart) {
  EXPECT_EQ(head_->Delete(Only("m"), {Time(50), Time(150)}).value_or(-1), 1);
  ExpectWithout(50, 150);
  Reopen();
  ExpectWithout(50, 150);
  EXPECT_EQ(head_->Stats().deletions, 1);
  EXPECT_EQ(head_->Delete(Only("m"), {Time(151), Time(160)}).value_or(-1), 1);
  EXPECT_EQ(head_->Delete(Only("m"), {Time(10), Time(10)}).value_or(-1), 1);
  EXPECT_EQ(head_->Stats().deletions, 3) << "between two samples there is a gap";
}

TEST_F(HeadDeleteTest, CountsOnlySeriesWithSamplesThere) {
  EXPECT_EQ(head_->Delete({}, {Time(0), Time(5)}).value_or(-1), 2);
  EXPECT_EQ(head_->Delete({}, {Time(400), Time(500)}).value_or(-1), 0);
  EXPECT_EQ(head_->Delete({}, {Time(-10), Time(-5)}).value_or(-1), 0);
  EXPECT_EQ(head_->Delete(Only("none"), {Time(0), Time(5)}).value_or(-1), 0);
  EXPECT_EQ(head_->Stats().deletions, 2);
}

TEST_F(HeadDeleteTest, NewerSamplesAreNotHidden) {
  EXPECT_EQ(head_->Delete(Only("m"), {kNoTime, std::numeric_limits<TimestampMs>::max()}).value_or(-1), 1);
  EXPECT_THAT(ReadAll(*head_)["m"], IsEmpty());
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 1, 7));
  EXPECT_THAT(ReadAll(*head_)["m"], ElementsAre(Sample{kNow + 1, 7}));
  Reopen();
  EXPECT_THAT(ReadAll(*head_)["m"], ElementsAre(Sample{kNow + 1, 7}));
}

TEST_F(HeadDeleteTest, NewestOnlyGivesTheNewestThatIsLeft) {
  ASSERT_TRUE(head_->Delete(Only("m"), {Time(200), Time(299)}));
  const Selection selection{.matchers = Only("m"), .min = Time(0), .max = Time(299), .newest_only = true};
  EXPECT_THAT(Read(*head_, selection)["m"], ElementsAre(Sample{Time(199), 199 * 1.1}));
}

TEST_F(HeadDeleteTest, ChunksOnDiskAndBlocksLackThemToo) {
  ASSERT_TRUE(head_->Delete(Only("m"), {Time(50), Time(150)}));
  head_->Maintain(kNow + 10 * kMinuteMs);
  EXPECT_GT(head_->Stats().spilled_chunks, 0);
  ExpectWithout(50, 150);
  const auto source = head_->SeriesIn(Time(0), kNow + 1);
  ChunkSeries series;
  std::map<std::string, std::size_t> samples;
  while (*source->Next(&series)) {
    for (const ChunkRef& chunk : series.chunks) samples[series.labels.ToString()] += chunk.sample_count();
  }
  EXPECT_EQ(samples["m"], 199U);
  EXPECT_EQ(samples["n"], 300U);
}

TEST_F(HeadDeleteTest, AreForgottenWithTheSamples) {
  ASSERT_TRUE(head_->Delete(Only("m"), {Time(50), Time(150)}));
  head_->DropBefore(Time(150));
  EXPECT_EQ(head_->Stats().deletions, 1);
  head_->DropBefore(Time(151));
  EXPECT_EQ(head_->Stats().deletions, 0);
  ASSERT_TRUE(head_->Delete(Only("n"), {Time(160), Time(170)}));
  Maintain(*head_, kNow + kDayMs);
  EXPECT_EQ(head_->Stats().deletions, 0);
}

TEST_F(HeadDeleteTest, CheckpointKeepsThem) {
  options_.wal.segment_bytes = 32768;
  Reopen();
  ASSERT_TRUE(head_->Delete(Only("m"), {Time(250), Time(260)}));
  const auto appender = head_->NewAppender();
  for (int i = 0; i < 30'000; ++i) ASSERT_TRUE(appender->Append(0, Metric("m"), kNow + 1 + i * 18, i * 0.7));
  ASSERT_TRUE(appender->Commit());
  options_.wal.max_bytes = 100'000;
  Reopen();
  head_->Maintain(kNow + 20 * kMinuteMs);
  EXPECT_GT(head_->Stats().wal.checkpoints, 0);
  EXPECT_GT(head_->Stats().spilled_chunks, 0);
  for (int round = 0; round < 2; ++round) {
    const auto samples = Read(*head_, {.matchers = Only("m"), .min = Time(249), .max = Time(261)})["m"];
    EXPECT_THAT(samples, ElementsAre(Sample{Time(249), 249 * 1.1}, Sample{Time(261), 261 * 1.1}));
    Reopen();
  }
}

TEST_F(HeadDeleteTest, FailedLogIsTold) {
  fs_.FailCall(1);
  EXPECT_FALSE(head_->Delete(Only("m"), {Time(50), Time(150)}));
  ExpectWithout(50, 150);
  ASSERT_TRUE(head_->Delete(Only("m"), {Time(50), Time(150)}));
  Reopen();
  ExpectWithout(50, 150);
}

TEST_F(HeadDeleteTest, ManyDeletionsHideWhatASimpleModelHides) {
  std::mt19937 random(7);
  std::set<int> left;
  for (int i = 0; i < 300; ++i) left.insert(left.end(), i);
  for (int round = 0; round < 60; ++round) {
    const int first = static_cast<int>(random() % 300);
    const int last = first + static_cast<int>(random() % 8);
    ASSERT_TRUE(head_->Delete(Only("m"), {Time(first), Time(last)}));
    left.erase(left.lower_bound(first), left.upper_bound(last));
    if (round % 13 == 0) Reopen();
    if (round % 17 == 0) head_->Maintain(kNow);
    std::vector<Sample> expected;
    for (const int i : left) expected.push_back({Time(i), i * 1.1});
    ASSERT_EQ(ReadAll(*head_)["m"], expected) << round;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
