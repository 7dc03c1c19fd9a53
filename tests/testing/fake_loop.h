#pragma once

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "core/base/clock.h"

namespace tickbird::testing {

/// An I/O thread in virtual time: posted functions and timers run when the test says so.
class FakeLoop {
 public:
  explicit FakeLoop(TimestampMs now) : clock(now) {}

  void Post(std::function<void()> fn) { posted_.push_back(std::move(fn)); }
  void Schedule(TimestampMs deadline, std::function<void()> fn) { timers_.emplace(deadline, std::move(fn)); }

  /// Runs the oldest posted function.
  void RunOne() {
    const std::function<void()> fn = std::move(posted_.front());
    posted_.pop_front();
    fn();
  }
  /// Runs what is posted, and what that posts.
  void RunPosted() {
    while (!posted_.empty()) RunOne();
  }
  /// Time goes on to `until`; timers fire in order, each at its deadline.
  void RunTo(TimestampMs until) {
    RunPosted();
    while (!timers_.empty() && timers_.begin()->first <= until) {
      auto timer = timers_.extract(timers_.begin());
      if (timer.key() > clock.Now()) clock.Set(timer.key());
      timer.mapped()();
      RunPosted();
    }
    clock.Set(until);
  }
  void Run(DurationMs by) { RunTo(clock.Now() + by); }
  /// What a kill -9 does to everything that was to come.
  void Forget() {
    posted_.clear();
    timers_.clear();
  }
  std::size_t timers() const { return timers_.size(); }

  FakeClock clock;

 private:
  std::deque<std::function<void()>> posted_;
  std::multimap<TimestampMs, std::function<void()>> timers_;
};

}  // namespace tickbird::testing
