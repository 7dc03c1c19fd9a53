#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

constexpr DurationMs kRetention = 10 * kMinuteMs;

/// What a workload was told.
struct Told {
  std::map<std::string, std::vector<Sample>> logged;   // Commit said yes
  std::map<std::string, std::vector<Sample>> visible;  // Commit was called
};

Labels SeriesOf(int i) {
  return Metric("m", std::to_string(i % 7));
}

/// Batches that make segments, new series and a checkpoint.
Told Work(Head& head, int batches, TimestampMs from) {
  Told told;
  for (int i = 0; i < batches; ++i) {
    const auto appender = head.NewAppender();
    std::map<std::string, Sample> batch;
    for (int n = 0; n <= i % 7; ++n) {
      const Sample sample{from + i * 10 * kSecondMs, i * 1.5 + n};
      if (appender->Append(0, SeriesOf(n), sample.timestamp, sample.value)) batch[SeriesOf(n).ToString()] = sample;
    }
    // Some come late; they go to the other log.
    if (i % 5 == 4) {
      const Sample late{from + i * 10 * kSecondMs - 15 * kSecondMs, i * 2.5};
      if (appender->Append(0, SeriesOf(0), late.timestamp, late.value)) batch["late"] = late;
      Histogram histogram{
          .zero_count = static_cast<std::uint64_t>(i), .count = static_cast<std::uint64_t>(i), .sum = 1};
      [[maybe_unused]] const auto ref =
          appender->AppendHistogram(0, Metric("histogram"), from + i * 10 * kSecondMs, histogram);
      [[maybe_unused]] const Status added =
          appender->AppendExemplar(0, SeriesOf(0), {.labels = {}, .value = 1, .timestamp = from + i * kSecondMs});
    }
    appender->SetMetadata("m", {.type = MetricType::kGauge, .help = "round " + std::to_string(i / 10), .unit = ""});
    const bool logged = appender->Commit().has_value();
    for (const auto& [key, sample] : batch) {
      const std::string name = key == "late" ? SeriesOf(0).ToString() : key;
      told.visible[name].push_back(sample);
      if (logged) told.logged[name].push_back(sample);
    }
    if (i % 20 == 19) {
      [[maybe_unused]] const Status synced = head.Sync();
      Maintain(head, from + i * 10 * kSecondMs, kRetention);
    }
  }
  return told;
}

/// That every sample of `expected` from `since` on is in the store.
void ExpectHolds(const Head& head, const Content& expected, TimestampMs since, const std::string& what) {
  const Content content = ReadAll(head);
  for (const auto& [name, samples] : expected) {
    for (const Sample& sample : samples) {
      if (sample.timestamp < since) continue;
      const auto found = content.find(name);
      ASSERT_TRUE(found != content.end()) << what << ": " << name;
      ASSERT_TRUE(std::find(found->second.begin(), found->second.end(), sample) != found->second.end())
          << what << ": " << name << " lost " << sample.timestamp;
    }
  }
}

HeadOptions SmallSegments() {
  HeadOptions options;
  options.wal.segment_bytes = 32768;
  return options;
}

TEST(HeadFaults, AnyCallMayFailOnceAndWhatWasLoggedComesBack) {
  std::int64_t calls = 0;
  {
    testing::MemFs fs;
    const auto head = OpenHead(fs, SmallSegments());
    calls = fs.calls();
    Work(*head, 200, kNow);
    calls = fs.calls() - calls;
  }
  ASSERT_GT(calls, 200);
  for (std::int64_t n = 1; n <= calls; ++n) {
    testing::MemFs fs;
    auto head = OpenHead(fs, SmallSegments());
    fs.FailCall(n, n % 2 == 0 ? ErrorCode::kTooLarge : ErrorCode::kUnavailable);
    const Told told = Work(*head, 200, kNow);
    const TimestampMs end = kNow + 200 * 10 * kSecondMs;
    const TimestampMs kept = end - 10 * kMinuteMs;
    const std::string what = "call " + std::to_string(n);
    ExpectHolds(*head, told.visible, kept, what + " in memory");
    EXPECT_LE(head->Stats().wal_failures, 1) << what;
    // A process that is killed: nothing is closed, nothing is synced.
    head.reset();
    head = OpenHead(fs, SmallSegments(), kData, end, kRetention);
    ASSERT_TRUE(head);
    ExpectHolds(*head, told.logged, kept, what + " after restart");
    EXPECT_EQ(head->Stats().replay.unknown_samples, 0) << what;
    EXPECT_EQ(head->Metadata().at("m").help, "round 19") << what;
  }
}

TEST(HeadFaults, AnyCallOfTheStartMayFailAndTheNextStartHasAll) {
  for (std::int64_t n = 1; n < 100; ++n) {
    testing::MemFs fs;
    auto head = OpenHead(fs, SmallSegments());
    const Told told = Work(*head, 150, kNow);
    head.reset();
    // A torn end, so that the start has something to repair.
    std::string last;
    for (const std::string& name : fs.List(kWal).value_or(std::vector<std::string>{})) {
      if (name.starts_with("0")) last = JoinPath(kWal, name);
    }
    fs.Overwrite(last, fs.Read(last).value_or("") + "\x01\x01");
    const TimestampMs end = kNow + 150 * 10 * kSecondMs;
    const std::int64_t before = fs.calls();
    fs.FailCall(n);
    auto failed = Head::Open(fs, SmallSegments(), kData, end - kRetention, end);
    const bool all_calls_done = fs.calls() - before < n;
    if (failed) {
      ExpectHolds(**failed, told.logged, end - 10 * kMinuteMs, "at once");
      if (!all_calls_done) ASSERT_TRUE(Put(**failed, Metric("after"), end, 1));
      failed->reset();
    }
    fs.FailCall(0);
    head = OpenHead(fs, SmallSegments(), kData, end, kRetention);
    ASSERT_TRUE(head);
    ExpectHolds(*head, told.logged, end - 10 * kMinuteMs, "call " + std::to_string(n));
    if (all_calls_done) return;
  }
  FAIL() << "the start makes more calls than expected";
}

TEST(HeadFaults, FullDiskCostsOnlyDurabilityAndRecoversByItself) {
  testing::MemFs fs;
  auto head = OpenHead(fs);
  ASSERT_TRUE(Put(*head, Metric("before"), kNow, 1));
  for (std::int64_t room = 0; room < 120; room += 3) {
    fs.SetCapacity(fs.used() + room);
    Status status;
    int written = 0;
    // New series, so that their records are what is lost.
    while (status && written < 50) {
      status = Put(*head, Metric("full", std::to_string(room) + "_" + std::to_string(written)),
                   kNow + room * 100 + written, 1);
      ++written;
    }
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(Put(*head, Metric("full", std::to_string(room) + "_0"), kNow + room * 100 + 50, 2).error().code,
              ErrorCode::kTooLarge);
    fs.SetCapacity(std::nullopt);
    ASSERT_TRUE(Put(*head, Metric("full", std::to_string(room) + "_0"), kNow + room * 100 + 60, 3));
    ASSERT_TRUE(Put(*head, Metric("full", std::to_string(room) + "_" + std::to_string(written - 1)),
                    kNow + room * 100 + 61, 4));
  }
  const Content in_memory = ReadAll(*head);
  EXPECT_GT(head->Stats().wal_failures, 40);
  EXPECT_EQ(head->Stats().wal_samples_lost, head->Stats().wal_failures);
  head.reset();
  head = OpenHead(fs);
  const Content replayed = ReadAll(*head);
  EXPECT_EQ(head->Stats().replay.unknown_samples, 0) << "series records that were lost were written again";
  EXPECT_EQ(head->Stats().replay.wal.damaged_segments, 0);
  EXPECT_EQ(head->Stats().replay.wal.torn_bytes, 0) << "failed writes were cut off";
  EXPECT_EQ(replayed.at("before"), in_memory.at("before"));
  for (const auto& [name, samples] : in_memory) {
    if (samples.size() < 2) continue;
    ASSERT_TRUE(replayed.contains(name)) << name;
    EXPECT_EQ(replayed.at(name).back(), samples.back()) << name;
  }
}

TEST(HeadFaults, StartsOnAFullDisk) {
  testing::MemFs fs;
  auto head = OpenHead(fs);
  ASSERT_TRUE(Put(*head, Metric("m"), kNow, 1));
  head.reset();
  fs.SetCapacity(fs.used());
  head = OpenHead(fs);
  ASSERT_TRUE(head);
  EXPECT_EQ(Put(*head, Metric("m"), kNow + 1, 2).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(ReadAll(*head)["m"].size(), 2U);
}

TEST(HeadFaults, PowerCutAtAnyCallKeepsWhatWasSynced) {
  // After the n-th call the power goes: everything that Sync had confirmed is there.
  for (std::int64_t n = 1; n < 400; n += 7) {
    testing::MemFs fs;
    auto head = OpenHead(fs, SmallSegments());
    fs.FailCall(n);
    Content synced;
    TimestampMs now = kNow;
    for (int i = 0; i < 100; ++i) {
      const Told told = Work(*head, 10, now);
      now += 100 * kSecondMs;
      Maintain(*head, now, kRetention);
      if (head->Sync()) synced = ReadAll(*head);
      if (fs.calls() > n + 20) break;
    }
    const auto not_logged = static_cast<std::size_t>(head->Stats().wal_samples_lost);
    fs.Crash();
    head.reset();
    head = OpenHead(fs, SmallSegments(), kData, now, kRetention);
    ASSERT_TRUE(head);
    // The failed call may have been the write of a batch: its samples were in memory when Sync succeeded.
    Content content = ReadAll(*head);
    std::size_t lost = 0;
    for (const auto& [name, samples] : synced) {
      for (const Sample& sample : samples) {
        const auto& found = content[name];
        if (sample.timestamp >= now - 10 * kMinuteMs && std::find(found.begin(), found.end(), sample) == found.end())
          ++lost;
      }
    }
    EXPECT_LE(lost, not_logged) << n;
  }
}

}  // namespace
}  // namespace tickbird::tsdb
