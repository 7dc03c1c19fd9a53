#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/alert_event.h"
#include "rules/eval/alert_state.h"
#include "rules/eval/rule.h"

/// What the APIs show of the rules. Copies: they stay as they were when taken.
namespace tickbird::rules {

/// Prometheus' three words.
enum class AlertStatus { kInactive, kPending, kFiring };
/// "inactive", "pending", "firing".
std::string_view AlertStatusName(AlertStatus status);

/// "unknown" until the first evaluation.
enum class RuleHealth { kUnknown, kOk, kError };
/// "unknown", "ok", "err", as in Prometheus' API.
std::string_view RuleHealthName(RuleHealth health);

/// One pending or raised instance.
struct AlertView {
  AlertEvent alert;  ///< As ActiveAlerts::Find gives it; `level` is rank 0 while pending.
  AlertStatus status = AlertStatus::kInactive;
  AlertPhase phase = AlertPhase::kInactive;
  AlertLevel pending_level;      ///< The worst level whose hold is under way; rank 0 for none.
  TimestampMs active_since = 0;  ///< Pending or raised since; Prometheus' activeAt.
  TimestampMs last_seen = 0;     ///< When the value was measured last.
};

struct AlertCounts {
  std::size_t pending = 0;
  std::size_t firing = 0;
};

struct RuleView {
  std::string name;                          ///< Of the alert, or the metric that is recorded.
  std::string expression;                    ///< Canonical PromQL.
  std::shared_ptr<const AlertRule> alert;    ///< Null for a record rule.
  std::shared_ptr<const RecordRule> record;  ///< Null for an alert.
  DurationMs every = 0;
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  TimestampMs last_evaluation = 0;  ///< 0: never.
  std::int64_t evaluation_ns = 0;   ///< How long the last one took.
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  AlertStatus status = AlertStatus::kInactive;  ///< The worst of its instances.
  AlertLevel level;                             ///< The worst raised level; rank 0 for none.
  std::vector<AlertView> alerts;
};

/// The rules of one file, in its order.
struct GroupView {
  std::string name;
  std::string file;
  DurationMs interval = 0;          ///< The shortest `every`.
  TimestampMs last_evaluation = 0;  ///< The latest of its rules.
  std::int64_t evaluation_ns = 0;   ///< Sum over its rules.
  std::vector<RuleView> rules;
};

/// Totals since the start, for the agent's own metrics.
struct EngineStats {
  std::size_t rules = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::uint64_t missed = 0;  ///< Evaluations left out because the driver came too late.
  std::int64_t evaluation_ns = 0;
  std::uint64_t refused_samples = 0;  ///< Outputs that the store did not take.
  std::uint64_t failed_commits = 0;   ///< Outputs that will not survive a restart.
  std::uint64_t events = 0;
  std::size_t pending = 0;
  std::size_t firing = 0;
  std::size_t broken = 0;  ///< Rules whose last evaluation failed.
};

}  // namespace tickbird::rules
