#include "notifiers/store/sqlite.h"

#include <sqlite3.h>

#include <fmt/core.h>

namespace tickbird::notify {
namespace {

ErrorCode CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::kTooLarge;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorruption;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return ErrorCode::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return ErrorCode::kPermissionDenied;
    default:
      return ErrorCode::kInternal;
  }
}

Error SqliteError(sqlite3* database, int result, std::string_view what) {
  const char* text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  return {CodeOf(result), fmt::format("{}: {}", what, text)};
}

}  // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void SqliteDatabase::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

SqliteStatement& SqliteStatement::Bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int index, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  sqlite3_bind_text(statement_.get(), index, text.empty() ? "" : text.data(), static_cast<int>(text.size()),
                    SQLITE_STATIC);
  return *this;
}

Result<bool> SqliteStatement::Step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  // The reset gives the same result again for an error and must come before the next use either way.
  sqlite3* database = sqlite3_db_handle(statement_.get());
  if (result == SQLITE_DONE) {
    Reset();
    return false;
  }
  Error error = SqliteError(database, result, "state.db");
  Reset();
  return error;
}

Status SqliteStatement::Run() {
  const Result<bool> row = Step();
  if (!row) return row.error();
  Reset();
  return {};
}

std::int64_t SqliteStatement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

Result<SqliteDatabase> SqliteDatabase::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
  SqliteDatabase database;
  database.database_.reset(handle);
  if (result != SQLITE_OK) return SqliteError(handle, result, fmt::format("open {}", path));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 2000);
  return database;
}

Result<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  SqliteStatement statement;
  statement.statement_.reset(handle);
  if (result != SQLITE_OK) return SqliteError(database_.get(), result, "prepare");
  return statement;
}

Status SqliteDatabase::Execute(const std::string& sql) {
  const int result = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return SqliteError(database_.get(), result, "state.db");
  return {};
}

Result<std::int64_t> SqliteDatabase::QueryInt(std::string_view sql) {
  TICKBIRD_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  TICKBIRD_ASSIGN_OR_RETURN(const bool row, statement.Step());
  const std::int64_t value = row ? statement.Int(0) : 0;
  statement.Reset();
  return value;
}

}  // namespace tickbird::notify
