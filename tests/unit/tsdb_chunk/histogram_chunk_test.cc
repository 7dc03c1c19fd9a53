#include "core/tsdb/chunk/histogram_chunk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/tsdb/chunk/chunk_reader.h"
#include "tests/testing/hex.h"
#include "tests/unit/tsdb_chunk/plain_histogram.h"

namespace tickbird::tsdb {
namespace {

constexpr double kDefaultThreshold = 0x1p-128;

/// A counter with the buckets 0 and 1.
Histogram TwoBuckets(std::int64_t first, std::int64_t second) {
  Histogram histogram;
  histogram.layout.zero_threshold = kDefaultThreshold;
  histogram.layout.positive_spans = {{0, 2}};
  histogram.positive_deltas = {first, second - first};
  histogram.count = static_cast<std::uint64_t>(first + second);
  histogram.sum = 1.5 * static_cast<double>(histogram.count);
  return histogram;
}

/// The same with the buckets 0, 1 and 2.
Histogram ThreeBuckets(std::int64_t first, std::int64_t second, std::int64_t third) {
  Histogram histogram = TwoBuckets(first, second);
  histogram.layout.positive_spans = {{0, 3}};
  histogram.positive_deltas.push_back(third - second);
  histogram.count += static_cast<std::uint64_t>(third);
  return histogram;
}

Histogram Gauge(Histogram histogram) {
  histogram.hint = CounterResetHint::kGauge;
  return histogram;
}

Histogram Stale() {
  Histogram histogram;
  histogram.sum = StaleMarker();
  return histogram;
}

Histogram Custom(std::vector<double> bounds) {
  Histogram histogram = TwoBuckets(1, 2);
  histogram.layout.zero_threshold = 0;
  histogram.layout.schema = kCustomBucketsSchema;
  histogram.layout.custom_values = std::move(bounds);
  return histogram;
}

CounterResetHint HeaderOf(const ChunkRef& chunk) {
  return CounterResetHintOf(static_cast<std::uint8_t>(chunk.bytes()[2]));
}

/// What the chunk behind `before` says of counter resets when `next` starts it.
CounterResetHint HeaderAfter(const Histogram& before, const Histogram& next) {
  HistogramAppender appender;
  EXPECT_TRUE(appender.Append(1, before));
  appender.Clear();
  EXPECT_TRUE(appender.Append(2, next));
  return HeaderOf(appender.Snapshot());
}

bool Fits(const Histogram& before, const Histogram& next) {
  HistogramAppender appender;
  EXPECT_TRUE(appender.Append(1, before));
  const std::string bytes(appender.Snapshot().bytes());
  if (appender.Append(2, next)) return true;
  EXPECT_EQ(appender.Snapshot().bytes(), bytes);
  return false;
}

template <class AnyHistogram>
std::vector<AnyHistogram> ReadAll(const ChunkRef& chunk) {
  std::vector<AnyHistogram> histograms;
  ChunkReader reader(chunk);
  TimestampMs time = 0;
  AnyHistogram histogram;
  while (reader.ReadHistogram(&time, &histogram)) histograms.push_back(histogram);
  EXPECT_FALSE(reader.damaged());
  return histograms;
}

// The bytes below were written by Prometheus 3.16 (tsdb/chunkenc) from the same samples.

// Schema 1. At 1 s the buckets 0 and 1 with 1 and 2 observations, at 2 s with 2 and 4, at 3.005 s also the positive
// bucket 5 and the negative bucket -4 with one each, for which the chunk is written anew; at 4 s a stale marker.
TEST(HistogramAppender, WritesPrometheusBytesOfACounter) {
  Histogram histogram;
  histogram.layout = {.schema = 1, .zero_threshold = kDefaultThreshold, .positive_spans = {{0, 2}}};
  histogram.zero_count = 1;
  histogram.count = 4;
  histogram.sum = 2.5;
  histogram.positive_deltas = {1, 1};
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(1000, histogram));
  histogram.count = 7;
  histogram.sum = 12.5;
  histogram.positive_deltas = {2, 2};
  ASSERT_TRUE(appender.Append(2000, histogram));
  histogram.layout.positive_spans = {{0, 2}, {3, 1}};
  histogram.layout.negative_spans = {{-4, 1}};
  histogram.zero_count = 2;
  histogram.count = 10;
  histogram.sum = 10;
  histogram.positive_deltas = {2, 2, -3};
  histogram.negative_deltas = {1};
  ASSERT_TRUE(appender.Append(3005, histogram));
  ASSERT_TRUE(appender.Append(4000, Stale()));
  EXPECT_EQ(ToHex(appender.Snapshot().bytes()),
            "000400748ca48ce31de78fa29140040000000000008c6cf1f44da86b631b30a8c6def38ed8c5effa80000000000040");
  EXPECT_EQ(appender.size(), appender.Snapshot().bytes().size());
  EXPECT_EQ(appender.oldest_time(), 1000);
  EXPECT_EQ(appender.newest_time(), 4000);
}

// Custom bounds in both forms (multiples of 1/1000 up to 33554.43, and others), a large count, an infinite sum, and the
// hint of a counter reset.
TEST(HistogramAppender, WritesPrometheusBytesOfCustomBuckets) {
  Histogram histogram;
  histogram.hint = CounterResetHint::kCounterReset;
  histogram.layout = {.schema = kCustomBucketsSchema,
                      .positive_spans = {{1, 2}},
                      .custom_values = {-1, 0.005, 0.1, 1.0 / 3, 33554.43, 1e6}};
  histogram.count = 4;
  histogram.sum = 3;
  histogram.positive_deltas = {1, 2};
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(-5, histogram));
  histogram.hint = CounterResetHint::kUnknown;
  histogram.count = (std::uint64_t{1} << 40) + 3;
  histogram.sum = std::numeric_limits<double>::infinity();
  histogram.positive_deltas = {std::int64_t{1} << 40, 3 - (std::int64_t{1} << 40)};
  ASSERT_TRUE(appender.Append(10, histogram));
  EXPECT_EQ(ToHex(appender.Snapshot().bytes()),
            "00028000ee5c651597fe00000000000016e328ff55555555555557f7fffffc825d090000000001bba1002000000000000232c7ff"
            "00007fffffffffb117ffff80003fffffffffffbfffc00000000040");
}

// A gauge, so that counts may fall and buckets may go: 3 and 4, then 2 and 4, so the chunk gets all three.
TEST(FloatHistogramAppender, WritesPrometheusBytesOfAGauge) {
  FloatHistogram histogram;
  histogram.hint = CounterResetHint::kGauge;
  histogram.layout = {.schema = -4, .zero_threshold = 0.001, .positive_spans = {{3, 2}}};
  histogram.zero_count = 0.5;
  histogram.count = 3;
  histogram.sum = -2;
  histogram.positive_buckets = {1.5, 1};
  FloatHistogramAppender appender;
  ASSERT_TRUE(appender.Append(1000, histogram));
  histogram.layout.positive_spans = {{2, 1}, {1, 1}};
  histogram.zero_count = 0.25;
  histogram.count = 2;
  histogram.sum = std::bit_cast<double>(kNormalNanBits);
  histogram.positive_buckets = {1, 0.75};
  ASSERT_TRUE(appender.Append(2000, histogram));
  histogram.sum = 1;
  ASSERT_TRUE(appender.Append(3000, histogram));
  EXPECT_EQ(ToHex(appender.Snapshot().bytes()),
            "0003c0ff3f50624dd2f1a9fcde467278fa10020000000000000ff8000000000000300000000000000000000000000000000ffe00"
            "00000000000ffc0000000000003c7d1b01ea0bc005ffc000000000000e22bffc45fffd6162400800000000000100");
}

TEST(HistogramAppender, StartsANewChunkWhereCountersCannotGoOn) {
  const Histogram before = TwoBuckets(3, 4);
  EXPECT_TRUE(Fits(before, before));
  EXPECT_TRUE(Fits(before, TwoBuckets(3, 9)));
  EXPECT_FALSE(Fits(before, TwoBuckets(3, 3)));
  EXPECT_FALSE(Fits(before, TwoBuckets(2, 9)));
  EXPECT_FALSE(Fits(before, Gauge(before)));
  EXPECT_FALSE(Fits(Gauge(before), before));
  Histogram next = before;
  next.layout.schema = 1;
  EXPECT_FALSE(Fits(before, next));
  next = before;
  next.layout.zero_threshold = 0;
  EXPECT_FALSE(Fits(before, next));
  next = before;
  next.hint = CounterResetHint::kCounterReset;
  EXPECT_FALSE(Fits(before, next));
  EXPECT_TRUE(Fits(Custom({1, 2}), Custom({1, 2})));
  EXPECT_FALSE(Fits(Custom({1, 2}), Custom({1, 3})));
  EXPECT_FALSE(Fits(Custom({1, 2}), Custom({1, 2, 3})));
}

TEST(HistogramAppender, TakesOnlyStaleMarkersBehindOne) {
  EXPECT_TRUE(Fits(TwoBuckets(3, 4), Stale()));
  EXPECT_TRUE(Fits(Stale(), Stale()));
  EXPECT_FALSE(Fits(Stale(), TwoBuckets(3, 4)));
  EXPECT_FALSE(Fits(Gauge(Stale()), Gauge(TwoBuckets(3, 4))));
}

TEST(HistogramAppender, SaysWhatIsKnownOfResetsBeforeTheChunk) {
  HistogramAppender first;
  first.Append(1, TwoBuckets(3, 4));
  EXPECT_EQ(HeaderOf(first.Snapshot()), CounterResetHint::kUnknown);
  EXPECT_EQ(HeaderAfter(TwoBuckets(3, 4), TwoBuckets(4, 4)), CounterResetHint::kNotCounterReset);
  EXPECT_EQ(HeaderAfter(TwoBuckets(3, 4), ThreeBuckets(4, 4, 1)), CounterResetHint::kNotCounterReset);
  EXPECT_EQ(HeaderAfter(TwoBuckets(3, 4), TwoBuckets(1, 9)), CounterResetHint::kCounterReset);
  EXPECT_EQ(HeaderAfter(TwoBuckets(3, 4), Gauge(TwoBuckets(1, 9))), CounterResetHint::kGauge);
  EXPECT_EQ(HeaderAfter(Custom({1, 2}), Custom({1, 3})), CounterResetHint::kCounterReset);
  EXPECT_EQ(HeaderAfter(Stale(), TwoBuckets(1, 1)), CounterResetHint::kUnknown);
  EXPECT_EQ(HeaderAfter(Gauge(TwoBuckets(1, 1)), TwoBuckets(1, 1)), CounterResetHint::kUnknown);
  Histogram other_schema = TwoBuckets(9, 9);
  other_schema.layout.schema = 3;
  EXPECT_EQ(HeaderAfter(TwoBuckets(3, 4), other_schema), CounterResetHint::kUnknown);
  first.Reset();
  first.Append(1, TwoBuckets(4, 4));
  EXPECT_EQ(HeaderOf(first.Snapshot()), CounterResetHint::kUnknown);
}

TEST(HistogramAppender, WidensTheChunkForNewBuckets) {
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(1, TwoBuckets(3, 4)));
  ASSERT_TRUE(appender.Append(2, ThreeBuckets(3, 5, 1)));
  const auto read = ReadAll<Histogram>(appender.Snapshot());
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].layout.positive_spans, (Spans{{0, 3}}));
  EXPECT_EQ(read[0].positive_deltas, (std::vector<std::int64_t>{3, 1, -4}));
  EXPECT_EQ(read[1].positive_deltas, (std::vector<std::int64_t>{3, 2, -4}));
  EXPECT_EQ(appender.newest().layout.positive_spans, (Spans{{0, 3}}));
}

TEST(HistogramAppender, WidensSamplesThatMissEmptyBuckets) {
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(1, ThreeBuckets(3, 4, 0)));
  ASSERT_TRUE(appender.Append(2, TwoBuckets(3, 5)));
  // Bucket 2 is missing once more and bucket -1 is new.
  Histogram both = TwoBuckets(3, 5);
  both.layout.positive_spans = {{-1, 3}};
  both.positive_deltas = {7, -4, 2};
  both.count += 7;
  ASSERT_TRUE(appender.Append(3, both));
  const auto read = ReadAll<FloatHistogram>(appender.Snapshot());
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[2].layout.positive_spans, (Spans{{-1, 4}}));
  EXPECT_EQ(read[0].positive_buckets, (std::vector<double>{0, 3, 4, 0}));
  EXPECT_EQ(read[2].positive_buckets, (std::vector<double>{7, 3, 5, 0}));
  EXPECT_FALSE(Fits(ThreeBuckets(3, 4, 1), TwoBuckets(3, 9)));
}

TEST(HistogramAppender, IsFullByBytesOnceItHasSomeSamples) {
  Histogram large = TwoBuckets(0, 0);
  large.layout.positive_spans = {{0, 600}};
  large.positive_deltas.assign(600, 0);
  HistogramAppender appender;
  std::int64_t time = 0;
  while (!appender.full()) {
    // Buckets that jump about cost bytes.
    for (std::size_t i = 0; i < 600; i += 2) large.positive_deltas[i] = (time * 37 + static_cast<std::int64_t>(i)) % 90;
    for (std::size_t i = 1; i < 600; i += 2) large.positive_deltas[i] = -large.positive_deltas[i - 1];
    Histogram gauge = Gauge(large);
    gauge.count = 0;
    for (std::size_t i = 0; i < 600; i += 2) gauge.count += static_cast<std::uint64_t>(large.positive_deltas[i]);
    ASSERT_TRUE(gauge.Validate());
    ASSERT_TRUE(appender.Append(++time, gauge));
  }
  EXPECT_EQ(appender.count(), HistogramAppender::kMinSamples);
  EXPECT_GT(appender.size(), HistogramAppender::kTargetBytes);
}

TEST(HistogramAppender, StaysBoundedWithTheLargestHistograms) {
  FloatHistogram histogram;
  histogram.layout.positive_spans = {{0, kMaxHistogramBuckets}};
  histogram.layout.negative_spans = {{0, kMaxHistogramBuckets}};
  FloatHistogramAppender appender;
  for (int i = 0; !appender.full(); ++i) {
    histogram.positive_buckets.assign(kMaxHistogramBuckets, 1.0 / (i + 3));
    histogram.negative_buckets.assign(kMaxHistogramBuckets, 1.0 / (i + 7));
    histogram.hint = CounterResetHint::kGauge;
    ASSERT_TRUE(histogram.Validate());
    ASSERT_TRUE(appender.Append(i, histogram));
  }
  EXPECT_LE(appender.count(), 2);
  EXPECT_LT(appender.size(), 4 * FloatHistogramAppender::kMaxBytes);
}

TEST(HistogramAppender, DoesNotWriteLongChunksAnewForHugeHistograms) {
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(1, TwoBuckets(3, 4)));
  Histogram huge = TwoBuckets(3, 4);
  huge.layout.positive_spans = {{0, kMaxHistogramBuckets}};
  huge.positive_deltas.resize(kMaxHistogramBuckets);
  huge.positive_deltas[2] = -4;
  ASSERT_TRUE(huge.Validate());
  EXPECT_FALSE(appender.Append(2, huge));
  appender.Clear();
  ASSERT_TRUE(appender.Append(2, huge));
  EXPECT_EQ(HeaderOf(appender.Snapshot()), CounterResetHint::kNotCounterReset);
}

TEST(ChunkReader, ReadsHistogramsNotFloatsFromHistogramChunks) {
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(1, TwoBuckets(3, 4)));
  const ChunkRef chunk = appender.Snapshot();
  ChunkReader reader(chunk);
  TimestampMs time = 0;
  double value = 0;
  EXPECT_EQ(reader.Read({&time, 1}, {&value, 1}), 0u);
  EXPECT_FALSE(reader.damaged());
  FloatHistogramAppender floats;
  ASSERT_TRUE(floats.Append(1, TwoBuckets(3, 4).ToFloat()));
  const ChunkRef float_chunk = floats.Snapshot();
  Histogram exact;
  EXPECT_FALSE(ChunkReader(float_chunk).ReadHistogram(&time, &exact));
}

TEST(ChunkReader, RefusesSchemasItDoesNotKnow) {
  Histogram histogram = TwoBuckets(3, 4);
  histogram.layout.schema = 9;
  HistogramAppender appender;
  ASSERT_TRUE(appender.Append(1, histogram));
  const ChunkRef chunk = appender.Snapshot();
  ChunkReader reader(chunk);
  TimestampMs time = 0;
  EXPECT_FALSE(reader.ReadHistogram(&time, &histogram));
  EXPECT_TRUE(reader.damaged());
}

}  // namespace
}  // namespace tickbird::tsdb
