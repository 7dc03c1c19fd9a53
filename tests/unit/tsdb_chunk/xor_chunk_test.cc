#include "core/tsdb/chunk/xor_chunk.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace tickbird::tsdb {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::bit_cast<double>(kNormalNanBits);

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

ChunkRef Encode(const std::vector<Sample>& samples) {
  XorAppender appender;
  for (const Sample& sample : samples) appender.Append(sample.timestamp, sample.value);
  return appender.Snapshot();
}

std::vector<Sample> Decode(std::string_view chunk, std::size_t step = 7) {
  XorReader reader(chunk);
  std::vector<Sample> samples;
  std::vector<TimestampMs> timestamps(step);
  std::vector<double> values(step);
  while (const std::size_t got = reader.Read(timestamps, values)) {
    for (std::size_t i = 0; i < got; ++i) samples.push_back({timestamps[i], values[i]});
  }
  return samples;
}

// Written by `promtool tsdb create-blocks-from openmetrics` (2.42) from these samples; the bytes are its chunk files'.
TEST(XorChunk, IsByteForBytePrometheusEncoding) {
  const std::vector<Sample> first = {{1700000000000, 0},         {1700000001000, 1},        {1700000002000, 1},
                                     {1700000003003, -1},        {1700000004001, 0.1},      {1700000604001, 0.1 + 0.2},
                                     {1700001212193, 1e300},     {1700001812194, -1e-300},  {1700002420388, kInf},
                                     {1700003020390, -kInf},     {1700003685928, kNan},     {1700004285931, 5e-324},
                                     {1700004951471, 123456789}, {1700005551475, 123456790}};
  EXPECT_EQ(Hex(Encode(first).bytes()),
            "000e80a0abfef9620000000000000000e807c457fe4001e0077ff783f804999999999999be00000000001247b50035555555"
            "555557a000907935c3eeccd1aa5000e003fe4a288d2be21b1708006fe556e1fc2f8f359de000a00000000000000034000280"
            "08000000000001d00019ffe0000000000003840006419d6f3454000001ef0000800000000300000000");
  const std::vector<Sample> second = {{1700006675767, 123456791.5},
                                      {1700007275772, 3},
                                      {1700008400066, 3},
                                      {1700009000072, 4},
                                      {1700009600078, 4503599627370497},
                                      {1700010200085, 1.7976931348623157e308}};
  EXPECT_EQ(Hex(Encode(second).bytes()),
            "0006ee94da84fa62419d6f345e000000c5cf24cf0655bcd17f8000000000040000bfffffffffffe000020c00000066eb2000"
            "00000000018001c5ef9bffffffffffffc0");
}

TEST(XorChunk, StepChangesRoundTripAtTheLimitsOfEachWidth) {
  std::vector<Sample> samples = {{-5, 1}, {std::int64_t{1} << 40, 2}};
  std::int64_t step = std::int64_t{1} << 30;
  for (const unsigned bits : {14U, 17U, 20U}) {
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    for (const std::int64_t change : {half, -(half - 1), half + 1, -half, half - 1, -(half - 2)}) {
      step += change;
      samples.push_back({samples.back().timestamp + step, static_cast<double>(change)});
    }
  }
  EXPECT_EQ(Decode(Encode(samples).bytes()), samples);
}

TEST(XorChunk, KeepsTheBitsOfEveryValue) {
  std::vector<Sample> samples;
  const double values[] = {kNan,
                           StaleMarker(),
                           0.0,
                           -0.0,
                           kInf,
                           -kInf,
                           std::numeric_limits<double>::denorm_min(),
                           1,
                           1,
                           1,
                           std::bit_cast<double>(0x8000000000000001),
                           std::bit_cast<double>(0x7fffffffffffffff),
                           0.1,
                           StaleMarker()};
  for (const double value : values) samples.push_back({static_cast<TimestampMs>(samples.size()) * 15000, value});
  EXPECT_EQ(Decode(Encode(samples).bytes()), samples);
}

TEST(XorChunk, SpansTheWholeRangeOfTime) {
  const std::vector<Sample> samples = {
      {std::numeric_limits<TimestampMs>::min() + 1, 1}, {0, 2}, {1, 3}, {std::numeric_limits<TimestampMs>::max(), 4}};
  EXPECT_EQ(Decode(Encode(samples).bytes()), samples);
}

TEST(XorChunk, RandomSeriesRoundTrip) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 300; ++round) {
    std::vector<Sample> samples;
    TimestampMs timestamp = static_cast<TimestampMs>(random() >> 20) - (std::int64_t{1} << 42);
    double value = 0;
    XorAppender appender;
    while (!appender.full() && samples.size() < 500) {
      timestamp += 1 + static_cast<TimestampMs>(random() >> (24 + random() % 40));
      const auto kind = random() % 4;
      if (kind == 0) value = std::bit_cast<double>(random());
      if (kind == 1) value += static_cast<double>(random() % 100);
      if (kind == 2) value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) ^ (random() >> (random() % 64)));
      samples.push_back({timestamp, value});
      appender.Append(timestamp, value);
    }
    EXPECT_LE(appender.size(), XorAppender::kMaxBytes + 20);
    ASSERT_EQ(Decode(appender.Snapshot().bytes(), 1 + round % 130), samples) << round;
  }
}

TEST(XorAppender, RemembersTheNewestSampleAndReusesItsBuffer) {
  XorAppender appender;
  EXPECT_EQ(appender.newest_time(), kNoTime);
  for (int i = 0; i < 100; ++i) appender.Append(i, i * 0.1);
  const std::size_t capacity = appender.capacity();
  const ChunkRef chunk = appender.Snapshot();
  EXPECT_EQ(chunk.min_time(), 0);
  EXPECT_EQ(chunk.max_time(), 99);
  appender.Clear();
  EXPECT_TRUE(appender.empty());
  EXPECT_EQ(appender.newest_time(), 99);
  EXPECT_EQ(appender.capacity(), capacity);
  appender.Append(100, 1);
  EXPECT_EQ(Decode(appender.Snapshot().bytes()), (std::vector<Sample>{{100, 1}}));
  appender.ClearAndFree();
  EXPECT_EQ(appender.capacity(), 0U);
}

TEST(XorAppender, ConstantSeriesNeedTwoBitsASample) {
  XorAppender appender;
  for (int i = 0; i < 120; ++i) appender.Append(1700000000000 + i * 1000, 42);
  EXPECT_LE(appender.size(), 2U + 6 + 8 + 3 + 30);
}

TEST(XorReader, CutChunksGiveAFrontPartAndSayThatTheyAreDamaged) {
  std::vector<Sample> samples;
  for (int i = 0; i < 50; ++i) samples.push_back({i * 1000 + i % 3, std::sin(i)});
  const std::string whole(Encode(samples).bytes());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    XorReader reader(cut);
    std::vector<TimestampMs> timestamps(100);
    std::vector<double> values(100);
    const std::size_t got = reader.Read(timestamps, values);
    EXPECT_TRUE(reader.damaged()) << size;
    ASSERT_LT(got, samples.size());
    for (std::size_t i = 0; i < got; ++i) EXPECT_EQ((Sample{timestamps[i], values[i]}), samples[i]);
  }
}

TEST(XorReader, TakesAnyBytes) {
  std::mt19937_64 random(7);
  std::vector<TimestampMs> timestamps(70000);
  std::vector<double> values(70000);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    XorReader reader(bytes);
    EXPECT_LE(reader.Read(timestamps, values), 65535U);
  }
}

}  // namespace
}  // namespace tickbird::tsdb
