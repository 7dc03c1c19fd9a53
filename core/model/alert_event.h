#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/model/labels.h"

namespace tickbird {

/// How bad: a name for people and a rank for comparisons (1 is the mildest; 0 means "no level").
struct AlertLevel {
  std::string name;
  int rank = 0;
  friend bool operator==(const AlertLevel&, const AlertLevel&) = default;
};

/// Who is told: a receiver by name, with its arguments (`pagerduty("lead")`), from a level's rank on.
struct NotifyTarget {
  std::string receiver;
  std::vector<std::string> arguments;
  int from_rank = 0;  ///< 0: every level.
  friend bool operator==(const NotifyTarget&, const NotifyTarget&) = default;
};

/// A clock that may grow: the first time `first`, then times `factor`, at most `max` (0: no maximum).
struct GrowingDelay {
  DurationMs first = 0;
  double factor = 1;
  DurationMs max = 0;
  friend bool operator==(const GrowingDelay&, const GrowingDelay&) = default;
};

struct EscalationStep {
  DurationMs after = 0;  ///< From the first raised notification of the incident.
  std::vector<NotifyTarget> targets;
  friend bool operator==(const EscalationStep&, const EscalationStep&) = default;
};

/// What a rule says about telling people. Compiled from notify, cooldown, repeat, escalate and ack clauses; the
/// pipeline obeys it.
struct NotifyPolicy {
  std::vector<NotifyTarget> notify;
  GrowingDelay cooldown;                   ///< first == 0: none.
  std::optional<GrowingDelay> repeat;      ///< Empty: never repeated.
  std::vector<EscalationStep> escalation;  ///< In order of `after`.
  int escalation_loops = 1;                ///< How often the steps run through; the period is the last step's `after`.
  std::optional<DurationMs> ack_expires;   ///< Empty: an acknowledgement holds until the alert clears.
  bool notify_level_down = false;
  friend bool operator==(const NotifyPolicy&, const NotifyPolicy&) = default;
};

/// A change of one alert instance, as the rule engine hands it on. Pending and clearing are not told: only what people
/// may hear of.
struct AlertEvent {
  enum class Kind {
    kRaised,     ///< From no level to `level`; starts an incident.
    kLevelUp,    ///< To a worse level.
    kLevelDown,  ///< To a milder level that is not "none".
    kCleared,    ///< Ends the incident; `level` is the one it had.
  };

  Kind kind = Kind::kRaised;
  /// Identity: Labels::Hash() of `labels`. The same alert has the same id over restarts, levels and values.
  std::uint64_t id = 0;
  std::string rule;  ///< Name of the alert; also the label "alertname" in `labels`.
  Labels labels;  ///< Result labels without __name__, the rule's own labels, alertname. Never the level or the value.
  AlertLevel level;
  AlertLevel previous;
  double value = 0;        ///< What the rule measured; the last known one when `no_data`.
  bool no_data = false;    ///< Raised because the series went away.
  TimestampMs at = 0;      ///< Of the sample that decided.
  TimestampMs since = 0;   ///< When this incident was raised (kCleared: was raised).
  std::string condition;   ///< As written: "> 85% for 2m".
  std::string expression;  ///< PromQL of the value, for links.
  std::string summary;     ///< The texts below are filled in: no braces left.
  std::string detail;
  std::string advice;
  std::string runbook;
  std::shared_ptr<const NotifyPolicy> policy;
};

/// Where the rule engine's events go; called on the thread that evaluates.
using AlertSink = std::function<void(const AlertEvent&)>;

/// The state of alerts now, for who sends a message later than the event (repeats, escalation, cooldown's end).
class ActiveAlerts {
 public:
  virtual ~ActiveAlerts() = default;
  /// The alert with the value and texts of this moment, if it is raised; kind is kRaised.
  virtual std::optional<AlertEvent> Find(std::uint64_t id) const = 0;
};

/// 16 hexadecimal digits, as ids and fingerprints are written in APIs.
std::string FormatAlertId(std::uint64_t id);
std::optional<std::uint64_t> ParseAlertId(std::string_view text);

}  // namespace tickbird
