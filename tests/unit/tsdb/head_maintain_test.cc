#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr DurationMs kRetention = 20 * kMinuteMs;

class HeadMaintainTest : public ::testing::Test {
 protected:
  /// A batch a second over `seconds` with a sample for each series.
  void Fill(Head& head, TimestampMs from, int seconds, int series = 1) {
    for (int i = 0; i < seconds; ++i) {
      const auto appender = head.NewAppender();
      for (int n = 0; n < series; ++n) {
        ASSERT_TRUE(appender->Append(0, Metric("m", std::to_string(n)), from + i * kSecondMs, std::sin(i * n)));
      }
      ASSERT_TRUE(appender->Commit());
    }
  }

  testing::MemFs fs_;
};

TEST_F(HeadMaintainTest, DropsChunksOlderThanTheRetention) {
  const auto head = OpenHead(fs_, {}, "", kNow, kRetention);
  Fill(*head, kNow - 1200 * kSecondMs, 1200);
  Maintain(*head, kNow + 10 * kMinuteMs, kRetention);
  const auto samples = ReadAll(*head).begin()->second;
  EXPECT_LE(samples.front().timestamp, kNow - 600 * kSecondMs);
  EXPECT_GT(samples.front().timestamp, kNow - 1000 * kSecondMs);
  EXPECT_EQ(samples.back().timestamp, kNow - kSecondMs);
  EXPECT_EQ(head->Stats().min_time, samples.front().timestamp);
  EXPECT_EQ(head->Stats().max_time, kNow - kSecondMs);
}

TEST_F(HeadMaintainTest, SeriesWithoutSamplesExpireAfterTheirTime) {
  const auto head = OpenHead(fs_, {.series_expiry = 5 * kMinuteMs}, "", kNow, kRetention);
  Fill(*head, kNow, 10, 3);
  const auto appender = head->NewAppender();
  appender->SetMetadata("m", {.type = MetricType::kGauge, .help = "h", .unit = ""});
  appender->SetMetadata("other", {.type = MetricType::kGauge, .help = "o", .unit = ""});
  ASSERT_TRUE(appender->Append(0, Metric("other"), kNow + 6 * kMinuteMs, 1));
  ASSERT_TRUE(appender->Commit());
  Maintain(*head, kNow + 22 * kMinuteMs, kRetention);
  EXPECT_EQ(head->Stats().series, 4);
  EXPECT_EQ(ReadAll(*head).size(), 1U) << "their samples are gone, they are remembered";
  Maintain(*head, kNow + 26 * kMinuteMs, kRetention);
  EXPECT_EQ(head->Stats().series, 1);
  EXPECT_EQ(head->Stats().series_expired, 3);
  EXPECT_THAT(head->LabelValues("__name__", {}), ElementsAre("other"));
  EXPECT_EQ(head->Metadata().size(), 1U) << "metadata goes with the last series of its family";
  Maintain(*head, kNow + kDayMs, kRetention);
  const HeadStats stats = head->Stats();
  EXPECT_EQ(stats.series, 0);
  EXPECT_EQ(stats.chunk_bytes, 0);
  EXPECT_EQ(stats.label_bytes, 0);
  EXPECT_EQ(stats.chunks, 0);
}

TEST_F(HeadMaintainTest, SeriesOfAnOpenBatchStay) {
  const auto head = OpenHead(fs_, {}, "");
  const auto appender = head->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
  head->Maintain(kNow + kDayMs);
  EXPECT_EQ(head->Stats().series, 1);
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head)["m"].size(), 1U);
}

TEST_F(HeadMaintainTest, NowMovesTheBoundsOfWhatIsTaken) {
  const auto head = OpenHead(fs_, {}, "");
  EXPECT_FALSE(Put(*head, Metric("m"), kNow + kHourMs, 1));
  head->Maintain(kNow + kHourMs);
  EXPECT_TRUE(Put(*head, Metric("m"), kNow + kHourMs, 1));
}

TEST_F(HeadMaintainTest, OldestChunksGoWhenThereAreTooManyBytes) {
  constexpr std::int64_t kLimit = 60'000;
  const auto head = OpenHead(fs_, {.max_chunk_bytes = kLimit}, "");
  Fill(*head, kNow - 3000 * kSecondMs, 3000, 20);
  const HeadStats stats = head->Stats();
  EXPECT_LE(stats.chunk_bytes, kLimit);
  EXPECT_GT(stats.chunk_bytes, kLimit / 2);
  EXPECT_GT(stats.chunks_evicted, 0);
  TimestampMs newest_start = 0;
  TimestampMs oldest_start = kNow;
  for (const auto& [name, samples] : ReadAll(*head)) {
    EXPECT_EQ(samples.back().timestamp, kNow - kSecondMs) << "new samples stay";
    // The first series is constant: its chunks are long.
    if (name.find("\"0\"") != std::string::npos) continue;
    newest_start = std::max(newest_start, samples.front().timestamp);
    oldest_start = std::min(oldest_start, samples.front().timestamp);
  }
  EXPECT_LE(newest_start - oldest_start, 250 * kSecondMs) << "all series lose the same time, up to a chunk";
}

TEST_F(HeadMaintainTest, ShortensTheLogAndKeepsWhatIsStillInMemory) {
  HeadOptions options;
  options.wal.segment_bytes = 32768;
  auto head = OpenHead(fs_, options);
  const auto metadata = head->NewAppender();
  metadata->SetMetadata("m", {.type = MetricType::kGauge, .help = "h", .unit = "u"});
  ASSERT_TRUE(metadata->Commit());
  std::int64_t most_bytes = 0;
  TimestampMs now = kNow;
  for (int minute = 0; minute < 120; ++minute) {
    Fill(*head, now, 60, 5);
    now += kMinuteMs;
    Maintain(*head, now, kRetention);
    most_bytes = std::max(most_bytes, head->Stats().wal.bytes);
  }
  const HeadStats stats = head->Stats();
  EXPECT_GT(stats.wal.checkpoints, 2);
  EXPECT_EQ(stats.truncate_failures, 0);
  EXPECT_LT(stats.wal.bytes, 12 * 32768);
  EXPECT_LT(most_bytes, 12 * 32768);
  const Content content = ReadAll(*head);
  ASSERT_TRUE(head->Close());
  head.reset();
  head = OpenHead(fs_, options, kData, now, kRetention);
  const Content again = ReadAll(*head);
  ASSERT_EQ(again.size(), 5U);
  for (const auto& [name, samples] : again) {
    // Replay starts at the retention, memory at the chunk that holds it.
    const auto& before = content.at(name);
    EXPECT_LE(samples.front().timestamp, now - 20 * kMinuteMs + kSecondMs);
    EXPECT_TRUE(std::equal(samples.rbegin(), samples.rend(), before.rbegin())) << name;
  }
  EXPECT_EQ(head->Metadata().at("m").unit, "u");
  EXPECT_EQ(head->Stats().replay.unknown_samples, 0);
  EXPECT_EQ(head->Stats().replay.wal.damaged_segments, 0);
}

TEST_F(HeadMaintainTest, LogHasALimitOfBytes) {
  HeadOptions options;
  options.wal = {.segment_bytes = 32768, .max_bytes = 150'000};
  auto head = OpenHead(fs_, options);
  for (int minute = 0; minute < 60; ++minute) {
    Fill(*head, kNow + minute * kMinuteMs, 60, 5);
    head->Maintain(kNow + minute * kMinuteMs);
  }
  EXPECT_LE(head->Stats().wal.bytes, 150'000 + 2 * 32768);
  EXPECT_GT(head->Stats().wal.segments_over_limit, 0);
  EXPECT_EQ(ReadAll(*head).begin()->second.size(), 3600U) << "memory keeps them";
  head.reset();
  head = OpenHead(fs_, options, kData, kNow + kHourMs);
  EXPECT_EQ(head->Stats().replay.unknown_samples, 0);
  EXPECT_EQ(ReadAll(*head).size(), 5U);
}

TEST_F(HeadMaintainTest, FailedCheckpointRemovesNothing) {
  HeadOptions options{.max_future = kHourMs};
  options.wal.segment_bytes = 32768;
  for (int n = 1; n < 60; ++n) {
    testing::MemFs fs;
    auto head = OpenHead(fs, options);
    Fill(*head, kNow, 2400, 6);
    const TimestampMs now = kNow + 40 * kMinuteMs;
    const std::int64_t before = fs.calls();
    fs.FailCall(n);
    Maintain(*head, now, kRetention);
    const bool failed = fs.calls() - before >= n;
    fs.FailCall(0);
    const Content content = ReadAll(*head);
    head.reset();
    head = OpenHead(fs, options, kData, now, kRetention);
    ASSERT_TRUE(head) << n;
    EXPECT_EQ(head->Stats().replay.unknown_samples, 0) << n;
    EXPECT_EQ(head->Stats().replay.wal.damaged_segments, 0) << n;
    for (const auto& [name, samples] : ReadAll(*head)) {
      ASSERT_GE(samples.size(), 1200U) << n;
      EXPECT_TRUE(std::equal(samples.rbegin(), samples.rend(), content.at(name).rbegin())) << n;
    }
    Maintain(*head, now, kRetention);
    EXPECT_EQ(head->Stats().truncate_failures, 0) << n;
    if (!failed) {
      EXPECT_GT(n, 10) << "fewer calls than a checkpoint makes";
      return;
    }
  }
  FAIL() << "Maintain needs more calls than expected";
}

}  // namespace
}  // namespace tickbird::tsdb
