#include "exporters/metrics_page/metrics_page.h"

#include <gtest/gtest.h>

#include "core/exposition/openmetrics_validator.h"
#include "tests/unit/metrics_page/series_list.h"

namespace tickbird::exporters {
namespace {

using exposition::Negotiate;

constexpr TimestampMs kNow = 10'000;

PageOptions Options() {
  PageOptions options;
  options.strip = {{"instance", "web1"}, {"job", "node"}, {"job", "statsd"}};
  options.lookback = 5000;
  options.own_instance = "web1";
  return options;
}

std::string Page(const SeriesList& stored, const std::vector<prometheus::MetricFamily>& own = {},
                 std::string_view accept = "", PageCounts* counts = nullptr) {
  std::string page;
  const auto written = WriteMetricsPage(stored, own, kNow, Options(), Negotiate(accept), page);
  EXPECT_TRUE(written);
  if (counts && written) *counts = *written;
  return page;
}

prometheus::MetricFamily OwnCounter(const char* name, double value) {
  prometheus::MetricFamily family{.name = name, .help = "Own.", .type = prometheus::MetricType::Counter, .metric = {}};
  family.metric.emplace_back().counter.value = value;
  return family;
}

TEST(WriteMetricsPage, SortsFamiliesAndSeriesAndStripsWhatSaysNothing) {
  SeriesList stored;
  stored.metadata["node_cpu_seconds_total"] = {.type = MetricType::kCounter, .help = "CPU time.", .unit = {}};
  const auto cpu = [](const char* mode) {
    return Labels{{"__name__", "node_cpu_seconds_total"}, {"mode", mode}, {"instance", "web1"}, {"job", "node"}};
  };
  stored.Add(cpu("user"), std::vector<Sample>{{9000, 1}, {9500, 2}});
  stored.Add(cpu("idle"), std::vector<Sample>{{9500, 3}});
  stored.Add(Labels{{"__name__", "apples"}, {"instance", "other"}, {"job", "node"}}, std::vector<Sample>{{9500, 4}});
  EXPECT_EQ(Page(stored),
            "# TYPE apples untyped\n"
            "apples{instance=\"other\"} 4\n"
            "# HELP node_cpu_seconds_total CPU time.\n"
            "# TYPE node_cpu_seconds_total counter\n"
            "node_cpu_seconds_total{mode=\"idle\"} 3\n"
            "node_cpu_seconds_total{mode=\"user\"} 2\n");
}

TEST(WriteMetricsPage, ShowsLiveSeriesOnly) {
  SeriesList stored;
  stored.Add(Labels{{"__name__", "old"}}, std::vector<Sample>{{5000, 1}});
  stored.Add(Labels{{"__name__", "just_young_enough"}}, std::vector<Sample>{{5001, 1}});
  stored.Add(Labels{{"__name__", "future"}}, std::vector<Sample>{{10'001, 1}});
  stored.Add(Labels{{"__name__", "ended"}}, std::vector<Sample>{{9000, 1}, {9500, StaleMarker()}});
  stored.Add(Labels{{"__name__", "back"}}, std::vector<Sample>{{9000, StaleMarker()}, {9500, 2}});
  EXPECT_EQ(Page(stored), "# TYPE back untyped\nback 2\n# TYPE just_young_enough untyped\njust_young_enough 1\n");
}

TEST(WriteMetricsPage, GroupsHistogramsAndSummariesUnderTheirFamily) {
  SeriesList stored;
  stored.metadata["load_seconds"] = {.type = MetricType::kHistogram, .help = "Load.", .unit = {}};
  stored.metadata["rpc_seconds"] = {.type = MetricType::kSummary, .help = {}, .unit = {}};
  for (const char* const page : {"b", "a"}) {
    stored.Add(Labels{{"__name__", "load_seconds_count"}, {"page", page}}, std::vector<Sample>{{9500, 3}});
    stored.Add(Labels{{"__name__", "load_seconds_sum"}, {"page", page}}, std::vector<Sample>{{9500, 7}});
    for (const char* const le : {"+Inf", "10", "2"}) {
      stored.Add(Labels{{"__name__", "load_seconds_bucket"}, {"page", page}, {"le", le}},
                 std::vector<Sample>{{9500, 3}});
    }
  }
  stored.Add(Labels{{"__name__", "rpc_seconds_count"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "rpc_seconds_sum"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "rpc_seconds"}, {"quantile", "0.99"}}, std::vector<Sample>{{9500, 2}});
  stored.Add(Labels{{"__name__", "rpc_seconds"}, {"quantile", "0.5"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "bare_bucket"}, {"le", "+Inf"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "bare_sum"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "bare_count"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "head_count"}}, std::vector<Sample>{{9500, 8}});
  const std::string expected =
      "# TYPE bare histogram\n"
      "bare_bucket{le=\"+Inf\"} 1\nbare_sum 1\nbare_count 1\n"
      "# TYPE head_count untyped\n"
      "head_count 8\n"
      "# HELP load_seconds Load.\n"
      "# TYPE load_seconds histogram\n"
      "load_seconds_bucket{le=\"2\",page=\"a\"} 3\nload_seconds_bucket{le=\"10\",page=\"a\"} 3\n"
      "load_seconds_bucket{le=\"+Inf\",page=\"a\"} 3\nload_seconds_sum{page=\"a\"} 7\nload_seconds_count{page=\"a\"} "
      "3\n"
      "load_seconds_bucket{le=\"2\",page=\"b\"} 3\nload_seconds_bucket{le=\"10\",page=\"b\"} 3\n"
      "load_seconds_bucket{le=\"+Inf\",page=\"b\"} 3\nload_seconds_sum{page=\"b\"} 7\nload_seconds_count{page=\"b\"} "
      "3\n"
      "# TYPE rpc_seconds summary\n"
      "rpc_seconds{quantile=\"0.5\"} 1\nrpc_seconds{quantile=\"0.99\"} 2\nrpc_seconds_sum 1\nrpc_seconds_count 1\n";
  EXPECT_EQ(Page(stored), expected);
  const std::string open_metrics = Page(stored, {}, "application/openmetrics-text");
  const Status valid = exposition::ValidateOpenMetrics(open_metrics);
  EXPECT_TRUE(valid) << valid.error().ToString() << "\n" << open_metrics;
}

TEST(WriteMetricsPage, KeepsOneOfSeriesThatBecomeTheSame) {
  SeriesList stored;
  stored.Add(Labels{{"__name__", "up"}, {"job", "statsd"}}, std::vector<Sample>{{9500, 2}});
  stored.Add(Labels{{"__name__", "up"}, {"job", "node"}}, std::vector<Sample>{{9500, 1}});
  stored.Add(Labels{{"__name__", "up"}, {"job", "api"}}, std::vector<Sample>{{9500, 3}});
  PageCounts counts;
  EXPECT_EQ(Page(stored, {}, "", &counts), "# TYPE up untyped\nup 1\nup{job=\"api\"} 3\n");
  EXPECT_EQ(counts.duplicates, 1U);
  EXPECT_EQ(counts.series, 2U);
  EXPECT_EQ(counts.families, 1U);
}

TEST(WriteMetricsPage, ShowsOwnMetricsOnceThoughTheyAreStoredToo) {
  SeriesList stored;
  stored.metadata["tickbird_x_total"] = {.type = MetricType::kCounter, .help = "Own.", .unit = {}};
  const auto own_stored = [](const char* instance) {
    return Labels{{"__name__", "tickbird_x_total"}, {"job", "tickbird"}, {"instance", instance}};
  };
  stored.Add(own_stored("web1"), std::vector<Sample>{{9500, 4}});
  stored.Add(own_stored("web2"), std::vector<Sample>{{9500, 6}});
  EXPECT_EQ(Page(stored, {OwnCounter("tickbird_x_total", 5)}),
            "# HELP tickbird_x_total Own.\n# TYPE tickbird_x_total counter\n"
            "tickbird_x_total 5\n"
            "tickbird_x_total{instance=\"web2\",job=\"tickbird\"} 6\n");
}

TEST(WriteMetricsPage, WritesCountersAndInfosScrapedFromOpenMetrics) {
  SeriesList stored;
  stored.metadata["hits"] = {.type = MetricType::kCounter, .help = "Hits.", .unit = {}};
  stored.metadata["build"] = {.type = MetricType::kInfo, .help = {}, .unit = {}};
  stored.Add(Labels{{"__name__", "hits_total"}}, std::vector<Sample>{{9500, 4}});
  stored.Add(Labels{{"__name__", "build_info"}, {"v", "1"}}, std::vector<Sample>{{9500, 1}});
  EXPECT_EQ(Page(stored),
            "# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n# HELP hits_total Hits.\n# TYPE hits_total "
            "counter\nhits_total 4\n");
  EXPECT_EQ(Page(stored, {}, "application/openmetrics-text"),
            "# TYPE build info\nbuild_info{v=\"1\"} 1\n# HELP hits Hits.\n# TYPE hits counter\nhits_total 4\n# EOF\n");
}

TEST(WriteMetricsPage, HandsOnTheStoresError) {
  SeriesList stored;
  stored.failure = Error{ErrorCode::kTooLarge, "too many series"};
  std::string page;
  const auto written = WriteMetricsPage(stored, {}, kNow, Options(), Negotiate(""), page);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(page, "");
}

}  // namespace
}  // namespace tickbird::exporters
