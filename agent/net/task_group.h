#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace tickbird::net {

/// Counts what is under way, so that a stop can wait for it: a door that can be shut. I/O thread only.
///
///   auto token = group.Enter();         // hold it while the task runs; it is empty when the door is shut
///   group.Close([] { ... });            // nobody enters any more; called once the last token is gone
class TaskGroup {
 public:
  using Token = std::shared_ptr<void>;

  TaskGroup() : state_(std::make_shared<State>()) {}

  /// A token, or nullptr after Close.
  Token Enter() {
    if (state_->closed) return nullptr;
    ++state_->count;
    return Token(state_.get(), [state = state_](void*) { state->Leave(); });
  }

  /// `drained` runs exactly once: at once when nobody is inside. REQUIRES: not closed before.
  void Close(std::function<void()> drained) {
    state_->closed = true;
    state_->drained = std::move(drained);
    state_->CallIfDrained();
  }

  std::size_t count() const { return state_->count; }
  bool closed() const { return state_->closed; }

 private:
  struct State {
    void Leave() {
      --count;
      CallIfDrained();
    }
    void CallIfDrained() {
      if (!closed || count > 0) return;
      if (const auto call = std::exchange(drained, nullptr)) call();
    }
    std::size_t count = 0;
    bool closed = false;
    std::function<void()> drained;
  };
  std::shared_ptr<State> state_;
};

}  // namespace tickbird::net
