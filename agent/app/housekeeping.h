#pragma once

#include "agent/app/ticker.h"
#include "agent/net/timers.h"
#include "agent/net/worker_pool.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/tsdb/store/store.h"

namespace tickbird::app {

/// What the store needs done now and then, on the worker pool because it waits for the disk: the sync of the
/// write-ahead log, compaction, and the dropping of what is old. One of each at a time: a slow disk makes them rarer,
/// never pile up.
class Housekeeping {
 public:
  Housekeeping(net::Timers& timers, net::WorkerPool& workers, const Clock& clock, tsdb::Store& store,
               DurationMs sync_interval);

  void Start();
  void Stop();

 private:
  void Sync();
  void Maintain(TimestampMs now);
  void LogFailures();

  net::WorkerPool& workers_;
  const Clock& clock_;
  tsdb::Store& store_;
  Ticker sync_ticker_;
  Ticker maintain_ticker_;
  bool syncing_ = false;
  bool maintaining_ = false;
  std::int64_t failures_logged_ = 0;
  std::int64_t notes_logged_ = 0;
  log::RateLimit sync_errors_;
};

}  // namespace tickbird::app
