#include "core/tsdb/head/late_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Sample> Wave(int count, double noise) {
  std::vector<Sample> samples;
  for (int i = 0; i < count; ++i) samples.push_back({i * 1000, std::sin(i) * noise});
  return samples;
}

std::vector<Sample> Decode(const std::vector<ChunkRef>& chunks) {
  std::vector<Sample> samples;
  for (const ChunkRef& chunk : chunks) {
    const std::vector<Sample> part = DecodeFloats(chunk);
    samples.insert(samples.end(), part.begin(), part.end());
  }
  return samples;
}

TEST(MergeLate, PutsSamplesBetweenAndInFrontAndBehind) {
  const std::vector<Sample> held = {{10, 1}, {20, 2}, {30, 3}};
  const std::vector<Sample> late = {{5, 0.5}, {15, 1.5}, {35, 3.5}};
  const MergedSamples merged = MergeLate(held, late);
  EXPECT_THAT(merged.all, ElementsAre(Sample{5, 0.5}, Sample{10, 1}, Sample{15, 1.5}, Sample{20, 2}, Sample{30, 3},
                                      Sample{35, 3.5}));
  EXPECT_EQ(merged.added, late);
  EXPECT_EQ(merged.duplicates, 0);
}

TEST(MergeLate, KeepsTheFirstOfEqualTimesAndCountsOtherValues) {
  const std::vector<Sample> held = {{10, 1}, {20, StaleMarker()}};
  const std::vector<Sample> late = {{10, 1}, {15, 4}, {15, 5}, {15, 4}, {20, StaleMarker()}, {20, 7}};
  const MergedSamples merged = MergeLate(held, late);
  EXPECT_THAT(merged.all, ElementsAre(Sample{10, 1}, Sample{15, 4}, Sample{20, StaleMarker()}));
  EXPECT_THAT(merged.added, ElementsAre(Sample{15, 4}));
  EXPECT_EQ(merged.duplicates, 2);
}

TEST(EncodeFloats, HalvesWhatIsTooLong) {
  for (const int count : {1, 2, 120, 121, 480, 481, 5000}) {
    for (const double noise : {0.0, 1.0}) {
      const std::vector<Sample> samples = Wave(count, noise);
      const std::vector<ChunkRef> chunks = EncodeFloats(samples);
      EXPECT_EQ(Decode(chunks), samples) << count;
      for (const ChunkRef& chunk : chunks) {
        EXPECT_LE(chunk.sample_count(), 480U);
        EXPECT_LE(chunk.bytes().size(), XorAppender::kMaxBytes + 20);
      }
      if (count <= 120) EXPECT_LE(chunks.size(), 2U);
    }
  }
  EXPECT_THAT(EncodeFloats({}), IsEmpty());
}

TEST(DecodeFloats, GivesNothingForOtherChunksAndDamagedOnes) {
  const ChunkRef whole = EncodeFloats(Wave(50, 1)).front();
  const std::string_view bytes = whole.bytes();
  EXPECT_EQ(DecodeFloats(whole).size(), 50U);
  EXPECT_THAT(DecodeFloats(ChunkRef(ChunkEncoding::kXor, bytes.substr(0, 60), "", 0, 1)), IsEmpty());
  EXPECT_THAT(DecodeFloats(ChunkRef(ChunkEncoding::kHistogram, bytes, "", 0, 1)), IsEmpty());
}

TEST(SortLate, OrdersBySeriesTimeAndArrival) {
  std::vector<LateSample> late = {{2, 0, {5, 1}}, {1, 1, {9, 2}}, {1, 2, {3, 3}}, {1, 3, {3, 4}}};
  SortLate(&late);
  std::span<const LateSample> rest = late;
  EXPECT_THAT(TakeFirstSeries(&rest), ElementsAre(Sample{3, 3}, Sample{3, 4}, Sample{9, 2}));
  EXPECT_THAT(TakeFirstSeries(&rest), ElementsAre(Sample{5, 1}));
  EXPECT_TRUE(rest.empty());
}

}  // namespace
}  // namespace tickbird::tsdb
