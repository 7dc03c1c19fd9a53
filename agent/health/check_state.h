#pragma once

#include <cstdint>
#include <string>

#include "agent/health/check.h"
#include "core/base/clock.h"

namespace tickbird::health {

enum class CheckStatus {
  kUnknown,  ///< No result yet.
  kUp,
  kDown,
};

/// Up or down with hysteresis: the first result decides at once; after that it takes `rise` successes or `fall`
/// failures in a row to change sides. Pure.
class RiseAndFall {
 public:
  RiseAndFall(int rise, int fall) : rise_(rise), fall_(fall) {}

  /// True when the status changed.
  bool Note(bool ok);
  CheckStatus status() const { return status_; }
  /// Results in a row that speak against the present status.
  int against() const { return against_; }

 private:
  int rise_;
  int fall_;
  int against_ = 0;
  CheckStatus status_ = CheckStatus::kUnknown;
};

/// When one check runs next: every `interval` from start to start, never twice at once, the first time at once. A run
/// whose end nobody reports is given up some time after its timeout, so that a lost callback cannot stop a check for
/// good. Pure.
class CheckSchedule {
 public:
  CheckSchedule(DurationMs interval, DurationMs timeout);

  /// When to look again: to start a run, or to give one up.
  TimestampMs NextDue() const;
  bool DueToStart(TimestampMs now) const { return run_ == 0 && now >= next_start_; }
  bool DueToGiveUp(TimestampMs now) const { return run_ != 0 && now >= give_up_at_; }

  /// The number of the run that starts.
  std::uint64_t Start(TimestampMs now);
  /// False for a run that was given up or finished before: its result comes too late.
  bool Finish(std::uint64_t run, TimestampMs now);
  std::uint64_t running() const { return run_; }

 private:
  DurationMs interval_;
  DurationMs timeout_;
  TimestampMs next_start_ = 0;
  TimestampMs give_up_at_ = 0;
  std::uint64_t run_ = 0;  // 0: none
  std::uint64_t last_run_ = 0;
};

}  // namespace tickbird::health
