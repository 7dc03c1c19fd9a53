#pragma once

#include <cstdint>

namespace tickbird {

/// Milliseconds since the Unix epoch, UTC: the time of samples, rules and messages.
using TimestampMs = std::int64_t;
/// A length of time in milliseconds.
using DurationMs = std::int64_t;

inline constexpr DurationMs kSecondMs = 1000;
inline constexpr DurationMs kMinuteMs = 60 * kSecondMs;
inline constexpr DurationMs kHourMs = 60 * kMinuteMs;
inline constexpr DurationMs kDayMs = 24 * kHourMs;

/// Where drivers at the edge take the time from. Logic never sees a Clock: it is handed `now`.
/// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimestampMs Now() const = 0;
  /// Nanoseconds from an arbitrary start that never jump: for durations only.
  virtual std::int64_t MonotonicNs() const = 0;
};

/// The operating system's clock.
class SystemClock final : public Clock {
 public:
  TimestampMs Now() const override;
  std::int64_t MonotonicNs() const override;
};

/// A clock that stands still until it is told otherwise. Not thread safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimestampMs now = 0) : now_(now) {}
  TimestampMs Now() const override { return now_; }
  std::int64_t MonotonicNs() const override { return now_ * 1'000'000; }
  void Set(TimestampMs now) { now_ = now; }
  void Advance(DurationMs by) { now_ += by; }

 private:
  TimestampMs now_;
};

}  // namespace tickbird
