#pragma once

#include "agent/net/router.h"
#include "agent/net/timers.h"
#include "agent/net/worker_pool.h"
#include "core/base/clock.h"
#include "core/model/queryable.h"
#include "rules/promql/engine.h"

namespace tickbird::api {

/// What the query paths need; all of it outlives the router.
struct QueryApi {
  const Queryable& data;
  net::WorkerPool& workers;
  net::Timers& timers;
  const Clock& clock;
  promql::QueryOptions options;
  DurationMs timeout = 30 * kSecondMs;  ///< Also the most that a `timeout` parameter can ask for.
};

/// `/api/v1/query` and `/api/v1/query_range` by GET and form POST, as Prometheus answers them. Evaluated on the worker
/// pool: 503 when its queue is full or the time is up, 422 for what cannot be evaluated, 400 for what cannot be parsed.
void AddQueryRoutes(net::Router& router, QueryApi& api);

}  // namespace tickbird::api
