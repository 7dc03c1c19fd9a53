#include "notifiers/store/schema.h"

#include <array>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace tickbird::notify {
namespace {

/// Step i brings user_version i to i + 1. Never change one that was released: add the next.
constexpr std::array<std::string_view, 1> kSteps = {
    // Ids are 16 hexadecimal digits as in the API; times are milliseconds since the epoch; data is JSON (codec.h).
    R"(
CREATE TABLE incidents (
  alert TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  open INTEGER NOT NULL,
  started INTEGER NOT NULL,
  data TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  integration TEXT NOT NULL,
  alert TEXT NOT NULL,
  created INTEGER NOT NULL,
  data TEXT NOT NULL
);
CREATE TABLE acks (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  alert TEXT NOT NULL,
  incident INTEGER NOT NULL,
  who TEXT NOT NULL,
  note TEXT NOT NULL,
  until INTEGER NOT NULL -- 0: until the alert clears
);
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  key TEXT NOT NULL,
  alert TEXT NOT NULL,
  integration TEXT NOT NULL,
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  error TEXT NOT NULL
);
CREATE TABLE decisions (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  alert TEXT NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  receiver TEXT NOT NULL,
  detail TEXT NOT NULL
);
)"};

}  // namespace

Status Migrate(SqliteDatabase& database) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::int64_t version, database.QueryInt("PRAGMA user_version"));
  if (version > static_cast<std::int64_t>(kSteps.size())) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("state.db has schema {}, this version knows up to {}: it was written by a newer Tickbird",
                             version, kSteps.size())};
  }
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    std::string sql = "BEGIN IMMEDIATE;";
    sql += kSteps[step];
    sql += fmt::format("PRAGMA user_version = {}; COMMIT;", step + 1);
    if (Status done = database.Execute(sql); !done) {
      [[maybe_unused]] const Status rolled_back = database.Execute("ROLLBACK");
      return WithContext("create the tables", done.error());
    }
  }
  return {};
}

}  // namespace tickbird::notify
