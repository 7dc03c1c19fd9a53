#pragma once

#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "agent/ingest/statsd/statsd_stats.h"

namespace tickbird::statsd {

/// The intake's own metrics, tickbird_statsd_*, for whoever gathers Tickbird's. Reads the statistics at each Collect(),
/// on any thread; both must outlive it. `listener` may be null.
class StatsdMetrics final : public prometheus::Collectable {
 public:
  StatsdMetrics(const AggregatorStats& aggregator, const ListenerStats* listener)
      : aggregator_(aggregator), listener_(listener) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const AggregatorStats& aggregator_;
  const ListenerStats* listener_;
};

}  // namespace tickbird::statsd
