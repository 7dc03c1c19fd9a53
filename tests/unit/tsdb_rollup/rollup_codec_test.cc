#include "core/tsdb/rollup/rollup_codec.h"

#include "tests/unit/tsdb_rollup/rollup_testing.h"

namespace tickbird::tsdb {
namespace {

std::string Encode(const std::vector<RollupPoint>& points, DurationMs resolution = kMinuteMs) {
  std::string bytes;
  EncodeRollupPoints(points, resolution, &bytes);
  return bytes;
}

std::vector<RollupPoint> Decode(std::string_view bytes, DurationMs resolution = kMinuteMs,
                                TimestampMs min_end = kMinTime, TimestampMs max_end = kMaxTime) {
  std::vector<RollupPoint> points;
  const Status status = DecodeRollupPoints(bytes, resolution, min_end, max_end, &points);
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
  return points;
}

std::vector<RollupPoint> Points(std::mt19937_64& random, double (*value)(std::mt19937_64&)) {
  std::vector<RollupPoint> points;
  TimestampMs end = kHour0 - static_cast<TimestampMs>(random() % 3) * 60 * kHour0;
  end -= end % kMinuteMs;
  for (std::size_t i = random() % 100; i > 0; --i) {
    end += kMinuteMs * (random() % 10 == 0 ? static_cast<TimestampMs>(random() % 100'000 + 1) : 1);
    points.push_back({end, value(random), value(random), value(random),
                      random() % 3 == 0 ? static_cast<std::int64_t>(random() % 1'000'000 + 1) : 60});
  }
  return points;
}

double AnyBits(std::mt19937_64& random) {
  return std::bit_cast<double>(random());
}
double Whole(std::mt19937_64& random) {
  return static_cast<double>(static_cast<std::int64_t>(random()) >> (11 + random() % 50));
}
double Cents(std::mt19937_64& random) {
  return static_cast<double>(random() % 10'000'000) / 100;
}
double Hard(std::mt19937_64& random) {
  const double values[] = {
      0,      -0.0, kInf, -kInf, kNan, 5e-324, 1.7976931348623157e308, 9007199254740992.0, 9007199254740993.0,
      -1e300, 0.1,  1e-6, 1e-7};
  return values[random() % std::size(values)];
}

TEST(RollupCodec, BringsEveryBitBack) {
  std::mt19937_64 random(1);
  for (auto* const value : {AnyBits, Whole, Cents, Hard}) {
    for (int round = 0; round < 300; ++round) {
      const auto points = Points(random, value);
      ASSERT_EQ(Decode(Encode(points)), points);
    }
  }
}

TEST(RollupCodec, HoldsNoPointsAtAll) {
  EXPECT_TRUE(Decode(Encode({})).empty());
}

TEST(RollupCodec, GivesTheRangeThatWasAskedFor) {
  const std::vector<RollupPoint> points = {{60'000, 1, 1, 1, 1}, {120'000, 2, 2, 2, 1}, {240'000, 3, 3, 3, 1}};
  EXPECT_THAT(Decode(Encode(points), kMinuteMs, 60'001, 240'000), ::testing::ElementsAre(points[1], points[2]));
  EXPECT_THAT(Decode(Encode(points), kMinuteMs, 0, 60'000), ::testing::ElementsAre(points[0]));
}

// A day of one series at a sample a second. The sizes are what the documents say.
TEST(RollupCodec, TakesFewBytesAPoint) {
  std::mt19937_64 random(3);
  const auto bytes_per_point = [&](auto next) {
    RollupAccumulator accumulator(kMinuteMs);
    for (int second = 1; second <= 86'400; ++second) accumulator.Add(kHour0 + second * kSecondMs, next(second));
    const auto points = accumulator.Take();
    return static_cast<double>(Encode(points).size()) / static_cast<double>(points.size());
  };
  EXPECT_LT(bytes_per_point([](int) { return 4096.0; }), 1);  // stands still
  double seconds = 1000;
  EXPECT_LT(bytes_per_point([&](int) {
              return seconds = std::round((seconds + 0.01 * static_cast<double>(random() % 3)) * 100) / 100;
            }),
            5);
  double total = 1e9;
  EXPECT_LT(bytes_per_point([&](int) { return total += static_cast<double>(random() % 100'000); }), 11);
  EXPECT_LT(bytes_per_point([&](int) { return static_cast<double>(random() % 100); }), 6);
  EXPECT_LT(bytes_per_point([&](int) { return static_cast<double>(random()) / 1e19; }), 24);  // chance in every bit
}

TEST(RollupCodec, EndsWithDamageAtEveryTruncation) {
  std::mt19937_64 random(4);
  for (auto* const value : {AnyBits, Whole}) {
    std::string bytes;
    while (bytes.size() < 30) bytes = Encode(Points(random, value));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      std::vector<RollupPoint> points;
      const Status status =
          DecodeRollupPoints(std::string_view(bytes).substr(0, size), kMinuteMs, kMinTime, kMaxTime, &points);
      ASSERT_FALSE(status) << size;
      EXPECT_EQ(status.error().code, ErrorCode::kCorruption);
      EXPECT_TRUE(points.empty());
    }
  }
}

TEST(RollupCodec, SurvivesAnyBytes) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(random() % 18);
    std::vector<RollupPoint> points;
    if (!DecodeRollupPoints(bytes, kHourMs, kMinTime, kMaxTime, &points)) EXPECT_TRUE(points.empty());
  }
}

}  // namespace
}  // namespace tickbird::tsdb
