#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tsdb/chunk/chunk_reader.h"
#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The series of the source in their order, decoded.
std::vector<std::pair<std::string, std::vector<Sample>>> Drain(ChunkSeriesSource& source) {
  std::vector<std::pair<std::string, std::vector<Sample>>> drained;
  ChunkSeries series;
  while (true) {
    const Result<bool> more = source.Next(&series);
    EXPECT_TRUE(more) << (more ? "" : more.error().ToString());
    if (!more || !*more) return drained;
    std::vector<Sample> samples;
    TimestampMs timestamps[100];
    double values[100];
    for (const ChunkRef& chunk : series.chunks) {
      ChunkReader reader(chunk);
      while (const std::size_t got = reader.Read(timestamps, values)) {
        for (std::size_t i = 0; i < got; ++i) samples.push_back({timestamps[i], values[i]});
      }
    }
    drained.emplace_back(series.labels.ToString(), std::move(samples));
  }
}

TEST(HeadSeries, ComeInTheOrderOfLabelsWithOpenChunks) {
  testing::MemFs fs;
  const auto head = OpenHead(fs);
  ASSERT_TRUE(Put(*head, Metric("b"), kNow, 1));
  ASSERT_TRUE(Put(*head, Metric("a", "2"), kNow, 2));
  ASSERT_TRUE(Put(*head, Metric("a", "10"), kNow, 3));
  ASSERT_TRUE(Put(*head, Metric("later"), kNow + 1000, 3));
  for (int i = 1; i < 300; ++i) ASSERT_TRUE(Put(*head, Metric("b"), kNow + i, i * i));
  const auto drained = Drain(*head->SeriesIn(kNow, kNow + 1000));
  ASSERT_EQ(drained.size(), 3U);
  EXPECT_EQ(drained[0].first, R"(a{instance="10"})");
  EXPECT_EQ(drained[1].first, R"(a{instance="2"})");
  EXPECT_EQ(drained[2].first, "b");
  EXPECT_EQ(drained[2].second.size(), 300U);
}

TEST(HeadSeries, HoldOnlyTheRange) {
  testing::MemFs fs;
  const auto head = OpenHead(fs);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Put(*head, Metric("m"), kNow + i, i * i));
  const auto drained = Drain(*head->SeriesIn(kNow + 77, kNow + 501));
  ASSERT_EQ(drained.size(), 1U);
  const auto& samples = drained[0].second;
  ASSERT_EQ(samples.size(), 424U);
  EXPECT_EQ(samples.front(), (Sample{kNow + 77, 77 * 77}));
  EXPECT_EQ(samples.back(), (Sample{kNow + 500, 500 * 500}));
  EXPECT_THAT(Drain(*head->SeriesIn(kNow + 1000, kNow + 2000)), IsEmpty());
  EXPECT_THAT(Drain(*head->SeriesIn(kNow - 1000, kNow)), IsEmpty());
}

TEST(HeadSeries, WhatIsDroppedAfterwardsIsGone) {
  testing::MemFs fs;
  const auto head = OpenHead(fs);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Put(*head, Metric("m"), kNow - kHourMs + i * 1000, i * i));
  const TimestampMs cut = kNow - kHourMs + 600'000;
  const auto before = Drain(*head->SeriesIn(kNow - kHourMs, cut));
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].second.size(), 600U);
  head->DropBefore(cut);
  EXPECT_FALSE(Put(*head, Metric("old"), cut - 1, 1));
  const Content content = ReadAll(*head);
  ASSERT_EQ(content.size(), 1U);
  EXPECT_GE(content.at("m").size(), 400U);
  EXPECT_GE(content.at("m").front().timestamp, cut - 480'000);
}

}  // namespace
}  // namespace tickbird::tsdb
