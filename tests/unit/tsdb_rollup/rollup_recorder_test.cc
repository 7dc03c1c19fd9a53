#include "core/tsdb/rollup/rollup_recorder.h"

#include "core/tsdb/chunk/xor_chunk.h"
#include "tests/testing/mem_fs.h"
#include "tests/unit/tsdb_rollup/rollup_testing.h"

namespace tickbird::tsdb {
namespace {

ChunkSeries SeriesWith(DurationMs step, int samples) {
  XorAppender appender;
  for (int i = 0; i < samples; ++i) appender.Append(kHour0 + i * step, i);
  return {.labels = {{"__name__", "m"}}, .chunks = {appender.Snapshot()}};
}

TEST(RollupRecorder, KeepsWhatSavesReading) {
  tickbird::testing::MemFs fs;
  ASSERT_TRUE(fs.MakeDirs("data/x.tmp-for-creation"));
  int told = 0;
  BlockWriteOptions options;
  options.observer = [&](std::uint32_t, const ChunkSeries&) -> Status { return ++told, Status(); };
  options.finish = [&](const std::string&) -> Status { return ++told, Status(); };
  KeepRollups(fs, "data", "x", &options);
  ASSERT_TRUE(options.observer(1, SeriesWith(kSecondMs, 600)));
  ASSERT_TRUE(options.observer(2, SeriesWith(15 * kSecondMs, 480)));
  ASSERT_TRUE(options.observer(3, {.labels = {{"__name__", "h"}}, .chunks = {}}));
  ASSERT_TRUE(options.finish("data/x.tmp-for-creation"));
  EXPECT_EQ(told, 4) << "who observed before still does";

  const auto reads = [&](DurationMs resolution, std::uint32_t series) {
    const auto reader = RollupReader::Open(fs, "data/x.tmp-for-creation", resolution);
    std::vector<RollupPoint> points;
    return *(*reader)->Read(series, kMinTime, kMaxTime, &points);
  };
  EXPECT_TRUE(reads(kMinuteMs, 1));
  EXPECT_FALSE(reads(kMinuteMs, 2)) << "four samples a minute are read as quickly";
  EXPECT_TRUE(reads(kHourMs, 2));
  EXPECT_TRUE(reads(kMinuteMs, 3)) << "no floats, no points";
}

TEST(RollupRecorder, WritesNothingForABlockWithoutSeries) {
  tickbird::testing::MemFs fs;
  BlockWriteOptions options;
  KeepRollups(fs, "data", "x", &options);
  EXPECT_TRUE(options.finish("data/x.tmp-for-creation"));
  EXPECT_FALSE(fs.Exists("data"));
}

}  // namespace
}  // namespace tickbird::tsdb
