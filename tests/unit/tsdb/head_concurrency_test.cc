#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

// For the thread sanitizer; without it, that readers see whole, ordered series while four other threads work.
TEST(HeadConcurrency, ReadersWritersAndMaintenanceShareTheHead) {
  constexpr int kBatches = 400;
  testing::MemFs fs;
  HeadOptions options{.out_of_order_window = kHourMs, .memory_window = 0};
  options.wal.segment_bytes = 32768;
  auto head = OpenHead(fs, options);
  std::atomic<bool> done = false;
  std::atomic<std::int64_t> notices = 0;
  head->SetCommitListener([&](const CommitNotice& notice) {
    for (const std::string_view name : notice.metric_names) notices += name.size() == 1 ? 1 : 0;
  });

  const auto write = [&](std::string name) {
    const auto appender = head->NewAppender();
    std::vector<SeriesRef> refs(10);
    for (int i = 0; i < kBatches; ++i) {
      for (std::size_t n = 0; n < refs.size(); ++n) {
        const auto ref = appender->Append(refs[n], Metric(name, std::to_string(n)), kNow + i * 1000, i);
        refs[n] = ref.value_or(0);
      }
      EXPECT_TRUE(appender->Commit());
    }
  };
  // Late samples, histograms, exemplars and deletions, of series that the reader leaves alone.
  const auto write_others = [&] {
    const auto appender = head->NewAppender();
    appender->SetSource("others");
    for (int i = 0; i < kBatches; ++i) {
      EXPECT_TRUE(appender->Append(0, Metric("late"), kNow + i * 1000, i));
      if (i > 0) EXPECT_TRUE(appender->Append(0, Metric("late"), kNow + i * 1000 - 500, i));
      EXPECT_TRUE(appender->AppendHistogram(0, Metric("histogram"), kNow + i * 1000, Histogram{.sum = 1.0 * i}));
      EXPECT_TRUE(appender->AppendExemplar(0, Metric("late"), {.labels = {}, .value = 1, .timestamp = kNow + i}));
      EXPECT_TRUE(appender->Commit());
      if (i % 20 == 0) EXPECT_TRUE(head->Delete({Matcher::Equal("__name__", "late")}, {kNow, kNow + i * 100}));
    }
  };
  std::thread others(write_others);
  std::thread first(write, "a");
  std::thread second(write, "b");
  std::thread maintainer([&] {
    while (!done) {
      // Chunks go to disk as soon as they may.
      head->Maintain(kNow + kHourMs);
      EXPECT_TRUE(head->Sync());
      EXPECT_GE(head->Stats().samples_appended, 0);
    }
  });
  std::thread reader([&] {
    while (!done) {
      EXPECT_LE(head->Exemplars({{}}, kNow, kNow + kDayMs).size(), 1U);
      for (const auto& [name, samples] : ReadAll(*head)) {
        if (name == "late" || name == "histogram") continue;
        for (std::size_t i = 0; i < samples.size(); ++i) {
          ASSERT_EQ(samples[i], (Sample{kNow + static_cast<TimestampMs>(i) * 1000, static_cast<double>(i)})) << name;
        }
      }
      EXPECT_LE(head->LabelValues("instance", {}).size(), 10U);
    }
  });
  first.join();
  second.join();
  others.join();
  done = true;
  maintainer.join();
  reader.join();
  EXPECT_EQ(notices, 2 * kBatches);
  EXPECT_EQ(head->Stats().samples_appended, 2 * kBatches * 10 + 3 * kBatches - 1);
  EXPECT_EQ(head->Stats().samples_out_of_order, kBatches - 1);
  const Content content = ReadAll(*head);
  head.reset();
  head = OpenHead(fs, options);
  EXPECT_EQ(ReadAll(*head), content) << "batches reached the log in the order of their commits";
}

}  // namespace
}  // namespace tickbird::tsdb
