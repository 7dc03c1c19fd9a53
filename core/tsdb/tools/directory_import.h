#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/tools/import_stage.h"

namespace tickbird::tsdb {

struct DirectoryImport {
  std::int64_t linked_blocks = 0;
  std::int64_t written_blocks = 0;   ///< Of what stood in the logs.
  std::int64_t known_blocks = 0;     ///< Skipped: they are there already.
  std::vector<std::string> skipped;  ///< With `go_on`: what could not be imported, one sentence each.
};

/// Stages all that another data directory holds, ours or Prometheus': its blocks as they are, the samples of its logs
/// as blocks. That directory is not changed. kOutOfBounds: it has samples from ImportStage::limit on. kCorruption: a
/// block of it cannot be opened. With `go_on` these are left out instead, and the rest is staged.
Result<DirectoryImport> ImportDirectory(Fs& fs, const std::string& from, bool go_on, ImportStage* stage);

}  // namespace tickbird::tsdb
