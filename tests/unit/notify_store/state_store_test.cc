#include "notifiers/store/state_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "core/base/log.h"
#include "notifiers/store/codec.h"
#include "notifiers/store/sqlite.h"
#include "tests/unit/notify_store/samples.h"

namespace tickbird::notify {
namespace {

using testing::FullIncident;
using testing::MessageAbout;
using testing::TempDir;

constexpr TimestampMs kNow = 1'700'000'100'000;

DeliveryRecord Delivered(const Message& message) {
  return {.at = kNow, .key = message.key, .alert = message.alert->id, .integration = message.to.integration};
}

StoredState LoadAgain(const TempDir& dir) {
  return *StateStore::Open(dir.File("state.db"))->Load(kNow);
}

TEST(StateStore, StartsEmpty) {
  const TempDir dir;
  const StoredState state = LoadAgain(dir);
  EXPECT_TRUE(state.incidents.empty());
  EXPECT_TRUE(state.outbox.empty());
}

TEST(StateStore, GivesBackIncidentsAndMessagesInOrder) {
  const TempDir dir;
  const Incident incident = FullIncident();
  {
    auto store = StateStore::Open(dir.File("state.db"));
    StoreBatch batch;
    batch.Put(incident);
    batch.Enqueue(MessageAbout(incident, 9));
    batch.Enqueue(MessageAbout(incident, 2));
    ASSERT_TRUE(store->Apply(batch));
  }
  const StoredState state = LoadAgain(dir);
  ASSERT_EQ(state.incidents.size(), 1u);
  EXPECT_EQ(EncodeIncident(state.incidents[0]), EncodeIncident(incident));
  ASSERT_EQ(state.outbox.size(), 2u);
  EXPECT_EQ(state.outbox[0].sequence, 9u);
  EXPECT_EQ(state.outbox[1].sequence, 2u);
}

TEST(StateStore, ReplacesAndForgets) {
  const TempDir dir;
  auto store = StateStore::Open(dir.File("state.db"));
  Incident incident = FullIncident();
  const Incident other = FullIncident("b");
  const Message message = MessageAbout(incident, 1);
  StoreBatch first;
  first.Put(incident);
  first.Put(other);
  first.Enqueue(message);
  ASSERT_TRUE(store->Apply(first));
  incident.swallowed = 99;
  StoreBatch second;
  second.Put(incident);
  second.Forget(other.id());
  second.Finish(Delivered(message));
  ASSERT_TRUE(store->Apply(second));
  const StoredState state = LoadAgain(dir);
  ASSERT_EQ(state.incidents.size(), 1u);
  EXPECT_EQ(state.incidents[0].swallowed, 99);
  EXPECT_TRUE(state.outbox.empty());
  ASSERT_EQ(state.sent.size(), 1u);
  EXPECT_EQ(state.sent[0].integration, "mail/email[0]");
}

TEST(StateStore, TheSameKeyTwiceIsOneMessage) {
  const TempDir dir;
  auto store = StateStore::Open(dir.File("state.db"));
  StoreBatch batch;
  batch.Enqueue(MessageAbout(FullIncident(), 1));
  ASSERT_TRUE(store->Apply(batch));
  ASSERT_TRUE(store->Apply(batch));
  EXPECT_EQ(LoadAgain(dir).outbox.size(), 1u);
}

TEST(StateStore, AppliesAllOrNothing) {
  const TempDir dir;
  auto store = StateStore::Open(dir.File("state.db"));
  // Somebody breaks the last table that a batch writes to.
  ASSERT_TRUE(SqliteDatabase::Open(dir.File("state.db"))
                  ->Execute("CREATE TRIGGER no BEFORE INSERT ON decisions BEGIN SELECT RAISE(FAIL, 'no'); END"));
  StoreBatch batch;
  batch.Put(FullIncident());
  batch.Log(Decision{});
  EXPECT_FALSE(store->Apply(batch));
  EXPECT_TRUE(LoadAgain(dir).incidents.empty());
  ASSERT_TRUE(SqliteDatabase::Open(dir.File("state.db"))->Execute("DROP TRIGGER no"));
  EXPECT_TRUE(store->Apply(batch));
  EXPECT_EQ(LoadAgain(dir).incidents.size(), 1u);
}

TEST(StateStore, SaysThatTheDiskIsFull) {
  const TempDir dir;
  auto database = SqliteDatabase::Open(dir.File("small.db"));
  ASSERT_TRUE(database->Execute("PRAGMA max_page_count = 3; CREATE TABLE t (x)"));
  const Status status = database->Execute("INSERT INTO t VALUES (zeroblob(100000))");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kTooLarge);
}

TEST(StateStore, KeepsTheHistoryBounded) {
  const TempDir dir;
  auto store = StateStore::Open(dir.File("state.db"));
  for (int round = 0; round < 3; ++round) {
    StoreBatch batch;
    for (int i = 0; i < 6000; ++i) batch.Log(Decision{});
    ASSERT_TRUE(store->Apply(batch));
  }
  EXPECT_EQ(*SqliteDatabase::Open(dir.File("state.db"))->QueryInt("SELECT count(*) FROM decisions"), 10'000);
}

TEST(StateStore, KeepsAcknowledgementsAsHistory) {
  const TempDir dir;
  auto store = StateStore::Open(dir.File("state.db"));
  StoreBatch batch;
  EXPECT_FALSE(batch.durable());
  batch.Log(AckRecord{1, 2, *FullIncident().ack});
  EXPECT_TRUE(batch.durable());
  ASSERT_TRUE(store->Apply(batch));
  auto database = SqliteDatabase::Open(dir.File("state.db"));
  EXPECT_EQ(*database->QueryInt("SELECT count(*) FROM acks WHERE who = 'ann' AND alert = '0000000000000001'"), 1);
}

TEST(StateStore, SkipsRowsThatItCannotRead) {
  const TempDir dir;
  log::SetSink([](std::string_view) {});
  ASSERT_TRUE(StateStore::Open(dir.File("state.db")));
  ASSERT_TRUE(
      SqliteDatabase::Open(dir.File("state.db"))->Execute("INSERT INTO incidents VALUES ('x', 'r', 1, 0, 'no json')"));
  const StoredState state = LoadAgain(dir);
  log::SetSink(nullptr);
  EXPECT_TRUE(state.incidents.empty());
  EXPECT_EQ(state.unreadable, 1);
}

TEST(StateStore, RefusesAFileOfANewerVersion) {
  const TempDir dir;
  ASSERT_TRUE(SqliteDatabase::Open(dir.File("state.db"))->Execute("PRAGMA user_version = 99"));
  bool set_aside = false;
  const auto store = StateStore::OpenOrReplace(dir.File("state.db"), set_aside);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(set_aside);
}

TEST(StateStore, SetsABrokenFileAsideAndGoesOn) {
  const TempDir dir;
  std::ofstream(dir.File("state.db")) << std::string(8192, 'x');
  EXPECT_EQ(StateStore::Open(dir.File("state.db")).error().code, ErrorCode::kCorruption);
  bool set_aside = false;
  EXPECT_TRUE(StateStore::OpenOrReplace(dir.File("state.db"), set_aside));
  EXPECT_TRUE(set_aside);
  EXPECT_TRUE(std::filesystem::exists(dir.File("state.db.corrupt")));
}

TEST(StateStore, SaysWhenItCannotOpen) {
  const TempDir dir;
  EXPECT_EQ(StateStore::Open(dir.File("missing/state.db")).error().code, ErrorCode::kUnavailable);
}

TEST(StoreBatch, AMessageThatCameAndWentNeedsNoRow) {
  const Message message = MessageAbout(FullIncident(), 1);
  StoreBatch batch;
  batch.Enqueue(message);
  StoreBatch later;
  later.Finish(Delivered(message));
  batch.Merge(std::move(later));
  EXPECT_TRUE(batch.queued().empty());
  EXPECT_EQ(batch.deliveries().size(), 1u);
}

TEST(StoreBatch, TheLastWordAboutAnIncidentWins) {
  const Incident incident = FullIncident();
  StoreBatch batch;
  batch.Put(incident);
  StoreBatch later;
  later.Forget(incident.id());
  batch.Merge(std::move(later));
  EXPECT_FALSE(batch.incidents().at(incident.id()).has_value());
}

}  // namespace
}  // namespace tickbird::notify
