#include "agent/health/check_state.h"

#include <algorithm>
#include <utility>

namespace tickbird::health {
namespace {

// The client enforces the timeout; this is the net below it.
constexpr DurationMs kGrace = 2 * kSecondMs;

}  // namespace

bool RiseAndFall::Note(bool ok) {
  const CheckStatus said = ok ? CheckStatus::kUp : CheckStatus::kDown;
  if (said == status_) {
    against_ = 0;
    return false;
  }
  ++against_;
  if (status_ != CheckStatus::kUnknown && against_ < (ok ? rise_ : fall_)) return false;
  status_ = said;
  against_ = 0;
  return true;
}

CheckSchedule::CheckSchedule(DurationMs interval, DurationMs timeout)
    : interval_(std::max<DurationMs>(interval, 1)), timeout_(std::max<DurationMs>(timeout, 1)) {}

TimestampMs CheckSchedule::NextDue() const {
  return run_ != 0 ? give_up_at_ : next_start_;
}

std::uint64_t CheckSchedule::Start(TimestampMs now) {
  run_ = ++last_run_;
  next_start_ = now + interval_;
  give_up_at_ = now + timeout_ + kGrace;
  return run_;
}

bool CheckSchedule::Finish(std::uint64_t run, TimestampMs now) {
  if (run_ == 0 || run != run_) return false;
  run_ = 0;
  // After a clock that ran back the next run is no further away than usual.
  next_start_ = std::min(next_start_, now + interval_);
  return true;
}

}  // namespace tickbird::health
