#pragma once

#include "core/base/result.h"
#include "notifiers/store/sqlite.h"

namespace tickbird::notify {

/// Brings the database to the newest schema, each step in a transaction of its own. kUnsupported: it is newer than we
/// are.
Status Migrate(SqliteDatabase& database);

}  // namespace tickbird::notify
