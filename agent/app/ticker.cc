#include "agent/app/ticker.h"

namespace tickbird::app {

void Ticker::Start() {
  next_ = clock_.Now();
  timer_ = timers_.Schedule(next_, [this] { Fire(); });
}

void Ticker::Stop() {
  if (timer_ != 0) timers_.Cancel(timer_);
  timer_ = 0;
}

void Ticker::Fire() {
  const TimestampMs now = clock_.Now();
  const bool late = now - next_ > interval_ / 10 || now < next_;
  last_tick_ = late ? now : next_;
  ScheduleNext();
  callback_(last_tick_);
}

void Ticker::ScheduleNext() {
  const TimestampMs now = clock_.Now();
  const TimestampMs on_time = (next_ / interval_ + 1) * interval_;
  next_ = (now / interval_ + 1) * interval_;
  // A clock that was set forward has skipped ticks as surely as a machine that slept.
  if (next_ > on_time) missed_ += static_cast<std::uint64_t>((next_ - on_time) / interval_);
  timer_ = timers_.Schedule(next_, [this] { Fire(); });
}

}  // namespace tickbird::app
