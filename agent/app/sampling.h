#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/ticker.h"
#include "agent/net/timers.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/model/appender.h"

namespace tickbird::app {

/// The heart: once an interval it asks every source for its samples and commits them as one batch, so that what belongs
/// together has one timestamp and rules see all of it or none. I/O thread only.
class Sampling {
 public:
  using Source = std::function<void(TimestampMs now, Appender& appender)>;

  /// `store` outlives this.
  Sampling(net::Timers& timers, const Clock& clock, Appendable& store, DurationMs interval);

  /// Before Start. `name`: what the store counts its series under (Appender::SetSource). `every`: at most so often; 0
  /// for each tick. A source that has lost its time is asked at the next tick.
  void AddSource(std::string name, DurationMs every, Source source);
  /// Called after the batch of a tick is committed and the rules know of it.
  void SetAfterTick(std::function<void(TimestampMs now)> after_tick) { after_tick_ = std::move(after_tick); }

  void Start() { ticker_.Start(); }
  void Stop() { ticker_.Stop(); }

  TimestampMs last_tick() const { return ticker_.last_tick(); }
  std::uint64_t missed_ticks() const { return ticker_.missed(); }
  /// Time spent in sources and commits since the start.
  std::int64_t busy_ns() const { return busy_ns_; }

 private:
  struct Entry {
    std::string name;
    DurationMs every;
    Source source;
    std::optional<TimestampMs> last;
  };
  void Tick(TimestampMs now);

  const Clock& clock_;
  Appendable& store_;
  std::vector<Entry> sources_;
  std::function<void(TimestampMs)> after_tick_;
  std::int64_t busy_ns_ = 0;
  log::RateLimit commit_errors_;
  Ticker ticker_;
};

}  // namespace tickbird::app
