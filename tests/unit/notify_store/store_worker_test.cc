#include "notifiers/store/store_worker.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "notifiers/store/open_state.h"
#include "notifiers/store/sqlite.h"
#include "tests/unit/notify_store/samples.h"

namespace tickbird::notify {
namespace {

using testing::FullIncident;
using testing::TempDir;

/// Stands for the I/O thread: runs what the worker posts.
class Inbox {
 public:
  StoreWorker::Post post() {
    return [this](std::function<void()> fn) {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(fn));
      arrived_.notify_one();
    };
  }
  /// Waits for one posted function and runs it.
  void RunOne() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !posted_.empty(); });
    const std::function<void()> fn = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    fn();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> posted_;
};

StoreBatch BatchWith(const Incident& incident) {
  StoreBatch batch;
  batch.Put(incident);
  return batch;
}

TEST(StoreWorker, AnswersOnceStored) {
  const TempDir dir;
  Inbox inbox;
  int stored = 0;
  {
    StoreWorker worker(*StateStore::Open(dir.File("state.db")), inbox.post());
    worker.Commit(BatchWith(FullIncident()), [&](const Status& status) { stored += status ? 1 : 0; });
    inbox.RunOne();
    EXPECT_EQ(worker.stats().commits, 1u);
  }
  EXPECT_EQ(stored, 1);
  EXPECT_EQ(StateStore::Open(dir.File("state.db"))->Load(0)->incidents.size(), 1u);
}

TEST(StoreWorker, WritesWhatWaitsBeforeItEnds) {
  const TempDir dir;
  Inbox inbox;
  {
    StoreWorker worker(*StateStore::Open(dir.File("state.db")), inbox.post());
    worker.Commit(BatchWith(FullIncident()), [](const Status&) {});
  }
  EXPECT_EQ(StateStore::Open(dir.File("state.db"))->Load(0)->incidents.size(), 1u);
}

TEST(StoreWorker, KeepsWhatFailedAndWritesItWithTheNext) {
  const TempDir dir;
  Inbox inbox;
  StoreWorker worker(*StateStore::Open(dir.File("state.db")), inbox.post(), kHourMs);
  auto database = SqliteDatabase::Open(dir.File("state.db"));
  ASSERT_TRUE(database->Execute("CREATE TRIGGER no BEFORE INSERT ON incidents BEGIN SELECT RAISE(FAIL, 'no'); END"));
  std::optional<bool> first;
  worker.Commit(BatchWith(FullIncident("a")), [&](const Status& status) { first = status.has_value(); });
  inbox.RunOne();
  EXPECT_EQ(first, false);
  EXPECT_TRUE(worker.stats().failing);
  ASSERT_TRUE(database->Execute("DROP TRIGGER no"));
  std::optional<bool> second;
  worker.Commit(BatchWith(FullIncident("b")), [&](const Status& status) { second = status.has_value(); });
  inbox.RunOne();
  EXPECT_EQ(second, true);
  EXPECT_FALSE(worker.stats().failing);
  EXPECT_EQ(StateStore::Open(dir.File("state.db"))->Load(0)->incidents.size(), 2u);
}

TEST(OpenState, GoesOnInMemoryWithoutAFile) {
  const TempDir dir;
  Inbox inbox;
  OpenedState opened = OpenState(dir.File("missing/state.db"), 0, inbox.post());
  ASSERT_TRUE(opened.problem);
  EXPECT_EQ(opened.problem->code, ErrorCode::kUnavailable);
  std::optional<bool> stored;
  opened.persistence->Commit(BatchWith(FullIncident()), [&](const Status& status) { stored = status.has_value(); });
  inbox.RunOne();
  EXPECT_EQ(stored, false);
  EXPECT_TRUE(opened.persistence->stats().failing);
}

TEST(OpenState, GivesBackWhatWasStored) {
  const TempDir dir;
  Inbox inbox;
  {
    const OpenedState opened = OpenState(dir.File("state.db"), 0, inbox.post());
    EXPECT_FALSE(opened.problem);
    opened.persistence->Commit(BatchWith(FullIncident()), [](const Status&) {});
  }
  EXPECT_EQ(OpenState(dir.File("state.db"), 0, inbox.post()).stored.incidents.size(), 1u);
}

}  // namespace
}  // namespace tickbird::notify
