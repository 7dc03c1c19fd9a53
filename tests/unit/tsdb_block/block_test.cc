#include "core/tsdb/block/block.h"

#include <random>

#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MemFs;

TEST(BlockRoundTrip, GivesBackWhatWasWritten) {
  MemFs fs;
  const Data data = MakeData(100, 500);
  const auto block = MakeBlock(fs, data);
  ASSERT_TRUE(block);
  EXPECT_EQ(Read(*block, Everything()), data);
  EXPECT_EQ(block->meta().stats.series, 100);
  EXPECT_EQ(block->meta().stats.samples, 50'000);
  EXPECT_EQ(block->meta().stats.float_samples, 50'000);
  EXPECT_EQ(block->meta().stats.chunks, 500);
  EXPECT_EQ(block->damages(), 0);
}

TEST(BlockRoundTrip, TakesOneSeriesWithOneSampleAndNoLabels) {
  MemFs fs;
  const Data data = {{Labels(), {{kFrom, 1}}}};
  const auto block = MakeBlock(fs, data);
  ASSERT_TRUE(block);
  EXPECT_EQ(Read(*block, Everything()), data);
  EXPECT_THAT(block->LabelNames({}), IsEmpty());
}

TEST(BlockRoundTrip, LeavesNothingOfNoSamples) {
  MemFs fs;
  const auto meta = Write(fs, {});
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->stats.samples, 0);
  EXPECT_THAT(*fs.List(kParent), IsEmpty());
}

TEST(BlockRoundTrip, TakesAnyLabels) {
  std::mt19937 random(1);
  const std::vector<std::string> texts = {"a",        "b",     "é", "日本", "\n\"\\", std::string(300, 'x'),
                                          "__name__", "z\x01", "0"};
  const auto text = [&] { return texts[random() % texts.size()] + texts[random() % texts.size()]; };
  Data data;
  for (int n = 0; n < 500; ++n) {
    LabelsBuilder builder;
    for (unsigned i = random() % 12; i > 0; --i) builder.Set(text(), text());
    auto& samples = data[builder.Build()];
    samples.clear();
    for (unsigned i = random() % 300 + 1; i > 0; --i) {
      const TimestampMs before = samples.empty() ? kFrom : samples.back().timestamp;
      samples.push_back({before + 1 + static_cast<TimestampMs>(random() % 20'000), static_cast<double>(random())});
    }
    std::erase_if(samples, [](const Sample& sample) { return sample.timestamp >= kUntil; });
  }
  MemFs fs;
  const auto block = MakeBlock(fs, data, {.segment_bytes = 10'000});
  ASSERT_TRUE(block);
  EXPECT_EQ(Read(*block, Everything()), data);
}

}  // namespace
}  // namespace tickbird::tsdb
