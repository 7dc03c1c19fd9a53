#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// The little of SQLite that the store needs, with our errors: kTooLarge (disk full), kCorruption, kUnavailable (busy,
/// I/O), kPermissionDenied, kInternal. Not thread safe.
namespace tickbird::notify {

class SqliteDatabase;

/// A prepared statement: bind from 1 on, then Step; Step resets it at the end of its rows.
class SqliteStatement {
 public:
  SqliteStatement() = default;

  SqliteStatement& Bind(int index, std::int64_t value);
  /// The text must live until the Step.
  SqliteStatement& Bind(int index, std::string_view text);
  /// True: there is a row. False: done.
  Result<bool> Step();
  /// For statements without rows.
  Status Run();
  std::int64_t Int(int column) const;
  /// Valid until the next Step.
  std::string_view Text(int column) const;
  void Reset();

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

class SqliteDatabase {
 public:
  /// Opens or creates.
  static Result<SqliteDatabase> Open(const std::string& path);

  Result<SqliteStatement> Prepare(std::string_view sql);
  /// Runs statements that give no rows.
  Status Execute(const std::string& sql);
  /// The first column of the first row.
  Result<std::int64_t> QueryInt(std::string_view sql);

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace tickbird::notify
