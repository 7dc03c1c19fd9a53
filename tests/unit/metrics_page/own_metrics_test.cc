#include "exporters/metrics_page/own_metrics.h"

#include <limits>

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "tests/unit/statsd/recording_appender.h"

namespace tickbird::exporters {
namespace {

TEST(OwnMetricsRecorder, StoresTheRegistryAsTickbirdsJob) {
  prometheus::Registry registry;
  auto& counters = prometheus::BuildCounter().Name("tickbird_x_total").Help("X.").Register(registry);
  auto& counter = counters.Add({{"reason", "a"}});
  prometheus::BuildHistogram()
      .Name("tickbird_t_seconds")
      .Help("T.")
      .Register(registry)
      .Add({}, prometheus::Histogram::BucketBoundaries{0.5})
      .Observe(0.25);
  OwnMetricsRecorder recorder("tickbird", "web1");
  RecordingAppender appender;
  counter.Increment();
  EXPECT_EQ(recorder.Record(registry.Collect(), 1000, appender), 0U);
  EXPECT_EQ(appender.Newest("tickbird_x_total{instance=\"web1\", job=\"tickbird\", reason=\"a\"}"), 1);
  EXPECT_EQ(appender.Newest("tickbird_t_seconds_bucket{instance=\"web1\", job=\"tickbird\", le=\"0.5\"}"), 1);
  EXPECT_EQ(appender.Newest("tickbird_t_seconds_bucket{instance=\"web1\", job=\"tickbird\", le=\"+Inf\"}"), 1);
  EXPECT_EQ(appender.Newest("tickbird_t_seconds_sum{instance=\"web1\", job=\"tickbird\"}"), 0.25);
  EXPECT_EQ(appender.Newest("tickbird_t_seconds_count{instance=\"web1\", job=\"tickbird\"}"), 1);
  EXPECT_EQ(appender.metadata.at("tickbird_x_total"),
            (MetricMetadata{.type = MetricType::kCounter, .help = "X.", .unit = {}}));

  // A metric that comes later moves the others about; each must still go to its own series.
  counters.Add({{"reason", "b"}}).Increment(7);
  counter.Increment();
  EXPECT_EQ(recorder.Record(registry.Collect(), 2000, appender), 0U);
  EXPECT_EQ(appender.Newest("tickbird_x_total{instance=\"web1\", job=\"tickbird\", reason=\"a\"}"), 2);
  EXPECT_EQ(appender.Newest("tickbird_x_total{instance=\"web1\", job=\"tickbird\", reason=\"b\"}"), 7);

  const int looked_up = appender.appends_without_ref;
  EXPECT_EQ(recorder.Record(registry.Collect(), 3000, appender), 0U);
  EXPECT_EQ(appender.appends_without_ref, looked_up) << "an unchanged registry is written by reference";
  appender.refuse = true;
  EXPECT_EQ(recorder.Record(registry.Collect(), 4000, appender), 6U);
}

}  // namespace
}  // namespace tickbird::exporters
