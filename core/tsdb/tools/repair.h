#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

struct RepairReport {
  std::vector<std::string> actions;   ///< What was done (or would be), one sentence each.
  std::vector<std::string> failures;  ///< What could not be repaired.
};

/// Verifies every block and puts a block of all that can be read in the place of each damaged one, which is kept as
/// <ULID>.damaged; one of which nothing can be read is only set aside. Then repairs the logs as a start does: torn ends
/// are cut off, damaged segments become NNNNNNNN.damaged with their good front in their place. With `dry_run` nothing
/// is changed. kUnavailable: a running agent has the directory. kUnsupported: something in it is of a version that is
/// not known; nothing is touched then. Others as VerifyDirectory.
Result<RepairReport> RepairDirectory(Fs& fs, const std::string& directory, bool dry_run, TimestampMs now);

}  // namespace tickbird::tsdb
