#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string SegmentPath(int index) {
  return JoinPath(kWal, SegmentName(index));
}

/// The segments that are there, as they are after a process has ended without Close.
class HeadReplayTest : public ::testing::Test {
 protected:
  std::unique_ptr<Head> Reopen(TimestampMs now = kNow) {
    head_.reset();
    head_ = OpenHead(fs_, options_, kData, now);
    return nullptr;
  }

  HeadOptions options_;
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_);
};

TEST_F(HeadReplayTest, BringsBackSamplesAndMetadata) {
  const auto appender = head_->NewAppender();
  appender->SetMetadata("req_seconds",
                        {.type = MetricType::kHistogram, .help = "Time of requests.", .unit = "seconds"});
  appender->SetMetadata("events", {.type = MetricType::kCounter, .help = "Events.", .unit = ""});
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(appender->Append(0, {{"__name__", "req_seconds_bucket"}, {"le", "+Inf"}}, kNow + i * 100, i));
    ASSERT_TRUE(appender->Append(0, {{"__name__", "events_total"}}, kNow + i * 100, StaleMarker()));
    ASSERT_TRUE(appender->Commit());
  }
  const Content content = ReadAll(*head_);
  const auto metadata = head_->Metadata();
  Reopen();
  EXPECT_EQ(ReadAll(*head_), content);
  EXPECT_EQ(head_->Metadata(), metadata) << "events is the family of events_total";
  const HeadStats stats = head_->Stats();
  EXPECT_EQ(stats.replay.samples, 600);
  EXPECT_EQ(stats.replay.series, 2);
  EXPECT_EQ(stats.max_time, kNow + 29900);
  EXPECT_THAT(stats.replay.wal.notes, IsEmpty());
}

TEST_F(HeadReplayTest, GoesOnWhereItEnded) {
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(Put(*head_, Metric("m"), kNow + round, round));
    ASSERT_TRUE(Put(*head_, Metric("only", std::to_string(round)), kNow + round, round));
    Reopen();
  }
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 5U);
  EXPECT_EQ(ReadAll(*head_).size(), 6U);
  EXPECT_EQ(Put(*head_, Metric("m"), kNow - kMinuteMs, 7).error().code, ErrorCode::kOutOfOrder);
}

TEST_F(HeadReplayTest, StartsWithoutSamplesLeaveNoFilesBehind) {
  for (int round = 0; round < 3; ++round) Reopen();
  EXPECT_THAT(fs_.List(kWal).value_or(std::vector<std::string>{}), IsEmpty());
}

TEST_F(HeadReplayTest, PowerCutLosesWhatWasNotSynced) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  ASSERT_TRUE(head_->Sync());
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 1, 2));
  fs_.Crash();
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow, 1}}));
}

TEST_F(HeadReplayTest, TornEndAtEveryByteCostsOnlyTheLastBatch) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 1, 2));
  const std::size_t good = fs_.Read(SegmentPath(0)).value_or("").size();
  ASSERT_TRUE(Put(*head_, Metric("n", std::string(100, 'x')), kNow + 2, 3));
  const std::string whole = fs_.Read(SegmentPath(0)).value_or("");
  ASSERT_GT(whole.size(), good);
  for (std::size_t size = good; size < whole.size(); ++size) {
    head_.reset();
    fs_.Overwrite(SegmentPath(0), whole.substr(0, size));
    Reopen();
    // The torn batch has two records, the series and its sample.
    EXPECT_EQ(ReadAll(*head_), (Content{{"m", {{kNow, 1}, {kNow + 1, 2}}}})) << size;
    const WalReplay& facts = head_->Stats().replay.wal;
    EXPECT_EQ(facts.damaged_segments, 0) << size;
    EXPECT_LE(facts.torn_bytes, static_cast<std::int64_t>(size - good)) << size;
    EXPECT_EQ(fs_.Read(SegmentPath(0)).value_or("").size(), size - static_cast<std::size_t>(facts.torn_bytes)) << size;
    if (facts.torn_bytes > 0) {
      EXPECT_THAT(facts.notes,
                  ElementsAre(HasSubstr("dropped the last " + std::to_string(facts.torn_bytes) + " bytes")));
    }
    // And it goes on: what is written now is there at the next start.
    ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 5, 5));
    Reopen();
    EXPECT_EQ(ReadAll(*head_)["m"].size(), 3U) << size;
    EXPECT_EQ(head_->Stats().replay.wal.torn_bytes, 0) << size;
    head_.reset();
    ASSERT_TRUE(fs_.Remove(SegmentPath(1)));
  }
}

TEST_F(HeadReplayTest, DamageInTheMiddleKeepsWhatStoodBeforeAndSetsTheSegmentAside) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  const std::size_t good = fs_.Read(SegmentPath(0)).value_or("").size();
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 1, 2));
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 2, 3));
  Reopen();
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 3, 4));
  head_.reset();
  std::string damaged = fs_.Read(SegmentPath(0)).value_or("");
  damaged[good + 12] = static_cast<char>(damaged[good + 12] ^ 1);
  fs_.Overwrite(SegmentPath(0), damaged);
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow, 1}, {kNow + 3, 4}})) << "later segments are used";
  const WalReplay facts = head_->Stats().replay.wal;
  EXPECT_EQ(facts.damaged_segments, 1);
  EXPECT_EQ(facts.damaged_bytes, static_cast<std::int64_t>(damaged.size() - good));
  EXPECT_THAT(facts.notes, ElementsAre(HasSubstr("00000000.damaged")));
  EXPECT_EQ(fs_.Read(SegmentPath(0) + ".damaged").value_or(""), damaged);
  Reopen();
  EXPECT_EQ(head_->Stats().replay.wal.damaged_segments, 0) << "repaired once";
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 2U);
}

TEST_F(HeadReplayTest, RecordsThatMakeNoSenseAreDamageToo) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  head_.reset();
  SegmentFramer framer;
  std::string segment = fs_.Read(SegmentPath(0)).value_or("");
  framer.Prepare(std::string_view("\x01\0\0\0", 4));
  framer.Frame(segment.size(), &segment);
  fs_.Overwrite(SegmentPath(0), segment);
  Reopen();
  EXPECT_EQ(head_->Stats().replay.wal.damaged_segments, 1);
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 1U);
}

TEST_F(HeadReplayTest, InterruptedRepairIsFinished) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  head_.reset();
  ASSERT_TRUE(fs_.Rename(SegmentPath(0), SegmentPath(0) + ".repaired"));
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 1U);
}

TEST_F(HeadReplayTest, RecordsOfALaterProgramAreRefusedAndNothingIsTouched) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  head_.reset();
  SegmentFramer framer;
  std::string segment = fs_.Read(SegmentPath(0)).value_or("");
  framer.Prepare(std::string_view("\x0b samples with start timestamps"));
  framer.Frame(segment.size(), &segment);
  fs_.Overwrite(SegmentPath(0), segment);
  const auto head = Head::Open(fs_, {}, kData, kNoTime, kNow);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(head.error().message.find("st-storage"), std::string::npos);
  EXPECT_EQ(fs_.Read(SegmentPath(0)).value_or(""), segment);
}

TEST_F(HeadReplayTest, SamplesOlderThanTheRetentionAreLeftOut) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  Reopen(kNow + 3 * kHourMs);
  EXPECT_THAT(ReadAll(*head_), IsEmpty());
  EXPECT_EQ(head_->Stats().replay.old_samples, 1);
  Maintain(*head_, kNow + 3 * kHourMs);
  EXPECT_EQ(head_->Stats().series, 0);
}

TEST_F(HeadReplayTest, SeriesThatCameBackUnderAnotherReferenceIsOne) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  Maintain(*head_, kNow + kDayMs);
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + kDayMs, 2));
  Reopen(kNow);
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow, 1}, {kNow + kDayMs, 2}}));
  EXPECT_EQ(head_->Stats().series, 1);
}

TEST_F(HeadReplayTest, ReferencesAreNotUsedAgainAfterARestart) {
  ASSERT_TRUE(Put(*head_, Metric("a"), kNow, 1));
  ASSERT_TRUE(Put(*head_, Metric("b"), kNow, 1));
  Reopen();
  ASSERT_TRUE(Put(*head_, Metric("c"), kNow, 3));
  Reopen();
  EXPECT_EQ(ReadAll(*head_), (Content{{"a", {{kNow, 1}}}, {"b", {{kNow, 1}}}, {"c", {{kNow, 3}}}}));
}

TEST_F(HeadReplayTest, CheckpointOfACrashBeforeTheRemovalReplacesTheSegments) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  Reopen();
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 1, 2));
  head_.reset();
  const std::string segment = fs_.Read(SegmentPath(0)).value_or("");
  ASSERT_TRUE(fs_.MakeDirs("data/wal/checkpoint.00000000"));
  ASSERT_TRUE(fs_.Create("data/wal/checkpoint.00000000/00000000"));
  fs_.Overwrite("data/wal/checkpoint.00000000/00000000", segment);
  ASSERT_TRUE(fs_.MakeDirs("data/wal/checkpoint.00000001.tmp"));
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 2U);
  EXPECT_THAT(fs_.List(kWal).value_or(std::vector<std::string>{}), ElementsAre("00000001", "checkpoint.00000000"));
}

TEST_F(HeadReplayTest, SeriesLimitHoldsInReplay) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Put(*head_, Metric("m", std::to_string(i)), kNow, 1));
  options_.max_series = 4;
  Reopen();
  EXPECT_EQ(ReadAll(*head_).size(), 4U);
  EXPECT_EQ(head_->Stats().replay.refused_series, 6);
}

TEST_F(HeadReplayTest, ClosedHeadTakesNoMore) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  ASSERT_TRUE(head_->Close());
  EXPECT_EQ(Put(*head_, Metric("m"), kNow + 1, 2).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tickbird::tsdb
