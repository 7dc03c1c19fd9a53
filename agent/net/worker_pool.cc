#include "agent/net/worker_pool.h"

#include <exception>
#include <utility>

#include "agent/net/thread_start.h"
#include "core/base/log.h"

namespace tickbird::net {

WorkerPool::WorkerPool(IoLoop& loop, Options options) : loop_(loop), options_(options) {}

WorkerPool::~WorkerPool() {
  Shutdown();
}

bool WorkerPool::Offload(std::function<void()> work, std::function<void()> done_on_io) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || jobs_.size() >= options_.max_queued) {
      ++stats_.refused;
      return false;
    }
    jobs_.push_back({std::move(work), std::move(done_on_io)});
    const bool all_busy = stats_.running + jobs_.size() > threads_.size();
    if (all_busy && threads_.size() < static_cast<std::size_t>(options_.threads)) {
      threads_.push_back(StartThread("worker", [this] { Work(); }));
    }
  }
  changed_.NotifyOne();
  return true;
}

void WorkerPool::Work() {
  for (;;) {
    Job job;
    {
      const MutexLock lock(mutex_);
      while (jobs_.empty() && !stopping_) changed_.Wait(mutex_);
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      ++stats_.running;
    }
    bool failed = false;
    try {
      job.work();
    } catch (const std::exception& e) {
      failed = true;
      log::Err("exception in offloaded work", {{"what", e.what()}});
    }
    job.work = nullptr;
    if (job.done_on_io) loop_.Post(std::move(job.done_on_io));
    const MutexLock lock(mutex_);
    --stats_.running;
    ++stats_.done;
    stats_.failed += failed ? 1 : 0;
  }
}

void WorkerPool::Shutdown() {
  std::vector<std::thread> threads;
  std::deque<Job> dropped;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    dropped.swap(jobs_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

WorkerPool::Stats WorkerPool::stats() const {
  const MutexLock lock(mutex_);
  Stats stats = stats_;
  stats.queued = jobs_.size();
  return stats;
}

}  // namespace tickbird::net
