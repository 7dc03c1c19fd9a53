#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "notifiers/store/sqlite.h"
#include "notifiers/store/store_batch.h"

namespace tickbird::notify {

/// state.db: incidents, undelivered messages, and the history of acknowledgements, deliveries and decisions (schema in
/// schema.cc; migrations by user_version). What Apply returned for survives kill -9; acknowledgements survive a power
/// cut too.
///
/// Journal: WAL with synchronous=NORMAL. A commit then needs no fsync (about 0.1 ms), and a power cut loses the last
/// commits as a whole, never a part of one: the alerts that they were about are raised again by the rules after the
/// start. An acknowledgement could not be won back in that way, so a batch with one commits with synchronous=FULL.
///
/// Not thread safe; blocks on the disk: StoreWorker gives it a thread of its own. Errors: kTooLarge (disk full),
/// kCorruption, kUnavailable, kPermissionDenied; a batch that failed changed nothing.
class StateStore {
 public:
  /// Opens or creates. kUnsupported: written by a newer version.
  static Result<StateStore> Open(const std::string& path);
  /// As Open; a file that is no readable database is first set aside as PATH.corrupt, and `set_aside` says so. Alerting
  /// goes on with an empty state rather than not at all.
  static Result<StateStore> OpenOrReplace(const std::string& path, bool& set_aside);

  Result<StoredState> Load(TimestampMs now);
  /// All of it, or nothing.
  Status Apply(const StoreBatch& batch);

 private:
  explicit StateStore(SqliteDatabase database) : database_(std::move(database)) {}
  Status Prepare();
  Status LoadIncidents(StoredState& state);
  Status LoadOutbox(StoredState& state);
  Status LoadSent(StoredState& state, TimestampMs since);
  Status ApplyInTransaction(const StoreBatch& batch);
  Status ApplyIncidents(const StoreBatch& batch);
  Status ApplyOutbox(const StoreBatch& batch);
  Status ApplyHistory(const StoreBatch& batch);

  SqliteDatabase database_;
  SqliteStatement put_incident_;
  SqliteStatement forget_incident_;
  SqliteStatement queue_message_;
  SqliteStatement finish_message_;
  SqliteStatement log_delivery_;
  SqliteStatement log_decision_;
  SqliteStatement log_ack_;
};

}  // namespace tickbird::notify
