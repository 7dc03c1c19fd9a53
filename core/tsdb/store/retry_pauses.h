#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird::tsdb {

/// When to try again what failed: after a minute, then after twice as long each time, up to an hour. Not thread safe.
class RetryPauses {
 public:
  void Failed(const std::string& what, TimestampMs now);
  void Succeeded(std::string_view what);
  /// What failed last time and did not succeed since.
  std::size_t size() const { return pauses_.size(); }
  bool MayTry(std::string_view what, TimestampMs now) const;

 private:
  struct Pause {
    DurationMs length = 0;
    TimestampMs since = 0;
  };
  std::map<std::string, Pause, std::less<>> pauses_;
};

}  // namespace tickbird::tsdb
