#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "agent/app/sampling.h"
#include "agent/net/curl_egress.h"
#include "agent/net/event_hub.h"
#include "agent/net/http_server.h"
#include "agent/net/worker_pool.h"
#include "agent/samplers/host_sampler.h"
#include "core/tsdb/store/store.h"
#include "notifiers/notifier.h"
#include "rules/eval/engine.h"

namespace tickbird::app {

/// How reloading went.
struct ReloadStats {
  bool last_successful = true;
  TimestampMs last_success = 0;  ///< The start counts.
  std::uint64_t failures = 0;
};

/// The parts that are asked; all live on the I/O thread or answer from any.
struct SelfMetricSources {
  const tsdb::Store& store;
  std::size_t series_limit;
  const rules::RuleEngine& engine;
  const notify::Notifier& notifier;
  const net::HttpServer& http;
  const net::EventHub& dashboard;
  const net::WorkerPool& workers;
  const net::CurlEgress& egress;
  const Sampling& sampling;
  const samplers::HostSampler& sampler;
  const ReloadStats& reload;
};

/// Tickbird's own metrics, `tickbird_*`, in the form of the client library; docs/metrics.md lists them.
std::vector<prometheus::MetricFamily> CollectSelfMetrics(const SelfMetricSources& sources);

}  // namespace tickbird::app
