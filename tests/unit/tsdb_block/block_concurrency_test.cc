// Readers, a deleter and a cache that is dropped, all at once; for ThreadSanitizer above all.
#include <atomic>
#include <thread>

#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using testing::MemFs;

TEST(BlockConcurrency, ReadersSeeWholeDeletesOnly) {
  MemFs fs;
  const Data data = MakeData(30, 200);
  const auto block = MakeBlock(fs, data);
  ASSERT_TRUE(block);
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        for (const auto& [labels, samples] : Read(*block, Everything())) {
          const auto& all = data.at(labels);
          // Deletes take the older half of a series or nothing.
          if (samples.size() != all.size() && samples.size() != all.size() / 2) ++wrong;
        }
        block->LabelValues("n", {});
        block->DropCaches();
        block->memory_bytes();
      }
    });
  }
  for (int n = 0; n < 30; ++n) {
    ASSERT_TRUE(block->Delete({Matcher::Equal("n", std::to_string(n))}, {kFrom, kFrom + 99 * kSecondMs}));
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tickbird::tsdb
