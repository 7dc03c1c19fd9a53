#include "core/tsdb/tools/dump.h"

#include "core/exposition/openmetrics_validator.h"
#include "core/tsdb/tools/openmetrics_export.h"
#include "tests/testing/memory_queryable.h"
#include "tests/unit/tsdb_tools/tools_testing.h"

namespace tickbird::tsdb {
namespace {

std::string GoNumber(double value) {
  std::string text;
  AppendGoNumber(text, value);
  return text;
}

TEST(AppendGoNumber, WritesWhatGoWrites) {
  for (const auto& [value, text] : {std::pair{0.0, "0"},
                                    {-0.0, "-0"},
                                    {1.0, "1"},
                                    {123456.0, "123456"},
                                    {999999.5, "999999.5"},
                                    {1000000.0, "1e+06"},
                                    {123456789.5, "1.234567895e+08"},
                                    {1e21, "1e+21"},
                                    {0.0001, "0.0001"},
                                    {0.00001, "1e-05"},
                                    {1e-300, "1e-300"},
                                    {-2.5, "-2.5"}}) {
    EXPECT_EQ(GoNumber(value), text);
  }
  EXPECT_EQ(GoNumber(StaleMarker()), "NaN");
  EXPECT_EQ(GoNumber(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(GoNumber(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(AppendHistogram, WritesBucketsWithTheirBounds) {
  FloatHistogram histogram = {.layout = {.schema = 0,
                                         .zero_threshold = 0.5,
                                         .positive_spans = {{0, 2}, {1, 1}},
                                         .negative_spans = {{1, 1}},
                                         .custom_values = {}},
                              .zero_count = 2,
                              .count = 9,
                              .sum = 12.5,
                              .positive_buckets = {1, 0, 3},
                              .negative_buckets = {3}};
  std::string text;
  AppendHistogram(text, histogram);
  EXPECT_EQ(text, "{count:9, sum:12.5, [-2,-1):3, [-0.5,0.5]:2, (0.5,1]:1, (4,8]:3}");
}

TEST(DumpSamples, WritesPromtoolsLinesInTheOrderOfLabels) {
  testing::MemoryQueryable data;
  data.Add({{"__name__", "b"}}, 1000, 1e6);
  data.Add({{"__name__", "a"}, {"x", "1\"\n"}}, 1000, 1);
  data.Add({{"__name__", "a"}, {"x", "1\"\n"}}, 2000, StaleMarker());
  std::string text;
  const auto stats = DumpSamples(data, Everything(), Into(&text));
  ASSERT_TRUE(stats);
  EXPECT_EQ(text,
            "{__name__=\"a\", x=\"1\\\"\\n\"} 1 1000\n{__name__=\"a\", x=\"1\\\"\\n\"} NaN 2000\n"
            "{__name__=\"b\"} 1e+06 1000\n");
  EXPECT_EQ(stats->series, 2);
  EXPECT_EQ(stats->samples, 3);
}

TEST(DumpSamples, EndsWhenTheSinkTakesNoMore) {
  testing::MemoryQueryable data;
  for (TimestampMs time = 0; time < 10'000; ++time) data.Add({{"__name__", "a"}}, time, 1);
  int calls = 0;
  const auto stats = DumpSamples(data, Everything(), [&](std::string_view) -> Status {
    ++calls;
    return Error{ErrorCode::kTooLarge, "full"};
  });
  EXPECT_EQ(stats.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(calls, 1);
}

/// With metadata, which MemoryQueryable has none of.
class DescribedData final : public Queryable {
 public:
  testing::MemoryQueryable samples;
  std::map<std::string, MetricMetadata, std::less<>> metadata;

  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override {
    return samples.Select(selection);
  }
  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override {
    return samples.LabelNames(matchers);
  }
  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override {
    return samples.LabelValues(name, matchers);
  }
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override { return metadata; }
};

TEST(ExportOpenMetrics, IsValidAndKeepsEveryName) {
  DescribedData data;
  for (const char* const name : {"requests_total", "free", "free_total", "latency_bucket", "latency_count",
                                 "latency_sum", "latency_bytes", "plain", "seconds_total"}) {
    for (TimestampMs time = 1000; time <= 3000; time += 1000) data.samples.Add({{"__name__", name}}, time, 1);
  }
  data.samples.Add({{"__name__", "free"}}, 4000, StaleMarker());
  data.metadata = {{"requests_total", {MetricType::kCounter, "All \"requests\"\n.", ""}},
                   {"free", {MetricType::kGauge, "Free.", ""}},
                   {"free_total", {MetricType::kCounter, "", ""}},
                   {"latency", {MetricType::kHistogram, "", "seconds"}},
                   {"seconds_total", {MetricType::kCounter, "", "seconds"}}};
  std::string text;
  const auto stats = ExportOpenMetrics(data, Everything(), Into(&text));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->samples, 27);
  EXPECT_EQ(stats->skipped, 1);
  const Status valid = exposition::ValidateOpenMetrics(text);
  EXPECT_TRUE(valid) << (valid ? "" : valid.error().ToString()) << "\n" << text;
  EXPECT_THAT(text, ::testing::HasSubstr("# HELP requests All \\\"requests\\\"\\n.\n# TYPE requests counter\n"
                                         "requests_total 1 1.000\n"));
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

}  // namespace
}  // namespace tickbird::tsdb
