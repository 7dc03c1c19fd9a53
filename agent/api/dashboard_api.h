#pragma once

#include <string>
#include <vector>

#include "agent/api/alerts_api.h"
#include "agent/api/health_api.h"
#include "agent/net/event_hub.h"
#include "agent/net/router.h"
#include "agent/net/worker_pool.h"
#include "core/base/clock.h"
#include "core/model/queryable.h"
#include "rules/promql/fwd.h"

namespace tickbird::api {

/// What the page tells of the agent.
struct AgentIdentity {
  std::string host;
  std::string version;
  DurationMs interval = kSecondMs;  ///< Of the ticks.
};

/// The page and the one stream that feeds it; dashboards/web/README.md is the contract of the stream.
///
/// A page that connects gets a snapshot (the last five minutes, worked out on the worker pool) and then one small event
/// a second. With nobody looking, a tick costs nothing. I/O thread only.
class DashboardApi {
 public:
  /// All outlive this, and this outlives the server.
  DashboardApi(net::EventHub& hub, const Queryable& data, net::WorkerPool& workers, const AlertsApi& alerts,
               const HealthApi& health, const Clock& clock, AgentIdentity identity);

  void AddRoutes(net::Router& router);

  /// After each batch of samples.
  void Tick(TimestampMs now);
  /// Some alert was raised, cleared or acknowledged: told with the next tick.
  void AlertsChanged() { alerts_changed_ = true; }

 private:
  struct Tile {
    std::string name;
    promql::ExprPtr expr;
    bool drawn;
  };
  void Greet(const net::Greeting& greeting) const;
  std::string SnapshotHead(TimestampMs now) const;
  std::string EncodeTick(TimestampMs now) const;

  net::EventHub& hub_;
  const Queryable& data_;
  net::WorkerPool& workers_;
  const AlertsApi& alerts_;
  const HealthApi& health_;
  const Clock& clock_;
  const AgentIdentity identity_;
  std::vector<Tile> tiles_;
  bool alerts_changed_ = false;
  TimestampMs last_tick_ = 0;
  TimestampMs last_health_ = 0;
};

}  // namespace tickbird::api
