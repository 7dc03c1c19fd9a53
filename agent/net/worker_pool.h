#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "agent/net/io_loop.h"
#include "core/base/mutex.h"

namespace tickbird::net {

/// A few threads for what must not hold up the I/O thread: queries, compaction, password hashes, fsync.
///
/// The threads start with the first work, so a process that never needs them pays nothing. The queue is bounded: when
/// it is full, Offload refuses and the caller answers "busy". Offload is thread safe.
class WorkerPool {
 public:
  struct Options {
    int threads = 2;
    std::size_t max_queued = 256;
  };
  struct Stats {
    std::size_t queued = 0;
    std::size_t running = 0;
    std::uint64_t done = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed = 0;  ///< Work that threw; its `done_on_io` ran all the same.
  };

  WorkerPool(IoLoop& loop, Options options);
  explicit WorkerPool(IoLoop& loop) : WorkerPool(loop, Options()) {}
  /// Stops as Shutdown does.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `work` on a pool thread and then `done_on_io` (may be empty) on the I/O thread. False, and neither runs, when
  /// the queue is full or the pool is shut down.
  [[nodiscard]] bool Offload(std::function<void()> work, std::function<void()> done_on_io = {});

  /// Finishes what runs, drops what is queued (destroyed unrun, so a Responder inside answers 500), and joins the
  /// threads.
  void Shutdown();

  Stats stats() const;

 private:
  struct Job {
    std::function<void()> work;
    std::function<void()> done_on_io;
  };
  void Work();

  IoLoop& loop_;
  const Options options_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ TICKBIRD_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ TICKBIRD_GUARDED_BY(mutex_);
  Stats stats_ TICKBIRD_GUARDED_BY(mutex_);
  bool stopping_ TICKBIRD_GUARDED_BY(mutex_) = false;
};

}  // namespace tickbird::net
