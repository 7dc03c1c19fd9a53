#include "agent/ingest/statsd/statsd_metrics.h"

#include <gtest/gtest.h>

namespace tickbird::statsd {
namespace {

TEST(StatsdMetrics, TellsErrorsByReason) {
  AggregatorStats aggregator;
  aggregator.errors[static_cast<std::size_t>(Reason::kBadTag)].Add(3);
  ListenerStats listener;
  listener.kernel_drops.Add(7);
  double bad_tags = 0;
  double drops = 0;
  for (const auto& family : StatsdMetrics(aggregator, &listener).Collect()) {
    EXPECT_FALSE(family.help.empty()) << family.name;
    for (const auto& metric : family.metric) {
      if (family.name == "tickbird_statsd_errors_total" && metric.label.front().value == "bad_tag")
        bad_tags = metric.counter.value;
      if (family.name == "tickbird_statsd_kernel_drops_total") drops = metric.counter.value;
    }
  }
  EXPECT_EQ(bad_tags, 3);
  EXPECT_EQ(drops, 7);
}

}  // namespace
}  // namespace tickbird::statsd
