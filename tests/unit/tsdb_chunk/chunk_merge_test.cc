#include "core/tsdb/chunk/chunk_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/tsdb_chunk/chunk_testing.h"

namespace tickbird::tsdb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TimestampMs> Seconds(int count) {
  std::vector<TimestampMs> times;
  for (int i = 0; i < count; ++i) times.push_back(i * 1000);
  return times;
}

TEST(ChunkBuilder, ClosesChunksAtTheTarget) {
  const auto chunks = FloatChunks(Seconds(250));
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].sample_count(), ChunkBuilder::kTargetSamples);
  EXPECT_EQ(chunks[2].sample_count(), 10u);
  EXPECT_EQ(chunks[1].min_time(), 120'000);
  EXPECT_EQ(chunks[1].max_time(), 239'000);
  EXPECT_EQ(TimesOf(FloatsOf(chunks)), Seconds(250));
}

TEST(ChunkBuilder, ClosesChunksAtTheirLimitOfBytes) {
  ChunkBuilder builder;
  for (int i = 0; i < 2000; ++i) builder.Append(i * 1000 + (i * 7919) % 500, 1.0 / (i + 3) * (i % 2 == 0 ? 1e200 : 1));
  for (const ChunkRef& chunk : builder.Finish()) EXPECT_LE(chunk.bytes().size(), XorAppender::kMaxBytes + 32);
}

TEST(ChunkBuilder, IsEmptyAfterFinish) {
  ChunkBuilder builder;
  builder.Append(5, 1);
  EXPECT_EQ(builder.Finish().size(), 1u);
  EXPECT_TRUE(builder.Finish().empty());
  builder.Append(3, 1);
  EXPECT_EQ(builder.Finish().at(0).min_time(), 3);
}

TEST(MergeChunks, HandsOnWhatMeetsNothing) {
  const std::vector<ChunkRef> chunks = {FloatChunk({10, 20}), FloatChunk({1, 5}), FloatChunk({30})};
  const auto merged = MergeChunks(chunks, {});
  ASSERT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged[0].bytes().data(), chunks[1].bytes().data());
  EXPECT_EQ(merged[1].bytes().data(), chunks[0].bytes().data());
  EXPECT_EQ(merged[2].bytes().data(), chunks[2].bytes().data());
  EXPECT_THAT(MergeChunks({}, {}), IsEmpty());
}

TEST(MergeChunks, WeavesChunksThatOverlap) {
  const std::vector<ChunkRef> chunks = {FloatChunk({1, 4, 9}), FloatChunk({2, 3, 12}), FloatChunk({10, 11})};
  const auto merged = MergeChunks(chunks, {});
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_THAT(TimesOf(FloatsOf(merged)), ElementsAre(1, 2, 3, 4, 9, 10, 11, 12));
}

TEST(MergeChunks, KeepsTheLaterChunkAtEqualTimes) {
  const std::vector<ChunkRef> chunks = {FloatChunk({1, 2, 3}, 100), FloatChunk({0, 2, 4}, 200), FloatChunk({2}, 300)};
  EXPECT_THAT(FloatsOf(MergeChunks(chunks, {})),
              ElementsAre(Sample{0, 200}, Sample{1, 101}, Sample{2, 302}, Sample{3, 103}, Sample{4, 204}));
}

TEST(MergeChunks, LeavesOutWhatIsDeleted) {
  const std::vector<ChunkRef> chunks = {FloatChunk({1, 2, 3}), FloatChunk({10, 11, 12}), FloatChunk({20, 21, 22})};
  const auto merged = MergeChunks(chunks, {{2, 2}, {10, 15}, {22, 99}});
  EXPECT_THAT(TimesOf(FloatsOf(merged)), ElementsAre(1, 3, 20, 21));
  EXPECT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[1].max_time(), 21);
  const TimestampMs forever = std::numeric_limits<TimestampMs>::max();
  EXPECT_THAT(MergeChunks(chunks, {{kNoTime, forever}}), IsEmpty());
}

TEST(MergeChunks, SplitsWhatGetsTooLong) {
  std::vector<TimestampMs> even;
  std::vector<TimestampMs> odd;
  for (int i = 0; i < 120; ++i) (even.push_back(2 * i), odd.push_back(2 * i + 1));
  const auto merged = MergeChunks(std::vector{FloatChunk(even), FloatChunk(odd)}, {});
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].sample_count(), 120u);
  EXPECT_LT(merged[0].max_time(), merged[1].min_time());
}

TEST(MergeChunks, UsesTheFrontOfDamagedChunksAndSaysSo) {
  const ChunkRef good = FloatChunk({1, 4, 9});
  const ChunkRef long_one = FloatChunk(Seconds(100));
  bool damaged = false;
  EXPECT_EQ(MergeChunks(std::vector{good, long_one}, {}, &damaged).size(), 1u);
  EXPECT_FALSE(damaged);
  const auto merged = MergeChunks(std::vector{good, CutShort(long_one, 30)}, {}, &damaged);
  EXPECT_TRUE(damaged);
  const auto times = TimesOf(FloatsOf(merged));
  EXPECT_GT(times.size(), 5u);
  EXPECT_LT(times.size(), 103u);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
}

TEST(MergeChunks, StopsAtTimesThatDoNotRise) {
  XorAppender appender;
  for (const TimestampMs time : {100, 200, 300}) appender.Append(time, 1);
  appender.Append(250, 2);  // against its promise, as damaged bytes may have it
  appender.Append(400, 2);
  bool damaged = false;
  const auto merged = MergeChunks(std::vector{appender.Snapshot(), FloatChunk({150, 500})}, {}, &damaged);
  EXPECT_TRUE(damaged);
  EXPECT_THAT(TimesOf(FloatsOf(merged)), ElementsAre(100, 150, 200, 300, 500));
}

}  // namespace
}  // namespace tickbird::tsdb
