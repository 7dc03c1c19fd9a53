#include "agent/app/sampling.h"

#include <memory>
#include <utility>

namespace tickbird::app {

Sampling::Sampling(net::Timers& timers, const Clock& clock, Appendable& store, DurationMs interval)
    : clock_(clock), store_(store), ticker_(timers, clock, interval, [this](TimestampMs now) { Tick(now); }) {}

void Sampling::AddSource(std::string name, DurationMs every, Source source) {
  sources_.push_back({std::move(name), every, std::move(source)});
}

void Sampling::Tick(TimestampMs now) {
  const std::int64_t started = clock_.MonotonicNs();
  const std::unique_ptr<Appender> appender = store_.NewAppender();
  for (Entry& entry : sources_) {
    // A clock that was set back must not silence a source until the old time has come again.
    if (entry.last && now - *entry.last < entry.every && now >= *entry.last) continue;
    entry.last = now;
    appender->SetSource(entry.name);
    entry.source(now, *appender);
  }
  if (const Status committed = appender->Commit(); !committed && commit_errors_.Allow(clock_.MonotonicNs())) {
    log::Err("samples are kept in memory but cannot be logged; they will not survive a restart",
             {{"error", committed.error()}, {"suppressed", commit_errors_.TakeSuppressed()}});
  }
  busy_ns_ += clock_.MonotonicNs() - started;
  if (after_tick_) after_tick_(now);
}

}  // namespace tickbird::app
