#include "notifiers/store/open_state.h"

#include <utility>

#include <fmt/core.h>

#include "notifiers/store/state_store.h"
#include "notifiers/store/store_worker.h"

namespace tickbird::notify {
namespace {

/// Stores nothing and says so.
class MemoryPersistence final : public Persistence {
 public:
  MemoryPersistence(Error why, StoreWorker::Post post) : why_(std::move(why)), post_(std::move(post)) {
    stats_.failing = true;
  }

  void Commit(StoreBatch, Done done) override {
    ++stats_.failures;
    post_([done = std::move(done), why = why_] { done(why); });
  }
  Stats stats() const override { return stats_; }

 private:
  Error why_;
  StoreWorker::Post post_;
  Stats stats_;
};

struct Loaded {
  StateStore store;
  StoredState state;
};

Result<Loaded> OpenAndLoad(const std::string& path, TimestampMs now, bool& set_aside) {
  TICKBIRD_ASSIGN_OR_RETURN(StateStore store, StateStore::OpenOrReplace(path, set_aside));
  TICKBIRD_ASSIGN_OR_RETURN(StoredState state, store.Load(now));
  return Loaded{std::move(store), std::move(state)};
}

}  // namespace

OpenedState OpenState(const std::string& path, TimestampMs now, std::function<void(std::function<void()>)> post) {
  OpenedState opened;
  bool set_aside = false;
  Result<Loaded> loaded = OpenAndLoad(path, now, set_aside);
  if (!loaded) {
    opened.problem = WithContext(fmt::format("use {}", path), loaded.error());
    opened.persistence = std::make_unique<MemoryPersistence>(*opened.problem, std::move(post));
    return opened;
  }
  if (set_aside) {
    opened.problem = Error{ErrorCode::kCorruption, fmt::format("{0} was broken, it is now {0}.corrupt", path)};
  }
  opened.stored = std::move(loaded->state);
  opened.persistence = std::make_unique<StoreWorker>(std::move(loaded->store), std::move(post));
  return opened;
}

}  // namespace tickbird::notify
