#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/health/checker.h"
#include "agent/health/components.h"
#include "core/base/clock.h"

namespace tickbird::health {

/// One line of the health document.
struct HealthEntry {
  enum class Kind {
    kPhase,      ///< Starting or draining: the agent as a whole.
    kHeartbeat,  ///< The only kind that /health/live looks at.
    kComponent,
    kCheck,
  };
  std::string name;
  Kind kind = Kind::kComponent;
  HealthStatus status = HealthStatus::kPass;
  bool required = true;                    ///< /health/ready needs it.
  bool ready = true;                       ///< False: it keeps the agent from being ready.
  std::string output;                      ///< Empty when it passes.
  TimestampMs time = 0;                    ///< Of what is known; 0: never known.
  std::optional<double> observed_seconds;  ///< Age of a heartbeat, duration of a check.
};

struct HealthDocument {
  HealthStatus status = HealthStatus::kPass;  ///< The worst of the entries.
  TimestampMs time = 0;
  std::vector<HealthEntry> entries;  ///< Phase, heartbeats, components, checks.
};

/// Puts together what is known at `now`; asks nobody. A heartbeat that is too old, a component that says so and a
/// critical check that is down fail; another check that is down, and one without a result yet, warn. Starting and
/// draining warn too, and the agent is not ready then, nor before every critical check has passed once.
HealthDocument Evaluate(const Components& components, std::span<const CheckReport> checks, TimestampMs now);

}  // namespace tickbird::health
