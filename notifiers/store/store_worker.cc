#include "notifiers/store/store_worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tickbird::notify {

StoreWorker::StoreWorker(StateStore store, Post post, DurationMs retry_every)
    : store_(std::move(store)), post_(std::move(post)), retry_every_(retry_every), thread_([this] { Run(); }) {}

StoreWorker::~StoreWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StoreWorker::Commit(StoreBatch batch, Done done) {
  {
    const std::lock_guard lock(mutex_);
    incoming_.Merge(std::move(batch));
    incoming_done_.push_back(std::move(done));
  }
  wake_.notify_one();
}

Persistence::Stats StoreWorker::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void StoreWorker::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto has_work = [this] { return stopping_ || !incoming_done_.empty(); };
    if (unsaved_.empty()) {
      wake_.wait(lock, has_work);
    } else {
      wake_.wait_for(lock, std::chrono::milliseconds(retry_every_), has_work);
    }
    unsaved_.Merge(std::exchange(incoming_, {}));
    std::vector<Done> waiting = std::exchange(incoming_done_, {});
    const bool last = stopping_;
    lock.unlock();
    Write(std::move(waiting));
    lock.lock();
    if (last) return;
  }
}

void StoreWorker::Write(std::vector<Done> waiting) {
  const auto start = std::chrono::steady_clock::now();
  const Status written = unsaved_.empty() ? Status() : store_.Apply(unsaved_);
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  if (written) unsaved_ = {};
  {
    const std::lock_guard lock(mutex_);
    stats_.failing = !written;
    ++(written ? stats_.commits : stats_.failures);
    stats_.commit_us_sum += took;
    stats_.commit_us_max = std::max<std::int64_t>(stats_.commit_us_max, took);
  }
  if (waiting.empty()) return;
  post_([waiting = std::move(waiting), written] {
    for (const Done& done : waiting) done(written);
  });
}

}  // namespace tickbird::notify
