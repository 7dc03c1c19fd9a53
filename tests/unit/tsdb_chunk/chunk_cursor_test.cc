#include "core/tsdb/chunk/chunk_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb_chunk/chunk_testing.h"

namespace tickbird::tsdb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ChunkCursor, ReadsTheRange) {
  const std::vector<ChunkRef> chunks = {FloatChunk({1, 2, 3}), FloatChunk({4, 5}), FloatChunk({6, 7, 8})};
  for (const std::size_t at_once : {1, 2, 100}) {
    EXPECT_THAT(TimesOf(FloatsOf(*NewChunkCursor(chunks, 2, 7), at_once)), ElementsAre(2, 3, 4, 5, 6, 7));
    EXPECT_THAT(TimesOf(FloatsOf(*NewChunkCursor(chunks, 9, 20), at_once)), IsEmpty());
    EXPECT_THAT(TimesOf(FloatsOf(*NewChunkCursor({}, 0, 20), at_once)), IsEmpty());
  }
}

TEST(ChunkCursor, LeavesOutWhatIsDeleted) {
  const std::vector<ChunkRef> chunks = {FloatChunk({1, 2, 3}), FloatChunk({4, 5}), FloatChunk({6, 7, 8})};
  for (const std::size_t at_once : {1, 2, 100}) {
    const auto cursor = NewChunkCursor(chunks, 1, 100, {{1, 1}, {3, 5}, {7, 7}});
    EXPECT_THAT(TimesOf(FloatsOf(*cursor, at_once)), ElementsAre(2, 6, 8));
  }
}

TEST(ChunkCursor, SaysThatAChunkIsDamagedAndReadsTheOthers) {
  std::vector<TimestampMs> times;
  for (int i = 0; i < 50; ++i) times.push_back(i * 10);
  const std::vector<ChunkRef> chunks = {CutShort(FloatChunk(times), 40), FloatChunk({1000})};
  const auto cursor = NewChunkCursor(chunks, 0, 2000);
  EXPECT_TRUE(cursor->status());
  const auto samples = FloatsOf(*cursor);
  EXPECT_GT(samples.size(), 2u);
  EXPECT_LT(samples.size(), 51u);
  EXPECT_EQ(samples.back().timestamp, 1000);
  ASSERT_FALSE(cursor->status());
  EXPECT_EQ(cursor->status().error().code, ErrorCode::kCorruption);
}

TEST(NewestCursor, ReadsTheNewestOfTheRange) {
  const ChunkRef chunk = FloatChunk({1, 2, 3, 10});
  EXPECT_THAT(TimesOf(FloatsOf(*NewNewestCursor(chunk, 0, 100))), ElementsAre(10));
  EXPECT_THAT(TimesOf(FloatsOf(*NewNewestCursor(chunk, 0, 9))), ElementsAre(3));
  EXPECT_THAT(TimesOf(FloatsOf(*NewNewestCursor(chunk, 4, 9))), IsEmpty());
}

}  // namespace
}  // namespace tickbird::tsdb
