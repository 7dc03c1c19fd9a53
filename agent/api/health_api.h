#pragma once

#include <string>

#include "agent/health/checker.h"
#include "agent/health/components.h"
#include "agent/net/router.h"
#include "core/base/clock.h"

namespace tickbird::api {

struct HealthApi {
  const health::Components& components;
  const health::HealthChecker& checker;
  const Clock& clock;
  std::string release;
  std::string service_id;
};

/// `/health`, `/health/live`, `/health/ready` and the names under which Prometheus and Kubernetes ask for the same.
/// Answers come from what is known; no request makes a check run. Reasons are shown to callers on this machine.
void AddHealthRoutes(net::Router& router, HealthApi& api);

/// What the page shows of health: {"status", "checks": [{"name", "status", "critical", "output", "duration_ms"}]}.
std::string EncodeHealth(const HealthApi& api);

}  // namespace tickbird::api
