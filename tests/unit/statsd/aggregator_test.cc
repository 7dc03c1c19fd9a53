#include "agent/ingest/statsd/aggregator.h"

#include <gtest/gtest.h>

#include "core/model/sample.h"
#include "tests/unit/statsd/recording_appender.h"

namespace tickbird::statsd {
namespace {

AggregatorOptions Options() {
  return {.instance = "web1"};
}

std::uint64_t Errors(const Aggregator& aggregator, Reason reason) {
  return aggregator.stats().errors[static_cast<std::size_t>(reason)].value();
}

/// What one flush after these lines stores.
RecordingAppender FlushOf(std::string_view lines, AggregatorOptions options = Options()) {
  Aggregator aggregator(std::move(options));
  aggregator.AddDatagram(lines);
  RecordingAppender appender;
  aggregator.Flush(1000, appender);
  return appender;
}

TEST(Aggregator, StoresOneValueASeries) {
  struct Case {
    std::string_view lines;
    std::string series;
    double value;
  };
  const Case cases[] = {
      {"hits:1|c\nhits:2|c\n", "hits_total{instance=\"web1\", job=\"statsd\"}", 3},
      {"hits:1|c|#a:b\nhits:2|c|#a:c", "hits_total{a=\"b\", instance=\"web1\", job=\"statsd\"}", 1},
      {"hits:1|c|#a:1,b:2\nhits:2|c|#b:2,a:1", "hits_total{a=\"1\", b=\"2\", instance=\"web1\", job=\"statsd\"}", 3},
      {"hits:3|c|@0.1", "hits_total{instance=\"web1\", job=\"statsd\"}", 30},
      {"hits:1:2:3|c", "hits_total{instance=\"web1\", job=\"statsd\"}", 6},
      {"hits:1|c\r\n\r\nhits:1|c\r\n", "hits_total{instance=\"web1\", job=\"statsd\"}", 2},
      {"temp:5|g\ntemp:7|g|@0.5", "temp{instance=\"web1\", job=\"statsd\"}", 7},
      {"temp:5|g\ntemp:+2|g\ntemp:-10|g", "temp{instance=\"web1\", job=\"statsd\"}", -3},
      {"temp:-4|g", "temp{instance=\"web1\", job=\"statsd\"}", -4},
      {"users:a|s\nusers:b|s\nusers:a|s", "users{instance=\"web1\", job=\"statsd\"}", 2},
      {"users:a:b|s", "users{instance=\"web1\", job=\"statsd\"}", 1},
      {"up:1|g\nup:oops|g\nup:NaN|g\nup:Inf|g", "up{instance=\"web1\", job=\"statsd\"}", 1},
  };
  for (const Case& c : cases) EXPECT_EQ(FlushOf(c.lines).Newest(c.series), c.value) << c.lines;
}

TEST(Aggregator, TurnsTimersIntoHistogramsInSeconds) {
  const RecordingAppender stored = FlushOf("page_load:320|ms|#page:home\npage_load:100:12000|ms|#page:home\n");
  const std::string labels = "instance=\"web1\", job=\"statsd\", ";
  const auto bucket = [&](const std::string& le) {
    return stored.Newest("page_load_seconds_bucket{" + labels + "le=\"" + le + "\", page=\"home\"}");
  };
  EXPECT_EQ(bucket("0.05"), 0);
  EXPECT_EQ(bucket("0.1"), 1) << "a bound belongs to its bucket";
  EXPECT_EQ(bucket("0.5"), 2);
  EXPECT_EQ(bucket("10"), 2);
  EXPECT_EQ(bucket("30"), 3);
  EXPECT_EQ(bucket("+Inf"), 3);
  EXPECT_DOUBLE_EQ(stored.Newest("page_load_seconds_sum{" + labels + "page=\"home\"}"), 12.42);
  EXPECT_EQ(stored.Newest("page_load_seconds_count{" + labels + "page=\"home\"}"), 3);
  EXPECT_EQ(stored.metadata.at("page_load_seconds").type, MetricType::kHistogram);
}

TEST(Aggregator, WeighsHistogramsBySampleRateAndLeavesTheirUnit) {
  const RecordingAppender stored = FlushOf("size:3|h|@0.25\nsize:-1|d\n");
  EXPECT_EQ(stored.Newest("size_count{instance=\"web1\", job=\"statsd\"}"), 5);
  EXPECT_EQ(stored.Newest("size_sum{instance=\"web1\", job=\"statsd\"}"), 11);
  EXPECT_EQ(stored.Newest("size_bucket{instance=\"web1\", job=\"statsd\", le=\"2.5\"}"), 1);
}

TEST(Aggregator, CountersGoOnOverFlushesAndSetsStartAgain) {
  Aggregator aggregator(Options());
  RecordingAppender appender;
  aggregator.AddDatagram("hits:1|c\nusers:a|s");
  aggregator.Flush(1000, appender);
  aggregator.AddDatagram("hits:1|c");
  aggregator.Flush(2000, appender);
  EXPECT_EQ(appender.Newest("hits_total{instance=\"web1\", job=\"statsd\"}"), 2);
  EXPECT_EQ(appender.Newest("users{instance=\"web1\", job=\"statsd\"}"), 0);
  EXPECT_EQ(appender.appends_without_ref, 2) << "later samples use the reference";
}

TEST(Aggregator, LetsRateSeeTheFirstEventOfANewSeries) {
  Aggregator aggregator(Options());
  RecordingAppender appender;
  aggregator.Flush(1000, appender);
  aggregator.AddDatagram("hits:4|c\nload:20000|ms\ntemp:3|g");
  aggregator.Flush(2000, appender);
  EXPECT_EQ(appender.samples["hits_total{instance=\"web1\", job=\"statsd\"}"],
            (std::vector<Sample>{{1000, 0}, {2000, 4}}));
  EXPECT_EQ(appender.samples["load_seconds_count{instance=\"web1\", job=\"statsd\"}"],
            (std::vector<Sample>{{1000, 0}, {2000, 1}}));
  EXPECT_EQ(appender.samples["temp{instance=\"web1\", job=\"statsd\"}"], (std::vector<Sample>{{2000, 3}}));
}

TEST(Aggregator, EndsIdleSeriesAndForgetsThem) {
  AggregatorOptions options = Options();
  options.idle_expiry = 5000;
  Aggregator aggregator(options);
  RecordingAppender appender;
  aggregator.AddDatagram("hits:4|c\nother:1|g");
  aggregator.Flush(1000, appender);
  aggregator.AddDatagram("other:1|g");
  aggregator.Flush(5000, appender);
  EXPECT_EQ(aggregator.stats().series.value(), 2U);
  aggregator.Flush(6000, appender);
  const std::string hits = "hits_total{instance=\"web1\", job=\"statsd\"}";
  EXPECT_TRUE(IsStaleMarker(appender.Newest(hits)));
  EXPECT_EQ(appender.Newest("other{instance=\"web1\", job=\"statsd\"}"), 1);
  EXPECT_EQ(aggregator.stats().series.value(), 1U);
  EXPECT_EQ(aggregator.stats().names.value(), 1U);
  EXPECT_EQ(aggregator.stats().expired_series.value(), 1U);

  // It may come back, from zero, and as another type.
  aggregator.AddDatagram("hits:2|c\nhits_total:9|g");
  aggregator.Flush(7000, appender);
  EXPECT_EQ(appender.Newest(hits), 2);
  EXPECT_EQ(Errors(aggregator, Reason::kTypeConflict), 1U);
}

TEST(Aggregator, CountsWhatItDoesNotTakeByReason) {
  struct Case {
    std::string_view lines;
    Reason reason;
    std::uint64_t times;
  };
  const Case cases[] = {
      {"nonsense\nx:1\n", Reason::kMalformedLine, 2},
      {"a:1:x:2:|c", Reason::kMalformedValue, 1},
      {"a:1|q", Reason::kUnknownType, 1},
      {"a:1|c|@2", Reason::kBadSampleRate, 1},
      {"a:1|c|#:v\na:1|c|#:v", Reason::kBadTag, 2},
      {"a,b=c:1|c|#d:e\na,b=c:1|c|#d:e", Reason::kMixedTagStyles, 2},
      {"a\xff:1|c", Reason::kInvalidUtf8, 1},
      {"a:-1|c", Reason::kNegativeCounter, 1},
      {"a:1e308|c\na:1e308|c", Reason::kMalformedValue, 1},
      {"a:1|g\na:1|h\na:1|h\na:1|s", Reason::kTypeConflict, 3},
      {"a:1|h\na_count:1|g", Reason::kTypeConflict, 1},
      {"_e{1,1}:a|b\n_sc|x|0", Reason::kEvent, 1},
      {"_e{1,1}:a|b\n_sc|x|0", Reason::kServiceCheck, 1},
  };
  for (const Case& c : cases) {
    Aggregator aggregator(Options());
    aggregator.AddDatagram(c.lines);
    EXPECT_EQ(Errors(aggregator, c.reason), c.times) << c.lines;
  }
}

TEST(Aggregator, AddsUpBeyondTheSeriesLimitInOneOverflowSeries) {
  AggregatorOptions options = Options();
  options.max_series_per_name = 2;
  Aggregator aggregator(options);
  for (int i = 0; i < 10; ++i) aggregator.AddLine("hits:1|c|#user:" + std::to_string(i));
  aggregator.AddLine("hits:1|c|#user:7");
  RecordingAppender appender;
  aggregator.Flush(1000, appender);
  EXPECT_EQ(appender.samples.size(), 3U);
  EXPECT_EQ(appender.Newest("hits_total{instance=\"web1\", job=\"statsd\", tickbird_overflow=\"true\"}"), 9);
  EXPECT_EQ(Errors(aggregator, Reason::kSeriesLimit), 9U);
}

TEST(Aggregator, CountsAHistogramAsItsSeriesAgainstTheLimit) {
  AggregatorOptions options = Options();
  options.buckets = {1, 2};
  options.max_series = 10;
  Aggregator aggregator(options);
  aggregator.AddDatagram("a:1|h|#n:1\na:1|h|#n:2\na:1|h|#n:3\n");
  EXPECT_EQ(Errors(aggregator, Reason::kSeriesLimit), 1U) << "two of five series each fit";
  EXPECT_EQ(aggregator.stats().series.value(), 15U) << "and the overflow series";
}

TEST(Aggregator, DropsNamesAndKeysBeyondTheirLimits) {
  AggregatorOptions options = Options();
  options.max_names = 2;
  options.max_key_bytes = 10;
  options.max_set_values = 2;
  Aggregator aggregator(options);
  aggregator.AddDatagram("a:1|c\nb:1|c\nc:1|c\nc:1|c\n");
  EXPECT_EQ(Errors(aggregator, Reason::kNameLimit), 2U);
  aggregator.AddDatagram("a:1|c|#0123456789:1\n");
  EXPECT_EQ(Errors(aggregator, Reason::kTooLong), 1U);
  Aggregator sets(options);
  sets.AddDatagram("u:1|s\nu:2|s\nu:3|s\nu:1|s");
  EXPECT_EQ(Errors(sets, Reason::kSetLimit), 1U);
}

TEST(Aggregator, MakesRoomWhenSeriesExpire) {
  AggregatorOptions options = Options();
  options.max_names = 1;
  options.idle_expiry = 1000;
  Aggregator aggregator(options);
  RecordingAppender appender;
  aggregator.AddDatagram("a:1|g\nb:1|g");
  aggregator.Flush(1000, appender);
  aggregator.Flush(2000, appender);
  aggregator.AddDatagram("b:2|g");
  aggregator.Flush(3000, appender);
  EXPECT_EQ(appender.Newest("b{instance=\"web1\", job=\"statsd\"}"), 2);
}

TEST(Aggregator, StaysRightWhenItsKeyCacheIsFull) {
  AggregatorOptions options = Options();
  options.max_cache_bytes = 500;
  Aggregator aggregator(options);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50; ++i) aggregator.AddLine("hits:1|c|#user:" + std::to_string(i));
  }
  RecordingAppender appender;
  aggregator.Flush(1000, appender);
  EXPECT_EQ(appender.samples.size(), 50U);
  for (const auto& [series, samples] : appender.samples) EXPECT_EQ(samples.back().value, 3) << series;
}

TEST(Aggregator, CountsSamplesThatTheStoreRefuses) {
  Aggregator aggregator(Options());
  RecordingAppender appender;
  appender.refuse = true;
  aggregator.AddDatagram("a:1|c");
  aggregator.Flush(1000, appender);
  EXPECT_EQ(aggregator.stats().append_errors.value(), 1U);
  appender.refuse = false;
  aggregator.Flush(2000, appender);
  EXPECT_EQ(appender.Newest("a_total{instance=\"web1\", job=\"statsd\"}"), 1);
}

}  // namespace
}  // namespace tickbird::statsd
