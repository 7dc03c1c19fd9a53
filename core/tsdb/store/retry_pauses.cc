#include "core/tsdb/store/retry_pauses.h"

#include <algorithm>

namespace tickbird::tsdb {
namespace {

constexpr DurationMs kFirst = kMinuteMs;
constexpr DurationMs kLongest = kHourMs;

}  // namespace

void RetryPauses::Failed(const std::string& what, TimestampMs now) {
  Pause& pause = pauses_[what];
  pause.length = std::clamp(2 * pause.length, kFirst, kLongest);
  pause.since = now;
}

void RetryPauses::Succeeded(std::string_view what) {
  if (const auto known = pauses_.find(what); known != pauses_.end()) pauses_.erase(known);
}

bool RetryPauses::MayTry(std::string_view what, TimestampMs now) const {
  const auto known = pauses_.find(what);
  // A clock that was set back must not make the pause longer.
  return known == pauses_.end() || now < known->second.since || now - known->second.since >= known->second.length;
}

}  // namespace tickbird::tsdb
