#include "core/tsdb/wal/record.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tickbird::tsdb {
namespace {

using std::literals::string_literals::operator""s;

std::vector<std::string> RecordsOf(const RecordWriter& writer) {
  std::vector<std::string> records;
  writer.ForEach([&](std::string_view record) { records.emplace_back(record); });
  return records;
}

TEST(RecordWriter, WritesThePrometheusBytes) {
  RecordWriter writer;
  writer.AddSeries(258, {{"__name__", "up"}, {"a", "b"}});
  writer.AddSample(258, 1000, 1.5);
  writer.AddSample(257, 1001, -2);
  writer.AddMetadata(258, "up", {.type = MetricType::kGauge, .help = "Up.", .unit = ""});
  EXPECT_EQ(RecordsOf(writer), (std::vector<std::string>{"\x01\0\0\0\0\0\0\x01\x02\x02\x08__name__\x02up\x01"
                                                         "a\x01"
                                                         "b"s,
                                                         "\x02\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\x03\xe8"
                                                         "\0\0\x3f\xf8\0\0\0\0\0\0"
                                                         "\x01\x02\xc0\0\0\0\0\0\0\0"s,
                                                         "\x06\x82\x02\x02\x03\x04UNIT\0\x04HELP\x03Up.\x06"
                                                         "FAMILY\x02up"s}));
}

TEST(RecordWriter, CutsLongBatchesAndLosesNothing) {
  RecordWriter writer;
  for (int i = 0; i < 20000; ++i) writer.AddSample(1000000 - static_cast<SeriesRef>(i), -i, i);
  const auto records = RecordsOf(writer);
  EXPECT_GT(records.size(), 2U);
  std::vector<DecodedRecord::SampleEntry> samples;
  DecodedRecord decoded;
  for (const std::string& record : records) {
    EXPECT_LT(record.size(), RecordWriter::kTargetBytes + 100);
    ASSERT_TRUE(DecodeRecord(record, &decoded));
    samples.insert(samples.end(), decoded.samples.begin(), decoded.samples.end());
  }
  ASSERT_EQ(samples.size(), 20000U);
  EXPECT_EQ(samples[19999].ref, 980001U);
  EXPECT_EQ(samples[19999].timestamp, -19999);
  EXPECT_EQ(samples[19999].value, 19999);
}

TEST(DecodeRecord, ReadsBackSeriesAndMetadata) {
  RecordWriter writer;
  writer.AddSeries(7, {{"__name__", "m"}, {"path", std::string(300, 'x')}});
  writer.AddSeries(8, {{"__name__", "n"}});
  writer.AddMetadata(7, "m", {.type = MetricType::kStateSet, .help = "h", .unit = "u"});
  const auto records = RecordsOf(writer);
  DecodedRecord decoded;
  ASSERT_TRUE(DecodeRecord(records[0], &decoded));
  ASSERT_EQ(decoded.series.size(), 2U);
  EXPECT_EQ(decoded.series[0].labels, (Labels{{"__name__", "m"}, {"path", std::string(300, 'x')}}));
  EXPECT_EQ(decoded.series[1].ref, 8U);
  ASSERT_TRUE(DecodeRecord(records[1], &decoded));
  EXPECT_TRUE(decoded.series.empty());
  ASSERT_EQ(decoded.metadata.size(), 1U);
  EXPECT_EQ(decoded.metadata[0].family, "m");
  EXPECT_EQ(decoded.metadata[0].metadata, (MetricMetadata{.type = MetricType::kStateSet, .help = "h", .unit = "u"}));
}

TEST(DecodeRecord, SaysWhichTypesItDoesNotHold) {
  DecodedRecord decoded;
  for (const int type : {3, 4, 5, 7, 8, 9, 10, 11, 14, 99}) {
    EXPECT_EQ(DecodeRecord(std::string(1, static_cast<char>(type)) + "rest", &decoded).error().code,
              ErrorCode::kUnsupported);
  }
}

TEST(DecodeRecord, RefusesRecordsThatEndInsideAnEntry) {
  RecordWriter writer;
  writer.AddSeries(7, {{"__name__", "m"}});
  writer.AddSample(7, 5, 1);
  writer.AddMetadata(7, "m", {.type = MetricType::kGauge, .help = "h", .unit = "u"});
  DecodedRecord decoded;
  EXPECT_EQ(DecodeRecord("", &decoded).error().code, ErrorCode::kCorruption);
  for (const std::string& record : RecordsOf(writer)) {
    ASSERT_TRUE(DecodeRecord(record, &decoded));
    for (std::size_t size = 2; size < record.size(); ++size) {
      // A samples record without samples is whole.
      if (record[0] == 2 && size == 17) continue;
      EXPECT_EQ(DecodeRecord(record.substr(0, size), &decoded).error().code, ErrorCode::kCorruption) << size;
    }
  }
}

TEST(DecodeRecord, TakesAnyBytes) {
  std::mt19937_64 random(5);
  DecodedRecord decoded;
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(1 + random() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    bytes[0] = static_cast<char>(1 + random() % 6);
    [[maybe_unused]] const Status status = DecodeRecord(bytes, &decoded);
  }
}

}  // namespace
}  // namespace tickbird::tsdb
