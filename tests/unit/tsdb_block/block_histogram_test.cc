// Floats and native histograms in turn, held against a cursor over the same chunks in memory.
#include <bit>
#include <random>
#include <variant>

#include "core/tsdb/block/tombstones.h"
#include "core/tsdb/chunk/chunk_cursor.h"
#include "tests/unit/tsdb_block/block_testing.h"
#include "tests/unit/tsdb_chunk/random_histograms.h"

namespace tickbird::tsdb {
namespace {

using testing::MemFs;

using AnySample = std::pair<TimestampMs, std::variant<std::uint64_t, FloatHistogram>>;
const Labels kLabels = {{"__name__", "mixed"}};

std::vector<AnySample> ReadAny(SeriesCursor& cursor, std::size_t at_a_time) {
  std::vector<AnySample> read;
  std::vector<TimestampMs> timestamps(at_a_time);
  std::vector<double> values(at_a_time);
  while (true) {
    if (const std::size_t got = cursor.Read(timestamps, values); got > 0) {
      for (std::size_t i = 0; i < got; ++i) read.emplace_back(timestamps[i], std::bit_cast<std::uint64_t>(values[i]));
      continue;
    }
    TimestampMs timestamp = 0;
    FloatHistogram histogram;
    if (!cursor.ReadHistogram(&timestamp, &histogram)) break;
    read.emplace_back(timestamp, std::move(histogram));
  }
  EXPECT_TRUE(cursor.status());
  return read;
}

/// Asks for histograms first, as a reader might that wants nothing else.
std::vector<AnySample> ReadHistogramsFirst(SeriesCursor& cursor) {
  std::vector<AnySample> read;
  while (true) {
    TimestampMs timestamp = 0;
    FloatHistogram histogram;
    double value = 0;
    if (cursor.ReadHistogram(&timestamp, &histogram)) {
      read.emplace_back(timestamp, std::move(histogram));
    } else if (cursor.Read({&timestamp, 1}, {&value, 1}) > 0) {
      read.emplace_back(timestamp, std::bit_cast<std::uint64_t>(value));
    } else {
      return read;
    }
  }
}

class BlockHistogramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ChunkBuilder builder;
    RandomHistograms<Histogram> whole(1);
    RandomHistograms<FloatHistogram> fractions(2);
    std::mt19937 random(3);
    TimestampMs time = kFrom;
    for (int run = 0; run < 40; ++run) {
      for (auto left = random() % 60 + 1; left > 0; --left, time += kSecondMs) {
        if (run % 4 == 1) {
          builder.Append(time, whole.Next());
        } else if (run % 4 == 3) {
          builder.Append(time, fractions.Next());
        } else {
          builder.Append(time, static_cast<double>(random() % 100));
        }
      }
    }
    end_ = time;
    chunks_ = builder.Finish();
    std::vector<std::string> notes;
    const auto meta = WriteBlock(
        fs_, kParent, NewMeta(),
        [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
          std::vector<std::unique_ptr<ChunkSeriesSource>> sources;
          sources.push_back(std::make_unique<ListSource>(std::vector<ChunkSeries>{{kLabels, chunks_}}));
          return sources;
        },
        {}, &notes);
    ASSERT_TRUE(meta) << meta.error().ToString();
    stats_ = meta->stats;
    block_ = OpenBlock(fs_);
    ASSERT_TRUE(block_);
  }

  std::unique_ptr<SeriesCursor> Select(TimestampMs min, TimestampMs max, bool newest_only = false) {
    auto selected = block_->Select({.matchers = {}, .min = min, .max = max, .newest_only = newest_only});
    EXPECT_TRUE(selected);
    if (!selected || selected->empty()) return NewChunkCursor({}, min, max);
    return std::move(selected->front().cursor);
  }
  std::vector<AnySample> Expected(TimestampMs min, TimestampMs max) {
    return ReadAny(*NewChunkCursor(chunks_, min, max), 50);
  }

  MemFs fs_;
  std::vector<ChunkRef> chunks_;
  std::shared_ptr<Block> block_;
  BlockStats stats_;
  TimestampMs end_ = 0;
};

TEST_F(BlockHistogramTest, ReadsAllKindsInTimeOrder) {
  const auto all = Expected(kFrom, kUntil);
  EXPECT_EQ(ReadAny(*Select(kFrom, kUntil), 1), all);
  EXPECT_EQ(ReadAny(*Select(kFrom, kUntil), 64), all);
  EXPECT_EQ(ReadHistogramsFirst(*Select(kFrom, kUntil)), all);
  EXPECT_EQ(stats_.samples, static_cast<std::int64_t>(all.size()));
  EXPECT_EQ(stats_.histogram_samples + stats_.float_samples, stats_.samples);
  EXPECT_GT(stats_.histogram_samples, 100);
  EXPECT_EQ(block_->damages(), 0);
}

TEST_F(BlockHistogramTest, CutsRangesAndFindsTheNewest) {
  std::mt19937 random(4);
  for (int i = 0; i < 200; ++i) {
    const TimestampMs min = kFrom + static_cast<TimestampMs>(random() % (end_ - kFrom));
    const TimestampMs max = min + static_cast<TimestampMs>(random() % 300) * kSecondMs;
    const auto expected = Expected(min, max);
    EXPECT_EQ(ReadAny(*Select(min, max), 7), expected);
    EXPECT_EQ(ReadHistogramsFirst(*Select(min, max)), expected);
    const auto newest = ReadAny(*Select(min, max, true), 7);
    EXPECT_EQ(newest, expected.empty() ? expected : std::vector<AnySample>{expected.back()});
  }
}

TEST_F(BlockHistogramTest, LeavesOutWhatIsHidden) {
  std::mt19937 random(5);
  for (int i = 0; i < 20; ++i) {
    const TimestampMs min = kFrom + static_cast<TimestampMs>(random() % (end_ - kFrom));
    ASSERT_TRUE(block_->Delete({}, {min, min + static_cast<TimestampMs>(random() % 50) * kSecondMs}));
  }
  const auto tombstones = ParseTombstones(*fs_.Read(JoinPath(BlockPath(), "tombstones")));
  ASSERT_TRUE(tombstones && tombstones->size() == 1);
  auto expected = Expected(kFrom, kUntil);
  std::erase_if(expected, [&](const AnySample& sample) { return Contains(tombstones->begin()->second, sample.first); });
  EXPECT_EQ(ReadAny(*Select(kFrom, kUntil), 7), expected);
  EXPECT_EQ(ReadHistogramsFirst(*Select(kFrom, kUntil)), expected);
  ChunkSeries series;
  ASSERT_TRUE(*block_->AllSeries()->Next(&series));
  EXPECT_EQ(ReadAny(*NewChunkCursor(series.chunks, kFrom, kUntil), 50).size(), expected.size());
}

}  // namespace
}  // namespace tickbird::tsdb
