#include "core/tsdb/wal/record.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/testing/hex.h"

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

// The records below were written by Prometheus 3.16 (tsdb/record).
const std::string kTombstones =
    "03000000000000000709d00f0000000000000007a01ff02e000000000000012cffffffffffffffffff01feffffffffffffffff01";
const std::string kExemplars =
    "04000000000000000700000000000003e800003fd0000000000000010874726163655f69640361626303013ff000000000000000";
const std::string kHistograms =
    "07000000000000000700000000000003e8000002063f50624dd2f1a9fc0209bff800000000000002030206010100010302020101"
    "0601020000000000000000000000007ff000000000000200000000";
const std::string kCustomHistograms =
    "09000000000000000800000000000003ea000000690000000000000000000440080000000000000102020002020400023fb99999"
    "9999999a4004000000000000";
const std::string kFloatHistograms =
    "08000000000000000700000000000003e80000030300000000000000003fe00000000000004002000000000000401c0000000000"
    "00010201010001013fe8000000000000013ff0000000000000";
const std::string kCustomFloatHistograms =
    "0a000000000000000800000000000003ea00000069000000000000000000000000000000003ff800000000000040080000000000"
    "0001000100013ff800000000000000023fb999999999999a4004000000000000";

Histogram ExponentialHistogram() {
  Histogram histogram;
  histogram.hint = CounterResetHint::kNotCounterReset;
  histogram.layout = {
      .schema = 3, .zero_threshold = 0.001, .positive_spans = {{-2, 2}, {3, 1}}, .negative_spans = {{0, 1}}};
  histogram.zero_count = 2;
  histogram.count = 9;
  histogram.sum = -1.5;
  histogram.positive_deltas = {1, 1, -1};
  histogram.negative_deltas = {3};
  return histogram;
}

Histogram CustomHistogram() {
  Histogram histogram;
  histogram.layout = {.schema = kCustomBucketsSchema, .positive_spans = {{1, 2}}, .custom_values = {0.1, 2.5}};
  histogram.count = 4;
  histogram.sum = 3;
  histogram.positive_deltas = {1, 2};
  return histogram;
}

Histogram StaleHistogram() {
  Histogram histogram;
  histogram.sum = StaleMarker();
  return histogram;
}

FloatHistogram GaugeHistogram() {
  FloatHistogram histogram;
  histogram.hint = CounterResetHint::kGauge;
  histogram.layout = {.schema = -2, .positive_spans = {{1, 1}}, .negative_spans = {{0, 1}}};
  histogram.zero_count = 0.5;
  histogram.count = 2.25;
  histogram.sum = 7;
  histogram.positive_buckets = {0.75};
  histogram.negative_buckets = {1};
  return histogram;
}

FloatHistogram CustomFloatHistogram() {
  FloatHistogram histogram;
  histogram.layout = {.schema = kCustomBucketsSchema, .positive_spans = {{0, 1}}, .custom_values = {0.1, 2.5}};
  histogram.count = 1.5;
  histogram.sum = 3;
  histogram.positive_buckets = {1.5};
  return histogram;
}

constexpr Interval kForever = {std::numeric_limits<TimestampMs>::min(), std::numeric_limits<TimestampMs>::max()};

TEST(RecordWriter, WritesThePrometheusBytesOfEveryKind) {
  RecordWriter writer;
  writer.AddTombstone(7, {-5, 1000});
  writer.AddTombstone(7, {2000, 3000});
  writer.AddTombstone(300, kForever);
  writer.AddExemplar(7, {{{"trace_id", "abc"}}, 0.25, 1000});
  writer.AddExemplar(5, {{}, 1, 999});
  writer.AddHistogram(7, 1000, ExponentialHistogram());
  writer.AddHistogram(6, 1001, StaleHistogram());
  writer.AddHistogram(8, 1002, CustomHistogram());
  writer.AddFloatHistogram(7, 1000, GaugeHistogram());
  writer.AddFloatHistogram(8, 1002, CustomFloatHistogram());
  std::vector<std::string> records;
  for (const std::string& record : RecordsOf(writer)) records.push_back(ToHex(record));
  EXPECT_EQ(records, (std::vector<std::string>{kTombstones, kExemplars, kHistograms, kCustomHistograms,
                                               kFloatHistograms, kCustomFloatHistograms}));
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

TEST(DecodeRecord, ReadsTombstonesAndExemplars) {
  DecodedRecord decoded;
  ASSERT_TRUE(DecodeRecord(FromHex(kTombstones), &decoded));
  ASSERT_EQ(decoded.tombstones.size(), 3U);
  EXPECT_EQ(decoded.tombstones[1].ref, 7U);
  EXPECT_EQ(decoded.tombstones[1].deleted, (Interval{2000, 3000}));
  EXPECT_EQ(decoded.tombstones[2].deleted, kForever);
  ASSERT_TRUE(DecodeRecord(FromHex(kExemplars), &decoded));
  EXPECT_TRUE(decoded.tombstones.empty());
  ASSERT_EQ(decoded.exemplars.size(), 2U);
  EXPECT_EQ(decoded.exemplars[0].exemplar, (Exemplar{{{"trace_id", "abc"}}, 0.25, 1000}));
  EXPECT_EQ(decoded.exemplars[1].ref, 5U);
  EXPECT_EQ(decoded.exemplars[1].exemplar, (Exemplar{{}, 1, 999}));
}

TEST(DecodeRecord, ReadsHistograms) {
  DecodedRecord decoded;
  ASSERT_TRUE(DecodeRecord(FromHex(kHistograms), &decoded));
  ASSERT_EQ(decoded.histograms.size(), 2U);
  EXPECT_EQ(decoded.histograms[0].ref, 7U);
  EXPECT_EQ(decoded.histograms[0].timestamp, 1000);
  EXPECT_EQ(decoded.histograms[0].histogram, ExponentialHistogram());
  EXPECT_EQ(decoded.histograms[1].ref, 6U);
  EXPECT_EQ(decoded.histograms[1].timestamp, 1001);
  EXPECT_TRUE(decoded.histograms[1].histogram.IsStale());
  ASSERT_TRUE(DecodeRecord(FromHex(kCustomHistograms), &decoded));
  ASSERT_EQ(decoded.histograms.size(), 1U);
  EXPECT_EQ(decoded.histograms[0].histogram, CustomHistogram());
  ASSERT_TRUE(DecodeRecord(FromHex(kFloatHistograms), &decoded));
  EXPECT_TRUE(decoded.histograms.empty());
  ASSERT_EQ(decoded.float_histograms.size(), 1U);
  EXPECT_EQ(decoded.float_histograms[0].histogram, GaugeHistogram());
  ASSERT_TRUE(DecodeRecord(FromHex(kCustomFloatHistograms), &decoded));
  ASSERT_EQ(decoded.float_histograms.size(), 1U);
  EXPECT_EQ(decoded.float_histograms[0].histogram, CustomFloatHistogram());
}

TEST(DecodeRecord, RefusesHistogramsThatWouldNotBeSafe) {
  const auto code_of = [](const Histogram& histogram) {
    RecordWriter writer;
    writer.AddHistogram(1, 1, histogram);
    DecodedRecord decoded;
    return DecodeRecord(RecordsOf(writer)[0], &decoded).error().code;
  };
  Histogram histogram = ExponentialHistogram();
  histogram.positive_deltas.pop_back();
  EXPECT_EQ(code_of(histogram), ErrorCode::kCorruption);
  histogram = ExponentialHistogram();
  histogram.layout.positive_spans[1].offset = -1;
  EXPECT_EQ(code_of(histogram), ErrorCode::kCorruption);
  histogram = CustomHistogram();
  histogram.layout.custom_values = {2, 1};
  EXPECT_EQ(code_of(histogram), ErrorCode::kCorruption);
  histogram = ExponentialHistogram();
  histogram.layout.schema = 9;
  EXPECT_EQ(code_of(histogram), ErrorCode::kUnsupported);
}

TEST(DecodeRecord, KeepsNothingOfPrometheusHeadChunks) {
  DecodedRecord decoded;
  EXPECT_TRUE(DecodeRecord(FromHex("0500000000000000070000000000000008"), &decoded));
}

TEST(DecodeRecord, ReadsTheFirstTimeOfACheckpoint) {
  DecodedRecord decoded;
  ASSERT_TRUE(DecodeRecord(FromHex("0effffffffffffcfc7"), &decoded));
  EXPECT_EQ(decoded.min_valid_time, -12345);
  ASSERT_TRUE(DecodeRecord(FromHex(kExemplars), &decoded));
  EXPECT_FALSE(decoded.min_valid_time);
}

TEST(DecodeRecord, SaysWhichTypesALaterProgramWrote) {
  DecodedRecord decoded;
  for (const int type : {0, 11, 12, 13, 15, 99, 255}) {
    const Status status = DecodeRecord(std::string(1, static_cast<char>(type)) + "rest", &decoded);
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(status.error().message.find("st-storage") != std::string::npos, type >= 11 && type <= 13);
  }
}

TEST(DecodeRecord, RefusesRecordsThatEndInsideAnEntry) {
  RecordWriter writer;
  writer.AddSeries(7, {{"__name__", "m"}});
  writer.AddSample(7, 5, 1);
  writer.AddMetadata(7, "m", {.type = MetricType::kGauge, .help = "h", .unit = "u"});
  writer.AddTombstone(7, {3, 4});
  writer.AddExemplar(7, {{{"trace_id", "abc"}}, 0.25, 1000});
  writer.AddHistogram(7, 5, ExponentialHistogram());
  writer.AddHistogram(7, 5, CustomHistogram());
  writer.AddFloatHistogram(7, 5, GaugeHistogram());
  writer.AddFloatHistogram(7, 5, CustomFloatHistogram());
  DecodedRecord decoded;
  EXPECT_EQ(DecodeRecord("", &decoded).error().code, ErrorCode::kCorruption);
  for (const std::string& record : RecordsOf(writer)) {
    ASSERT_TRUE(DecodeRecord(record, &decoded));
    for (std::size_t size = 2; size < record.size(); ++size) {
      // A record of samples of any kind that has none is whole.
      if (record[0] != 1 && record[0] != 3 && record[0] != 6 && size == 17) continue;
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
    bytes[0] = static_cast<char>(1 + random() % 10);
    [[maybe_unused]] const Status status = DecodeRecord(bytes, &decoded);
  }
}

}  // namespace
}  // namespace tickbird::tsdb
