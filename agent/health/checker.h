#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/health/check.h"
#include "agent/health/check_state.h"
#include "core/base/clock.h"
#include "core/base/http_client.h"
#include "core/model/appender.h"

namespace tickbird::health {

/// Connects to host:port, closes, and calls back exactly once, on the I/O thread: success, kTimeout or kUnavailable.
using TcpProbe = std::function<void(const TcpCheck&, DurationMs timeout, std::function<void(Status)>)>;

/// What is known of one check.
struct CheckReport {
  std::string name;
  bool critical = false;
  CheckStatus status = CheckStatus::kUnknown;
  std::string reason;           ///< Of the last run that failed, while it counts against the check; else empty.
  double duration_seconds = 0;  ///< Of the last run.
  TimestampMs checked_at = 0;   ///< When the last run ended; 0: never.
  TimestampMs changed_at = 0;   ///< When the status changed last.
};

/// Runs the checks in the background, each at its own interval; whoever asks for health gets what is known. Writes, at
/// the end of each run, tickbird_health_check_up{check, critical} (1 or 0, after rise and fall) and
/// tickbird_health_check_duration_seconds{check}.
///
/// It has no timer: the driver calls RunDue at NextDue(). All calls and callbacks on the I/O thread; callbacks that
/// come after the checker is gone are ignored. As many entries as the configuration has checks.
class HealthChecker {
 public:
  /// The client, the store and the clock outlive the checker and every callback.
  HealthChecker(HttpClient& http, TcpProbe tcp, Appendable& out, const Clock& clock);
  ~HealthChecker();
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  /// Sets the checks, also on a reload. A check of the same name and target keeps its status; the series of checks that
  /// are gone end.
  void Replace(std::vector<CheckSpec> checks);

  std::optional<TimestampMs> NextDue() const;
  void RunDue(TimestampMs now);

  std::vector<CheckReport> Reports() const;

 private:
  class State;
  std::shared_ptr<State> state_;  // callbacks hold it weakly
};

}  // namespace tickbird::health
