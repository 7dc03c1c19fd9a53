#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird::health {

enum class HealthStatus { kPass, kWarn, kFail };
/// "pass", "warn", "fail".
std::string_view HealthStatusName(HealthStatus status);

/// A loop that must keep turning: "sampling", "rules". Thread safe.
class Heartbeat {
 public:
  Heartbeat(std::string name, DurationMs max_age, TimestampMs now)
      : name_(std::move(name)), max_age_(max_age), last_(now) {}

  void Beat(TimestampMs now) { last_.store(now, std::memory_order_relaxed); }

  const std::string& name() const { return name_; }
  DurationMs max_age() const { return max_age_.load(std::memory_order_relaxed); }
  /// After a reload that changed the loop's interval.
  void SetMaxAge(DurationMs max_age) { max_age_.store(max_age, std::memory_order_relaxed); }
  TimestampMs last() const { return last_.load(std::memory_order_relaxed); }

 private:
  std::string name_;
  std::atomic<DurationMs> max_age_;
  std::atomic<TimestampMs> last_;
};

/// A part of the agent that says itself how it is: "wal", "outbox". On the I/O thread.
class Component {
 public:
  explicit Component(std::string name) : name_(std::move(name)) {}

  /// `output` says what is wrong; empty for kPass.
  void Set(HealthStatus status, std::string output, TimestampMs now) {
    status_ = status;
    output_ = std::move(output);
    at_ = now;
  }

  const std::string& name() const { return name_; }
  HealthStatus status() const { return status_; }
  const std::string& output() const { return output_; }
  TimestampMs at() const { return at_; }

 private:
  std::string name_;
  HealthStatus status_ = HealthStatus::kPass;
  std::string output_;
  TimestampMs at_ = 0;
};

enum class AgentPhase {
  kStarting,  ///< Replaying, not listening yet.
  kReady,
  kDraining,  ///< Was told to stop.
};

/// What the agent is made of, for its own health. Parts are added at the start and live as long as this; references
/// stay valid.
class Components {
 public:
  /// Counts as beating at `now`. Older than `max_age`: the agent is not live.
  Heartbeat& AddHeartbeat(std::string name, DurationMs max_age, TimestampMs now) {
    return heartbeats_.emplace_back(std::move(name), max_age, now);
  }
  Component& AddComponent(std::string name) { return components_.emplace_back(std::move(name)); }
  void SetPhase(AgentPhase phase) { phase_ = phase; }

  const std::deque<Heartbeat>& heartbeats() const { return heartbeats_; }
  const std::deque<Component>& components() const { return components_; }
  AgentPhase phase() const { return phase_; }

 private:
  std::deque<Heartbeat> heartbeats_;
  std::deque<Component> components_;
  AgentPhase phase_ = AgentPhase::kStarting;
};

}  // namespace tickbird::health
