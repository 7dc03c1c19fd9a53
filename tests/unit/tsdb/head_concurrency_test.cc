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
  HeadOptions options{.memory_window = 0};
  options.wal.segment_bytes = 32768;
  auto head = OpenHead(fs, options);
  std::atomic<bool> done = false;
  std::atomic<std::int64_t> notices = 0;
  head->SetCommitListener([&](const CommitNotice& notice) {
    for (const std::string_view name : notice.metric_names) notices += name.empty() ? 1000000 : 1;
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
      for (const auto& [name, samples] : ReadAll(*head)) {
        for (std::size_t i = 0; i < samples.size(); ++i) {
          ASSERT_EQ(samples[i], (Sample{kNow + static_cast<TimestampMs>(i) * 1000, static_cast<double>(i)})) << name;
        }
      }
      EXPECT_LE(head->LabelValues("instance", {}).size(), 10U);
    }
  });
  first.join();
  second.join();
  done = true;
  maintainer.join();
  reader.join();
  EXPECT_EQ(notices, 2 * kBatches);
  EXPECT_EQ(head->Stats().samples_appended, 2 * kBatches * 10);
  const Content content = ReadAll(*head);
  head.reset();
  head = OpenHead(fs, options);
  EXPECT_EQ(ReadAll(*head), content) << "batches reached the log in the order of their commits";
}

}  // namespace
}  // namespace tickbird::tsdb
