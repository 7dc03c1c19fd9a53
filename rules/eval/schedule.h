#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/clock.h"

namespace tickbird::rules {

/// When one rule is to be evaluated: as soon as samples that it reads were committed, at most every `every` on average;
/// and, when none come, now and then all the same, so that missing data, holds and time() are noticed. A value; no
/// clock.
class RuleSchedule {
 public:
  RuleSchedule() = default;
  explicit RuleSchedule(DurationMs every) : every_(std::max<DurationMs>(every, 1)) {}

  /// Samples that the rule reads were committed, the newest with the timestamp `at`.
  void Touch(TimestampMs at) {
    touched_once_ = !touched_ || (touched_once_ && at == touched_at_);
    touched_at_ = at;
    touched_ = true;
  }
  bool touched() const { return touched_; }

  /// A rule that was never evaluated is due at once.
  TimestampMs NextDue() const { return touched_ ? std::min(EarliestFresh(), Heartbeat()) : Heartbeat(); }
  bool Due(TimestampMs now) const { return now >= NextDue() || ClockWentBack(now); }

  /// How many evaluations were left out because nobody asked in time.
  DurationMs MissedBy(TimestampMs now) const {
    return last_ == kNever || now <= Heartbeat() ? 0 : (now - Heartbeat()) / HeartbeatPeriod();
  }

  /// The rule is evaluated at `now`. Returns true when this was for samples and not for time alone.
  bool Evaluated(TimestampMs now) {
    const bool fresh = std::exchange(touched_, false);
    if (ClockWentBack(now)) next_fresh_ = now;
    last_ = now;
    if (!fresh) return false;
    if (touched_once_) {
      // The samples come no faster than the rule wants them: it takes over their phase, so that after a start or a
      // reload between two ticks they do not wait for the rest of an interval each time.
      next_fresh_ = std::max(touched_at_ + every_, now + every_ / 2);
    } else {
      // A grid with some give: samples that come a little early do not wait, and the average stays.
      next_fresh_ = std::max(next_fresh_, now - every_ / kGive) + every_;
    }
    touched_once_ = false;
    return true;
  }

 private:
  static constexpr TimestampMs kNever = std::numeric_limits<TimestampMs>::min() / 2;
  static constexpr DurationMs kGive = 10;

  /// A quarter more than the interval, so that a sample that is a little late is not overtaken by the heartbeat.
  DurationMs HeartbeatPeriod() const { return std::max(every_, kSecondMs) * 5 / 4; }
  TimestampMs Heartbeat() const { return last_ == kNever ? kNever : last_ + HeartbeatPeriod(); }
  TimestampMs EarliestFresh() const { return next_fresh_ - every_ / kGive; }
  bool ClockWentBack(TimestampMs now) const { return now < last_; }

  DurationMs every_ = kSecondMs;
  TimestampMs last_ = kNever;        // evaluation for whatever reason
  TimestampMs next_fresh_ = kNever;  // the next for samples
  bool touched_ = true;
  bool touched_once_ = false;  // by one commit since the last evaluation for samples
  TimestampMs touched_at_ = 0;
};

}  // namespace tickbird::rules
