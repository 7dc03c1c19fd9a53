#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "core/model/alert_event.h"
#include "rules/eval/rule.h"

/// The life of one alert instance as a function of (rule, state, observation): no clock, no I/O, no expressions. A
/// backtest, a test script and the live engine run this same code. The words are those of the rule language's semantics
/// (docs, "rules").
namespace tickbird::rules {

/// `N of M` looks back this many evaluations at most; the engine refuses to run a rule that asks for more.
inline constexpr int kMaxHoldEvaluations = 64;

/// How long an instance without data is remembered, unless the rule's own `nodata ... after` is longer.
inline constexpr DurationMs kInstanceMemory = kHourMs;

enum class AlertPhase {
  kInactive,
  kPending,   ///< A raise condition is true, or partly so in its `N of M`, and has not held long enough.
  kRaised,    ///< At AlertState::level; also when missing data raised it.
  kClearing,  ///< Raised, and every raised level's clear condition is on its way through its hold.
  kNoData,    ///< Missing for as long as `nodata` says. What it was is frozen: level.rank > 0 means it is still raised.
};

/// How far a condition has come on the way to its hold.
struct HoldProgress {
  static constexpr TimestampMs kNever = std::numeric_limits<TimestampMs>::min();
  TimestampMs since = kNever;  ///< Since when the condition has been true at every evaluation.
  std::uint64_t window = 0;    ///< Outcomes of the evaluations that counted, the newest in bit 0.
  friend bool operator==(const HoldProgress&, const HoldProgress&) = default;
};

/// One raise clause is a latch: set when its condition has held, reset when its clear condition has held.
struct ClauseState {
  bool raised = false;
  HoldProgress raise;
  HoldProgress clear;
};

struct AlertState {
  AlertPhase phase = AlertPhase::kInactive;
  AlertLevel level;                  ///< The worst raised one; rank 0: not raised.
  bool no_data = false;              ///< Raised because the series went away.
  double value = 0;                  ///< The last one measured.
  TimestampMs last_seen = 0;         ///< When it was measured.
  TimestampMs active_since = 0;      ///< When it became pending or raised; 0 when it is neither.
  TimestampMs raised_since = 0;      ///< When the incident began; kept after it ended.
  bool was_absent = false;           ///< At the last evaluation.
  std::vector<ClauseState> clauses;  ///< As AlertRule::raises.
};

/// What one raise clause's two conditions say now. `clear` matters only when the rule gives a clear condition.
struct ClauseTruth {
  bool raise = false;
  bool clear = false;
};

struct Observation {
  TimestampMs now = 0;
  /// Empty: the instance is not in the result (or its value says nothing, see NanIsNoData).
  std::optional<double> value;
  /// As AlertRule::raises; read only when there is a value.
  std::span<const ClauseTruth> truths;
  /// New samples were read. Otherwise the evaluation only lets time pass, and `N of M` does not count it.
  bool counts = true;
};

struct Transition {
  AlertEvent::Kind kind = AlertEvent::Kind::kRaised;
  AlertLevel previous;
  AlertLevel level;  ///< kCleared: the one it had.
  bool no_data = false;
};

/// Moves `state` on to `observation.now` and says what people may hear of it.
///
/// - A level is raised when its condition has held; at once when a worse level is raised already, so that a fall from
/// the worse
///   one lands on the milder one instead of clearing and raising anew.
/// - A raised level stays until its clear condition has held. A raise condition that is true outdoes a clear condition
/// that is
///   true as well. The default clear condition of `for 2m` is that the condition is false now, that of `N of M` that
///   fewer than N of the last M were true.
/// - Without data all holds stand still; they go on where they were when the data return. After `nodata ... after`:
/// `keep` leaves
///   everything as it is until the instance has been gone for an hour, and then clears; `clear` clears; `raise` raises
///   its level, or the level of the values if that is worse, until data return.
/// - A clock that runs backwards restarts holds that lie in the future; nothing waits for the old time to come again.
std::optional<Transition> Advance(const AlertRule& rule, AlertState& state, const Observation& observation);

/// True when nothing is lost by dropping the state: inactive, and neither seen in this evaluation nor waiting for
/// missing data to raise.
bool Forgettable(const AlertRule& rule, const AlertState& state, TimestampMs now);

/// The worst level whose hold is under way; rank 0 when there is none.
AlertLevel PendingLevel(const AlertRule& rule, const AlertState& state);

/// A state as if `level` had been raised at `since` (after a restart). When the rule has no such level any more, the
/// worst one that is not worse than it, else the mildest. `now` counts as the last time it was seen.
AlertState RaisedState(const AlertRule& rule, const AlertEvent& event, TimestampMs now);

/// Moves a state to a changed list of raise clauses; a clause keeps its progress when a clause of the same level was
/// there.
void Rebind(const AlertRule& before, const AlertRule& after, AlertState& state);

}  // namespace tickbird::rules
