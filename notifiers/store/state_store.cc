#include "notifiers/store/state_store.h"

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/base/log.h"
#include "core/model/alert_event.h"
#include "notifiers/store/codec.h"
#include "notifiers/store/schema.h"

namespace tickbird::notify {
namespace {

/// Rows of each history table; about 2 MB each when full.
constexpr int kHistoryRows = 10'000;

/// A small cache: all state fits a few hundred pages, and the agent's idle memory counts.
constexpr const char* kSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512; PRAGMA journal_size_limit = "
    "1048576;";

std::string TrimSql(std::string_view table) {
  return fmt::format("DELETE FROM {0} WHERE seq <= (SELECT max(seq) FROM {0}) - {1};", table, kHistoryRows);
}

}  // namespace

Result<StateStore> StateStore::Open(const std::string& path) {
  TICKBIRD_ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(path));
  TICKBIRD_RETURN_IF_ERROR(database.Execute(kSettings));
  TICKBIRD_RETURN_IF_ERROR(Migrate(database));
  StateStore store(std::move(database));
  TICKBIRD_RETURN_IF_ERROR(store.Prepare());
  return store;
}

Result<StateStore> StateStore::OpenOrReplace(const std::string& path, bool& set_aside) {
  set_aside = false;
  Result<StateStore> store = Open(path);
  if (store || store.error().code != ErrorCode::kCorruption) return store;
  const std::string aside = path + ".corrupt";
  if (std::rename(path.c_str(), aside.c_str()) != 0) return ErrnoError(errno, fmt::format("set {} aside", path));
  // The journal belongs to the broken file; a new database must not read it.
  std::remove((path + "-wal").c_str());
  std::remove((path + "-shm").c_str());
  set_aside = true;
  return Open(path);
}

Result<StoredState> StateStore::Load(TimestampMs now) {
  StoredState state;
  TICKBIRD_RETURN_IF_ERROR(LoadIncidents(state));
  TICKBIRD_RETURN_IF_ERROR(LoadOutbox(state));
  TICKBIRD_RETURN_IF_ERROR(LoadSent(state, now - kDayMs));
  return state;
}

Status StateStore::Apply(const StoreBatch& batch) {
  if (batch.durable()) TICKBIRD_RETURN_IF_ERROR(database_.Execute("PRAGMA synchronous = FULL"));
  Status applied = database_.Execute("BEGIN IMMEDIATE");
  if (applied) {
    applied = ApplyInTransaction(batch);
    if (applied) applied = database_.Execute("COMMIT");
    // After some errors SQLite has rolled back by itself and this fails: fine.
    if (!applied) [[maybe_unused]]
      const Status rolled_back = database_.Execute("ROLLBACK");
  }
  if (batch.durable()) TICKBIRD_RETURN_IF_ERROR(database_.Execute("PRAGMA synchronous = NORMAL"));
  return applied;
}

Status StateStore::Prepare() {
  const auto prepare = [this](SqliteStatement& statement, std::string_view sql) -> Status {
    TICKBIRD_ASSIGN_OR_RETURN(statement, database_.Prepare(sql));
    return {};
  };
  TICKBIRD_RETURN_IF_ERROR(prepare(
      put_incident_, "INSERT OR REPLACE INTO incidents (alert, rule, open, started, data) VALUES (?, ?, ?, ?, ?)"));
  TICKBIRD_RETURN_IF_ERROR(prepare(forget_incident_, "DELETE FROM incidents WHERE alert = ?"));
  TICKBIRD_RETURN_IF_ERROR(prepare(
      queue_message_, "INSERT OR IGNORE INTO outbox (key, integration, alert, created, data) VALUES (?, ?, ?, ?, ?)"));
  TICKBIRD_RETURN_IF_ERROR(prepare(finish_message_, "DELETE FROM outbox WHERE key = ?"));
  TICKBIRD_RETURN_IF_ERROR(
      prepare(log_delivery_,
              "INSERT INTO deliveries (at, key, alert, integration, kind, outcome, attempts, latency_ms, error) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  TICKBIRD_RETURN_IF_ERROR(prepare(
      log_decision_, "INSERT INTO decisions (at, alert, rule, reason, receiver, detail) VALUES (?, ?, ?, ?, ?, ?)"));
  TICKBIRD_RETURN_IF_ERROR(
      prepare(log_ack_, "INSERT INTO acks (at, alert, incident, who, note, until) VALUES (?, ?, ?, ?, ?, ?)"));
  return {};
}

Status StateStore::LoadIncidents(StoredState& state) {
  TICKBIRD_ASSIGN_OR_RETURN(SqliteStatement rows, database_.Prepare("SELECT alert, data FROM incidents"));
  while (true) {
    TICKBIRD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return {};
    if (Result<Incident> incident = DecodeIncident(rows.Text(1))) {
      state.incidents.push_back(std::move(*incident));
    } else {
      ++state.unreadable;
      log::Err("skipped a stored incident", {{"alert", std::string(rows.Text(0))}, {"err", incident.error()}});
    }
  }
}

Status StateStore::LoadOutbox(StoredState& state) {
  TICKBIRD_ASSIGN_OR_RETURN(SqliteStatement rows, database_.Prepare("SELECT key, data FROM outbox ORDER BY seq"));
  while (true) {
    TICKBIRD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return {};
    if (Result<Message> message = DecodeMessage(rows.Text(1))) {
      state.outbox.push_back(std::move(*message));
    } else {
      ++state.unreadable;
      log::Err("skipped a stored message", {{"key", std::string(rows.Text(0))}, {"err", message.error()}});
    }
  }
}

Status StateStore::LoadSent(StoredState& state, TimestampMs since) {
  TICKBIRD_ASSIGN_OR_RETURN(
      SqliteStatement rows,
      database_.Prepare("SELECT integration, at FROM deliveries WHERE outcome = 'delivered' AND at >= ? ORDER BY at"));
  rows.Bind(1, since);
  while (true) {
    TICKBIRD_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return {};
    state.sent.push_back({std::string(rows.Text(0)), rows.Int(1)});
  }
}

Status StateStore::ApplyInTransaction(const StoreBatch& batch) {
  TICKBIRD_RETURN_IF_ERROR(ApplyIncidents(batch));
  TICKBIRD_RETURN_IF_ERROR(ApplyOutbox(batch));
  return ApplyHistory(batch);
}

Status StateStore::ApplyIncidents(const StoreBatch& batch) {
  for (const auto& [id, incident] : batch.incidents()) {
    const std::string alert = FormatAlertId(id);
    if (!incident) {
      TICKBIRD_RETURN_IF_ERROR(forget_incident_.Bind(1, alert).Run());
      continue;
    }
    const std::string data = EncodeIncident(*incident);
    put_incident_.Bind(1, alert).Bind(2, incident->event.rule).Bind(3, incident->open ? 1 : 0);
    TICKBIRD_RETURN_IF_ERROR(put_incident_.Bind(4, incident->started).Bind(5, data).Run());
  }
  return {};
}

Status StateStore::ApplyOutbox(const StoreBatch& batch) {
  for (const Message& message : batch.queued()) {
    const std::string alert = FormatAlertId(message.alert->id);
    const std::string data = EncodeMessage(message);
    queue_message_.Bind(1, message.key).Bind(2, message.to.integration).Bind(3, alert).Bind(4, message.created);
    TICKBIRD_RETURN_IF_ERROR(queue_message_.Bind(5, data).Run());
  }
  for (const std::string& key : batch.finished()) TICKBIRD_RETURN_IF_ERROR(finish_message_.Bind(1, key).Run());
  return {};
}

Status StateStore::ApplyHistory(const StoreBatch& batch) {
  for (const DeliveryRecord& record : batch.deliveries()) {
    const std::string alert = FormatAlertId(record.alert);
    log_delivery_.Bind(1, record.at).Bind(2, record.key).Bind(3, alert).Bind(4, record.integration);
    log_delivery_.Bind(5, MessageKindName(record.kind)).Bind(6, ReasonName(record.outcome)).Bind(7, record.attempts);
    TICKBIRD_RETURN_IF_ERROR(log_delivery_.Bind(8, record.latency).Bind(9, record.error).Run());
  }
  for (const Decision& decision : batch.decisions()) {
    const std::string alert = FormatAlertId(decision.alert);
    log_decision_.Bind(1, decision.at).Bind(2, alert).Bind(3, decision.rule).Bind(4, ReasonName(decision.reason));
    TICKBIRD_RETURN_IF_ERROR(log_decision_.Bind(5, decision.receiver).Bind(6, decision.detail).Run());
  }
  for (const AckRecord& record : batch.acks()) {
    const std::string alert = FormatAlertId(record.alert);
    log_ack_.Bind(1, record.ack.at).Bind(2, alert).Bind(3, record.incident).Bind(4, record.ack.who);
    TICKBIRD_RETURN_IF_ERROR(log_ack_.Bind(5, record.ack.note).Bind(6, record.ack.until.value_or(0)).Run());
  }
  std::string trim;
  if (!batch.deliveries().empty()) trim += TrimSql("deliveries");
  if (!batch.decisions().empty()) trim += TrimSql("decisions");
  if (!batch.acks().empty()) trim += TrimSql("acks");
  return trim.empty() ? Status() : database_.Execute(trim);
}

}  // namespace tickbird::notify
