#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace tickbird::notify {

/// Exponential delays with jitter that is a function of the inputs: reproducible in tests, spread in practice.
struct Backoff {
  DurationMs first = kSecondMs;
  DurationMs max = kMinuteMs;
  std::uint64_t seed = 0;

  /// The pause after the `failures`-th failure in a row (from 1): between a half and the whole of first * 2^(failures -
  /// 1), where the whole is at most `max`. `what` tells apart those that failed together.
  DurationMs Delay(int failures, std::uint64_t what) const;
};

}  // namespace tickbird::notify
