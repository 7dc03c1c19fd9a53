#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "agent/net/timers.h"
#include "core/base/clock.h"

namespace tickbird::app {

/// Calls back on the grid of an interval: at multiples of it, so that the timestamps of a series lie exactly one
/// interval apart (which also costs the store the fewest bits). I/O thread only.
///
/// The callback gets the grid's time, unless it comes so late that this would be a lie (more than a tenth of the
/// interval): then it gets the time it is. Ticks that were slept through are left out and counted.
class Ticker {
 public:
  using Callback = std::function<void(TimestampMs now)>;

  Ticker(net::Timers& timers, const Clock& clock, DurationMs interval, Callback callback)
      : timers_(timers), clock_(clock), interval_(interval), callback_(std::move(callback)) {}
  ~Ticker() { Stop(); }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  /// The first tick comes at once, not on the grid: a process that was just started has something to show.
  void Start();
  void Stop();

  TimestampMs last_tick() const { return last_tick_; }  ///< 0: none yet.
  std::uint64_t missed() const { return missed_; }

 private:
  void ScheduleNext();
  void Fire();

  net::Timers& timers_;
  const Clock& clock_;
  const DurationMs interval_;
  const Callback callback_;
  net::Timers::Id timer_ = 0;
  TimestampMs next_ = 0;
  TimestampMs last_tick_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace tickbird::app
