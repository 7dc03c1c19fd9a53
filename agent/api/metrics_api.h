#pragma once

#include <functional>
#include <vector>

#include <prometheus/metric_family.h>

#include "agent/net/router.h"
#include "agent/net/worker_pool.h"
#include "core/base/clock.h"
#include "core/model/queryable.h"
#include "exporters/metrics_page/metrics_page.h"

namespace tickbird::api {

struct MetricsApi {
  const Queryable& data;
  net::WorkerPool& workers;
  const Clock& clock;
  exporters::PageOptions options;
  /// Tickbird's own metrics; called on the I/O thread.
  std::function<std::vector<prometheus::MetricFamily>()> own;
};

/// `/metrics`: what is sampled here and our own metrics, as text 0.0.4 or OpenMetrics 1.0 as the Accept header asks.
void AddMetricsRoutes(net::Router& router, MetricsApi& api);

}  // namespace tickbird::api
