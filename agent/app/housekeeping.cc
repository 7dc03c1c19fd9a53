#include "agent/app/housekeeping.h"

#include <memory>

namespace tickbird::app {
namespace {

constexpr DurationMs kMaintainInterval = 15 * kSecondMs;

}  // namespace

Housekeeping::Housekeeping(net::Timers& timers, net::WorkerPool& workers, const Clock& clock, tsdb::Store& store,
                           DurationMs sync_interval)
    : workers_(workers),
      clock_(clock),
      store_(store),
      sync_ticker_(timers, clock, sync_interval, [this](TimestampMs) { Sync(); }),
      maintain_ticker_(timers, clock, kMaintainInterval, [this](TimestampMs now) { Maintain(now); }) {}

void Housekeeping::Start() {
  sync_ticker_.Start();
  maintain_ticker_.Start();
  LogFailures();
}

void Housekeeping::Stop() {
  sync_ticker_.Stop();
  maintain_ticker_.Stop();
}

void Housekeeping::Sync() {
  if (syncing_) return;
  const auto failure = std::make_shared<Status>();
  syncing_ = workers_.Offload([this, failure] { *failure = store_.Sync(); },
                              [this, failure] {
                                syncing_ = false;
                                if (*failure || !sync_errors_.Allow(clock_.MonotonicNs())) return;
                                log::Err("cannot sync the write-ahead log; samples may be lost in a power cut",
                                         {{"error", failure->error()}, {"suppressed", sync_errors_.TakeSuppressed()}});
                              });
}

void Housekeeping::Maintain(TimestampMs now) {
  if (maintaining_) return;
  maintaining_ = workers_.Offload([this, now] { store_.Maintain(now); },
                                  [this] {
                                    maintaining_ = false;
                                    LogFailures();
                                  });
}

void Housekeeping::LogFailures() {
  const tsdb::StoreStats stats = store_.Stats();
  const std::int64_t failures = stats.compaction_failures + stats.removal_failures;
  if (failures > failures_logged_) log::Err("cannot maintain the stored samples", {{"error", stats.last_failure}});
  failures_logged_ = failures;
  for (; notes_logged_ < stats.notes_total; ++notes_logged_) {
    const std::int64_t behind = stats.notes_total - notes_logged_;
    const auto held = static_cast<std::int64_t>(stats.notes.size());
    if (behind <= held) log::Warn(stats.notes[static_cast<std::size_t>(held - behind)]);
  }
}

}  // namespace tickbird::app
