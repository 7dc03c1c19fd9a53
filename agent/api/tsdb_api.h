#pragma once

#include "agent/net/router.h"
#include "agent/net/worker_pool.h"
#include "core/base/clock.h"
#include "core/tsdb/store/store.h"

namespace tickbird::api {

struct TsdbApi {
  tsdb::Store& store;
  net::WorkerPool& workers;
  const Clock& clock;
};

/// The store's own pages, in Prometheus' shape. Source: prometheus/prometheus web/api/v1/api.go (serveTSDBStatus,
/// deleteSeries, cleanTombstones, snapshot).
///
/// `GET /api/v1/status/tsdb` (`limit`, 1 to 10000, default 10): what makes series many; and what Prometheus has not:
/// `memory`, `seriesBySource`, `blocks`.
/// `POST|PUT /api/v1/admin/tsdb/delete_series` (`match[]`, `start`, `end`): 204. `.../clean_tombstones`: 204.
/// `.../snapshot` (`skip_head`): the name. These three only from this machine.
///
/// All of it runs on the worker pool.
void AddTsdbRoutes(net::Router& router, TsdbApi& api);

}  // namespace tickbird::api
