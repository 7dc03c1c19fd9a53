#include "core/tsdb/rollup/rollup_file.h"

#include "tests/testing/mem_fs.h"
#include "tests/unit/tsdb_rollup/rollup_testing.h"

namespace tickbird::tsdb {
namespace {

constexpr const char* kBlock = "data/block";
const std::string kPath = "data/block/rollup-1m";

class RollupFile : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(fs_.MakeDirs(kBlock)); }

  /// Series 3, 6, 9, ... with as many points as their number says; every fifth only has raw samples.
  void Write(std::uint32_t series) {
    auto writer = RollupFileWriter::Create(fs_, kPath, kMinuteMs);
    ASSERT_TRUE(writer);
    for (std::uint32_t id = 3; id <= series * 3; id += 3)
      ASSERT_TRUE(id % 5 == 0 ? (*writer)->AddRaw(id) : (*writer)->Add(id, PointsOf(id)));
    ASSERT_TRUE((*writer)->Finish());
    EXPECT_EQ((*writer)->bytes(), *fs_.Size(kPath));
  }

  static std::vector<RollupPoint> PointsOf(std::uint32_t id) {
    std::vector<RollupPoint> points;
    for (std::uint32_t i = 0; i < id % 40; ++i)
      points.push_back({kHour0 + i * kMinuteMs, 1.5 * id, 2.5 * id, 120.0 * id + i, 60});
    return points;
  }

  /// Whatever is read is what was written, or said to be damaged.
  void ExpectTruthOrDamage(std::uint32_t series, const std::string& what) {
    const auto reader = RollupReader::Open(fs_, kBlock, kMinuteMs);
    if (!reader) return;
    for (std::uint32_t id = 3; id <= series * 3; id += 3) {
      std::vector<RollupPoint> points;
      const auto read = (*reader)->Read(id, kMinTime, kMaxTime, &points);
      if (!read) {
        ASSERT_TRUE(points.empty()) << what;
        continue;
      }
      ASSERT_EQ(*read, id % 5 != 0) << what;
      if (*read) ASSERT_EQ(points, PointsOf(id)) << what;
    }
  }

  tickbird::testing::MemFs fs_;
};

TEST_F(RollupFile, BringsEverySeriesBack) {
  for (const std::uint32_t series : {0U, 1U, 2U, 255U, 256U, 257U, 3000U}) {
    Write(series);
    const auto reader = RollupReader::Open(fs_, kBlock, kMinuteMs);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->series(), series);
    for (std::uint32_t id = 3; id <= series * 3; id += 3) {
      std::vector<RollupPoint> points;
      const auto read = (*reader)->Read(id, kMinTime, kMaxTime, &points);
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(*read, id % 5 != 0);
      EXPECT_EQ(points, *read ? PointsOf(id) : std::vector<RollupPoint>());
    }
    EXPECT_THAT((*reader)->Verify(), ::testing::IsEmpty());
  }
}

TEST_F(RollupFile, TakesASeriesThatIsNotThereForDamage) {
  Write(10);
  const auto reader = RollupReader::Open(fs_, kBlock, kMinuteMs);
  std::vector<RollupPoint> points;
  for (const std::uint32_t id : {0U, 4U, 31U, 0xffffffffU}) {
    const auto read = (*reader)->Read(id, kMinTime, kMaxTime, &points);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kCorruption);
    EXPECT_THAT(read.error().message, ::testing::HasSubstr("data/block/rollup-1m: at byte "));
  }
}

TEST_F(RollupFile, SaysWhenThereIsNone) {
  const auto reader = RollupReader::Open(fs_, kBlock, kMinuteMs);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kNotFound);
}

TEST_F(RollupFile, RefusesAnotherResolution) {
  Write(3);
  ASSERT_TRUE(fs_.Rename(kPath, "data/block/rollup-1h"));
  const auto reader = RollupReader::Open(fs_, kBlock, kHourMs);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kUnsupported);
}

TEST_F(RollupFile, RefusesSeriesOutOfOrder) {
  auto writer = RollupFileWriter::Create(fs_, kPath, kMinuteMs);
  ASSERT_TRUE((*writer)->AddRaw(7));
  EXPECT_FALSE((*writer)->AddRaw(7));
}

TEST_F(RollupFile, FindsEveryFlippedByte) {
  Write(12);
  const std::string good = *fs_.Read(kPath);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      fs_.Overwrite(kPath, bad);
      ExpectTruthOrDamage(12, "flipped at " + std::to_string(at));
      const auto reader = RollupReader::Open(fs_, kBlock, kMinuteMs);
      if (reader) EXPECT_FALSE((*reader)->Verify().empty()) << at;
    }
  }
}

TEST_F(RollupFile, FindsEveryTruncation) {
  Write(12);
  const std::string good = *fs_.Read(kPath);
  for (std::size_t size = 0; size < good.size(); ++size) {
    fs_.Overwrite(kPath, good.substr(0, size));
    EXPECT_FALSE(RollupReader::Open(fs_, kBlock, kMinuteMs)) << size;
  }
}

TEST_F(RollupFile, SaysWhenTheDiskIsFull) {
  for (std::int64_t call = 1; call <= 3; ++call) {
    auto writer = RollupFileWriter::Create(fs_, kPath, kMinuteMs);
    ASSERT_TRUE(writer);
    fs_.FailCall(call, ErrorCode::kTooLarge);
    const Status added = (*writer)->Add(3, PointsOf(3));
    const Status finished = added ? (*writer)->Finish() : added;
    EXPECT_EQ(finished.has_value(), call == 3) << call;
    fs_.FailCall(0);
  }
}

}  // namespace
}  // namespace tickbird::tsdb
