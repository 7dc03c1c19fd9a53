#include "agent/net/timers.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <unordered_map>
#include <utility>

namespace tickbird::net {
namespace {
using SteadyTime = std::chrono::steady_clock::time_point;
}

/// Lives as long as a wait is in flight, so that LoopTimers may be destroyed while the loop still runs.
struct LoopTimers::State : std::enable_shared_from_this<LoopTimers::State> {
  explicit State(IoLoop& loop) : timer(loop.context()) {}

  void Arm() {
    if (waiting.empty()) {
      timer.cancel();
      armed_for = SteadyTime::max();
      return;
    }
    const SteadyTime first = waiting.begin()->first.first;
    if (first == armed_for) return;
    armed_for = first;
    timer.expires_at(first);
    timer.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      const std::shared_ptr<State> state = self.lock();
      if (!error && state != nullptr) state->Fire();
    });
  }

  void Fire() {
    armed_for = SteadyTime::max();
    const SteadyTime now = std::chrono::steady_clock::now();
    // What callbacks schedule now is due in the next round, so that a callback that reschedules itself starves nobody.
    const std::uint64_t last_id = next_id;
    while (!waiting.empty() && waiting.begin()->first.first <= now && waiting.begin()->first.second < last_id) {
      auto node = waiting.extract(waiting.begin());
      due_by_id.erase(node.key().second);
      // Armed before the call: a callback that throws must not stop the others.
      Arm();
      node.mapped()();
    }
    Arm();
  }

  using Key = std::pair<SteadyTime, Id>;
  boost::asio::steady_timer timer;
  SteadyTime armed_for = SteadyTime::max();
  Id next_id = 1;
  std::map<Key, std::function<void()>> waiting;
  std::unordered_map<Id, SteadyTime> due_by_id;
};

LoopTimers::LoopTimers(IoLoop& loop, const Clock& clock) : clock_(clock), state_(std::make_shared<State>(loop)) {}

LoopTimers::~LoopTimers() {
  state_->waiting.clear();
  state_->timer.cancel();
}

Timers::Id LoopTimers::Schedule(TimestampMs deadline, std::function<void()> callback) {
  const DurationMs delay = std::max<DurationMs>(0, deadline - clock_.Now());
  const SteadyTime due = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay);
  const Id id = state_->next_id++;
  state_->waiting.emplace(State::Key{due, id}, std::move(callback));
  state_->due_by_id.emplace(id, due);
  state_->Arm();
  return id;
}

bool LoopTimers::Cancel(Id id) {
  const auto found = state_->due_by_id.find(id);
  if (found == state_->due_by_id.end()) return false;
  state_->waiting.erase({found->second, id});
  state_->due_by_id.erase(found);
  state_->Arm();
  return true;
}

Timers::Id FakeTimers::Schedule(TimestampMs deadline, std::function<void()> callback) {
  const Id id = next_id_++;
  waiting_.emplace(deadline, Entry{id, std::move(callback)});
  return id;
}

bool FakeTimers::Cancel(Id id) {
  return std::erase_if(waiting_, [id](const auto& item) { return item.second.id == id; }) > 0;
}

void FakeTimers::AdvanceTo(TimestampMs now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    auto node = waiting_.extract(waiting_.begin());
    clock_.Set(std::max(clock_.Now(), node.key()));
    node.mapped().callback();
  }
  clock_.Set(std::max(clock_.Now(), now));
}

}  // namespace tickbird::net
