// What failing calls and power cuts do to chunks on their way to disk.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "tests/testing/power_cut_fs.h"
#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

constexpr int kSeriesCount = 3;
constexpr int kRounds = 40;
constexpr int kPerRound = 30;

HeadOptions Options() {
  // A range that ends inside of the work, and a log so short that chunks on disk outlive it.
  HeadOptions options{.block_range = 10 * kMinuteMs, .memory_window = kMinuteMs, .max_future = kHourMs};
  options.wal.segment_bytes = 32768;
  options.wal.max_bytes = 65536;
  return options;
}

double ValueAt(int series, TimestampMs timestamp) {
  const auto time = static_cast<std::uint64_t>(timestamp);
  return static_cast<double>((time * 2654435761 + static_cast<std::uint64_t>(series) * 77) % 100'003);
}

struct Told {
  Content visible;  // Commit was called
  Content logged;   // Commit said yes
  Content synced;   // and so did Sync after it
  TimestampMs dropped = kNoTime;
  TimestampMs end = kNow;
};

/// Half an hour of one sample a second, with everything that a store does besides.
Told Work(Head& head) {
  Told told;
  for (int round = 0; round < kRounds; ++round) {
    const auto appender = head.NewAppender();
    Content batch;
    for (int i = 0; i < kPerRound; ++i) {
      for (int n = 0; n < kSeriesCount; ++n) {
        const Labels labels = Metric("m", std::to_string(n));
        const Sample sample{told.end, ValueAt(n, told.end)};
        if (appender->Append(0, labels, sample.timestamp, sample.value)) batch[labels.ToString()].push_back(sample);
      }
      told.end += kSecondMs;
    }
    const bool logged = appender->Commit().has_value();
    for (const auto& [name, samples] : batch) {
      auto& visible = told.visible[name];
      visible.insert(visible.end(), samples.begin(), samples.end());
      auto& kept = told.logged[name];
      if (logged) kept.insert(kept.end(), samples.begin(), samples.end());
    }
    if (head.Sync()) told.synced = told.logged;
    if (round == kRounds / 2) {
      told.dropped = kNow - kNow % (10 * kMinuteMs) + 10 * kMinuteMs;
      head.DropBefore(told.dropped);
    }
    head.Maintain(told.end);
  }
  return told;
}

/// That `content` has what it should from told.dropped on, and nothing that was not written.
void ExpectHolds(const Content& content, const Content& expected, const Told& told, const std::string& what) {
  for (const auto& [name, samples] : content) {
    const int n = name[name.find('"') + 1] - '0';
    ASSERT_TRUE(std::is_sorted(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) {
      return a.timestamp < b.timestamp;
    })) << what;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      ASSERT_EQ(samples[i].value, ValueAt(n, samples[i].timestamp)) << what << " " << name;
      ASSERT_TRUE(i == 0 || samples[i].timestamp > samples[i - 1].timestamp) << what << " " << name << ": twice";
    }
  }
  for (const auto& [name, samples] : expected) {
    const auto found = content.find(name);
    for (const Sample& sample : samples) {
      if (sample.timestamp < told.dropped) continue;
      ASSERT_TRUE(found != content.end()) << what << " " << name;
      ASSERT_TRUE(std::binary_search(found->second.begin(), found->second.end(), sample,
                                     [](const Sample& a, const Sample& b) { return a.timestamp < b.timestamp; }))
          << what << " " << name << " lost " << (sample.timestamp - kNow) / kSecondMs;
    }
  }
}

TEST(HeadSpillFaults, AnyCallMayFailOnce) {
  for (std::int64_t n = 1;; ++n) {
    testing::MemFs fs;
    auto head = OpenHead(fs, Options());
    const std::int64_t before = fs.calls();
    fs.FailCall(n, n % 2 == 0 ? ErrorCode::kTooLarge : ErrorCode::kUnavailable);
    const Told told = Work(*head);
    const bool all_calls_done = fs.calls() - before < n;
    fs.FailCall(0);
    const std::string what = "call " + std::to_string(n);
    ASSERT_NO_FATAL_FAILURE(ExpectHolds(ReadAll(*head), told.visible, told, what + " at once"));
    // The process is killed.
    head.reset();
    head = OpenHead(fs, Options(), kData, told.end);
    ASSERT_TRUE(head);
    ASSERT_NO_FATAL_FAILURE(ExpectHolds(ReadAll(*head), told.logged, told, what + " after a restart"));
    ASSERT_EQ(head->Stats().replay.head_chunks.damaged_files, 0) << what;
    if (all_calls_done) {
      ASSERT_GT(n, 120);
      return;
    }
  }
}

TEST(HeadSpillFaults, PowerMayGoAtAnyCall) {
  for (std::int64_t n = 0;; ++n) {
    testing::MemFs disk;
    testing::PowerCutFs fs(disk, n);
    Told told;
    const bool opened = [&] {
      auto head = Head::Open(fs, Options(), kData, kNow - kHourMs, kNow);
      if (head) told = Work(**head);
      return head.has_value();
    }();
    const bool is_done = !fs.is_off();
    disk.Crash();
    const std::string what = "power cut after call " + std::to_string(n);
    const auto head = OpenHead(disk, Options(), kData, told.end);
    ASSERT_TRUE(head) << what;
    ASSERT_NO_FATAL_FAILURE(ExpectHolds(ReadAll(*head), told.synced, told, what));
    ASSERT_EQ(head->Stats().replay.head_chunks.damaged_files, 0) << what;
    if (opened && is_done) {
      ASSERT_GT(n, 120);
      return;
    }
  }
}

TEST(HeadSpillConcurrency, SeriesComeAndGoWhileOthersAreRead) {
  testing::MemFs fs;
  HeadOptions options{.block_range = kMinuteMs,
                      .out_of_order_window = 0,
                      .memory_window = 0,
                      .max_future = 10 * kHourMs,
                      .series_expiry = 0};
  auto head = OpenHead(fs, options);
  constexpr int kSteps = 1500;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < kSteps; ++i) {
      const TimestampMs now = kNow + i * kSecondMs;
      const auto appender = head->NewAppender();
      for (int n = 0; n < 20; ++n) {
        EXPECT_TRUE(appender->Append(0, Metric("stays", std::to_string(n)), now, n));
      }
      // Each lives for a moment; its slot goes to others.
      for (int n = 0; n < 5; ++n) {
        EXPECT_TRUE(appender->Append(0, Metric("goes", std::to_string(i * 5 + n)), now, i));
      }
      EXPECT_TRUE(appender->Commit());
    }
    done = true;
  });
  std::thread maintainer([&] {
    while (!done) {
      // An empty head has no time of its own.
      const TimestampMs newest = std::max(head->max_time(), kNow);
      if (newest > kNow + kMinuteMs) head->DropBefore(newest - kMinuteMs);
      head->Maintain(newest);
    }
  });
  const auto regex = [](const char* text) { return *Matcher::Create(Matcher::Type::kRegex, "instance", text); };
  while (!done) {
    for (const auto& matchers :
         {std::vector<Matcher>{Matcher::Equal("__name__", "stays"), regex("1?[0-9]")}, {regex("[0-9]*7")}}) {
      const Content content = Read(*head, {.matchers = matchers, .min = 0, .max = kNow + kHourMs});
      for (const auto& [name, samples] : content) {
        const Labels labels = Metric(name.substr(0, name.find('{')),
                                     name.substr(name.find('"') + 1).substr(0, name.rfind('"') - name.find('"') - 1));
        for (const Matcher& matcher : matchers) EXPECT_TRUE(matcher.Matches(labels)) << name;
        for (const Sample& sample : samples) {
          const double expected = name.starts_with("stays")
                                      ? std::stod(std::string(labels.Get("instance")))
                                      : static_cast<double>((sample.timestamp - kNow) / kSecondMs);
          ASSERT_EQ(sample.value, expected) << name;
        }
      }
    }
    EXPECT_LE(head->LabelValues("__name__", {}).size(), 2U);
    EXPECT_LE(head->LabelValues("instance", {Matcher::Equal("__name__", "stays")}).size(), 20U);
    const auto source = head->SeriesIn(kNow, kNow + kHourMs);
    ChunkSeries series;
    Labels before;
    while (source->Next(&series).value_or(false)) {
      EXPECT_LT(before, series.labels);
      before = series.labels;
    }
  }
  writer.join();
  maintainer.join();
  head->Maintain(kNow + kSteps * kSecondMs);
  EXPECT_GT(head->Stats().series_expired, 1000);
  EXPECT_GT(head->Stats().chunks_spilled, 100);
}

}  // namespace
}  // namespace tickbird::tsdb
