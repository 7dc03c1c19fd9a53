#pragma once

#include <functional>
#include <vector>

#include "agent/net/router.h"
#include "agent/net/worker_pool.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tsdb/rollup/rollup_select.h"

namespace tickbird::api {

struct RollupApi {
  /// Thread safe; called on the worker pool.
  std::function<Result<std::vector<tsdb::RollupSeries>>(const tsdb::RollupSelection&)> select;
  net::WorkerPool& workers;
  const Clock& clock;
  std::size_t max_points = 1'000'000;  ///< Of one answer.
};

/// `/api/tickbird/v1/rollup` by GET and form POST: minima, maxima, sums and counts of series (`match[]`, at least one)
/// with start < t <= end, by `resolution` (1m or 1h). docs/http.md describes the answer. 400 for bad parameters, 422
/// when the answer is too large, 503 when too many requests wait.
void AddRollupRoutes(net::Router& router, RollupApi& api);

}  // namespace tickbird::api
