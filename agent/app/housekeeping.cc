#include "agent/app/housekeeping.h"

#include <memory>

namespace tickbird::app {
namespace {

constexpr DurationMs kMaintainInterval = 15 * kSecondMs;

}  // namespace

Housekeeping::Housekeeping(net::Timers& timers, net::WorkerPool& workers, const Clock& clock, tsdb::Head& head,
                           DurationMs retention, DurationMs sync_interval)
    : workers_(workers),
      clock_(clock),
      head_(head),
      retention_(retention),
      sync_ticker_(timers, clock, sync_interval, [this](TimestampMs) { Sync(); }),
      maintain_ticker_(timers, clock, kMaintainInterval, [this](TimestampMs now) { Maintain(now); }) {}

void Housekeeping::Start() {
  sync_ticker_.Start();
  maintain_ticker_.Start();
}

void Housekeeping::Stop() {
  sync_ticker_.Stop();
  maintain_ticker_.Stop();
}

void Housekeeping::Sync() {
  if (syncing_) return;
  const auto failure = std::make_shared<Status>();
  syncing_ = workers_.Offload([this, failure] { *failure = head_.Sync(); },
                              [this, failure] {
                                syncing_ = false;
                                if (*failure || !sync_errors_.Allow(clock_.MonotonicNs())) return;
                                log::Err("cannot sync the write-ahead log; samples may be lost in a power cut",
                                         {{"error", failure->error()}, {"suppressed", sync_errors_.TakeSuppressed()}});
                              });
}

void Housekeeping::Maintain(TimestampMs now) {
  if (maintaining_) return;
  maintaining_ = workers_.Offload(
      [this, now] {
        head_.DropBefore(now - retention_);
        head_.Maintain(now);
      },
      [this] { maintaining_ = false; });
}

}  // namespace tickbird::app
