#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "notifiers/store/persistence.h"
#include "notifiers/store/state_store.h"

namespace tickbird::notify {

/// Owns the store and a thread that writes to it, so that a slow disk delays neither sampling nor another receiver.
/// Batches that arrive while one is written are merged into the next transaction. A failed one is merged with what
/// follows and tried again with the next batch, and at least every `retry_every`.
///
/// Commit and stats are called on one thread, the one that `post` posts to. The destructor writes what waits, then
/// joins.
class StoreWorker final : public Persistence {
 public:
  /// Runs the function soon, on the thread that calls Commit. Called from the worker's thread.
  using Post = std::function<void(std::function<void()>)>;

  StoreWorker(StateStore store, Post post, DurationMs retry_every = kSecondMs);
  ~StoreWorker() override;
  StoreWorker(const StoreWorker&) = delete;
  StoreWorker& operator=(const StoreWorker&) = delete;

  void Commit(StoreBatch batch, Done done) override;
  Stats stats() const override;

 private:
  void Run();
  /// Writes `unsaved_` and answers `waiting`.
  void Write(std::vector<Done> waiting);

  StateStore store_;    // worker thread
  StoreBatch unsaved_;  // worker thread
  const Post post_;
  const DurationMs retry_every_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  StoreBatch incoming_;  // guarded by mutex_, as all below
  std::vector<Done> incoming_done_;
  Stats stats_;
  bool stopping_ = false;

  std::thread thread_;  // last: starts when the rest is ready
};

}  // namespace tickbird::notify
