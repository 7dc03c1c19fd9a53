#include "agent/ingest/statsd/statsd_naming.h"

#include <gtest/gtest.h>

namespace tickbird::statsd {
namespace {

TEST(NameSeries, NamesMetricsAsPrometheusUsersExpect) {
  struct Case {
    std::string_view name;
    std::string_view tags;
    LineType type;
    std::string family;
    std::string labels;
  };
  const Case cases[] = {
      {"page_load", "page:home", LineType::kTimer, "page_load_seconds", "{page=\"home\"}"},
      {"api.latency_ms", "", LineType::kTimer, "api_latency_seconds", "{}"},
      {"query-time.milliseconds", "", LineType::kTimer, "query_time_seconds", "{}"},
      {"load_seconds", "", LineType::kTimer, "load_seconds", "{}"},
      {"ms", "", LineType::kTimer, "ms_seconds", "{}"},
      {"app.hits", "", LineType::kCounter, "app_hits_total", "{}"},
      {"hits_total", "", LineType::kCounter, "hits_total", "{}"},
      {"2xx", "", LineType::kCounter, "_2xx_total", "{}"},
      {"caf\xc3\xa9", "", LineType::kGauge, "caf__", "{}"},
      {"size", "", LineType::kHistogram, "size", "{}"},
      {"size", "", LineType::kDistribution, "size", "{}"},
      {"g", "b:2,a:1,,url:http://x", LineType::kGauge, "g", "{a=\"1\", b=\"2\", url=\"http://x\"}"},
      {"g", "flag,my-tag:x,9:y", LineType::kGauge, "g", "{_9=\"y\", flag=\"true\", my_tag=\"x\"}"},
      {"g", "job:a,instance:b,le:c,quantile:d,__x:e", LineType::kGauge, "g",
       "{exported___x=\"e\", exported_instance=\"b\", exported_job=\"a\", exported_le=\"c\", exported_quantile=\"d\"}"},
      {"g", "a:1,a:2", LineType::kGauge, "g", "{a=\"2\"}"},
      {"g", "a:", LineType::kGauge, "g", "{}"},
      {"g,a=1,b=x:y", "", LineType::kGauge, "g", "{a=\"1\", b=\"x:y\"}"},
      {"g#a=1,b=2", "", LineType::kGauge, "g", "{a=\"1\", b=\"2\"}"},
      {"g[a=1,b=2].rest", "", LineType::kGauge, "g_rest", "{a=\"1\", b=\"2\"}"},
  };
  for (const Case& c : cases) {
    const auto naming = NameSeries(c.name, c.tags, c.type);
    ASSERT_TRUE(naming) << c.name << ReasonName(naming.error());
    EXPECT_EQ(naming->family, c.family) << c.name;
    EXPECT_EQ(naming->labels.Build().ToString(), c.labels) << c.name << " " << c.tags;
    EXPECT_EQ(naming->bad_tags, 0) << c.tags;
  }
}

TEST(NameSeries, RefusesWhatHasNoGoodName) {
  EXPECT_EQ(NameSeries("g,a=1", "b:2", LineType::kGauge).error(), Reason::kMixedTagStyles);
  EXPECT_EQ(NameSeries("g\xff", "", LineType::kGauge).error(), Reason::kInvalidUtf8);
  EXPECT_EQ(NameSeries("g", "a:\xff", LineType::kGauge).error(), Reason::kInvalidUtf8);
  EXPECT_EQ(NameSeries(",a=1", "", LineType::kGauge).error(), Reason::kMalformedLine);
}

TEST(NameSeries, LeavesOutTagsWithoutAName) {
  const auto naming = NameSeries("g", ":x,a:b,:y", LineType::kGauge);
  ASSERT_TRUE(naming);
  EXPECT_EQ(naming->bad_tags, 2);
  EXPECT_EQ(naming->labels.Build().ToString(), "{a=\"b\"}");
}

}  // namespace
}  // namespace tickbird::statsd
