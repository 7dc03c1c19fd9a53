#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "agent/net/io_loop.h"
#include "core/base/clock.h"

namespace tickbird::net {

/// Calls back at a point in time, on the I/O thread. Everything here is for the I/O thread only.
///
/// A deadline is wall-clock time and is turned into a delay when it is scheduled: a step of the clock afterwards moves
/// no timer that is set, so a clock set back by an hour cannot stop sampling for an hour. The callback never comes
/// before its deadline by the scheduling clock, and never inside Schedule.
class Timers {
 public:
  using Id = std::uint64_t;
  virtual ~Timers() = default;
  /// A deadline in the past is due at once. Equal deadlines run in the order of scheduling.
  virtual Id Schedule(TimestampMs deadline, std::function<void()> callback) = 0;
  /// The callback will not run, and is destroyed. False when it has run or the id is unknown.
  virtual bool Cancel(Id id) = 0;
};

/// Timers on the loop: one operating-system timer, however many deadlines there are.
class LoopTimers final : public Timers {
 public:
  LoopTimers(IoLoop& loop, const Clock& clock);
  ~LoopTimers() override;
  Id Schedule(TimestampMs deadline, std::function<void()> callback) override;
  bool Cancel(Id id) override;

 private:
  struct State;
  const Clock& clock_;
  std::shared_ptr<State> state_;
};

/// For tests: nothing happens until AdvanceTo, which moves `clock` from deadline to deadline.
class FakeTimers final : public Timers {
 public:
  explicit FakeTimers(FakeClock& clock) : clock_(clock) {}
  Id Schedule(TimestampMs deadline, std::function<void()> callback) override;
  bool Cancel(Id id) override;
  /// Runs all that is due up to `now`, also what the callbacks schedule, each at its own time.
  void AdvanceTo(TimestampMs now);
  std::size_t pending() const { return waiting_.size(); }

 private:
  struct Entry {
    Id id;
    std::function<void()> callback;
  };
  FakeClock& clock_;
  Id next_id_ = 1;
  std::multimap<TimestampMs, Entry> waiting_;
};

}  // namespace tickbird::net
