#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/clock.h"

namespace tickbird::net {

/// A deadline that is moved often and missed rarely: moving it later is a store, not a timer operation. When it passes,
/// `on_expiry` runs, as a rule to cancel the operation that took too long. I/O thread only; must not outlive its
/// owner's frame.
class Watchdog {
 public:
  template <class Executor>
  Watchdog(const Executor& executor, std::function<void()> on_expiry)
      : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}
  ~Watchdog() {
    state_->on_expiry = nullptr;
    state_->timer.cancel();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void Set(DurationMs timeout) {
    state_->expired = false;
    state_->deadline = Steady::now() + std::chrono::milliseconds(timeout);
    if (state_->deadline < state_->armed_for) Arm(state_);
  }
  void Clear() { state_->deadline = Time::max(); }
  /// True from the moment the deadline has passed until the next Set.
  bool expired() const { return state_->expired; }

 private:
  using Steady = std::chrono::steady_clock;
  using Time = Steady::time_point;
  struct State {
    template <class Executor>
    State(const Executor& executor, std::function<void()> callback) : timer(executor), on_expiry(std::move(callback)) {}
    boost::asio::steady_timer timer;
    std::function<void()> on_expiry;
    Time deadline = Time::max();
    Time armed_for = Time::max();
    bool expired = false;
  };

  static void Arm(const std::shared_ptr<State>& state) {
    state->armed_for = state->deadline;
    state->timer.expires_at(state->deadline);
    state->timer.async_wait([state](const boost::system::error_code& cancelled) {
      if (cancelled || state->on_expiry == nullptr) return;
      state->armed_for = Time::max();
      if (state->deadline > Steady::now()) {
        if (state->deadline != Time::max()) Arm(state);
        return;
      }
      state->expired = true;
      state->deadline = Time::max();
      state->on_expiry();
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace tickbird::net
