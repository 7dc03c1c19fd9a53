#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

/// What reading everything found.
struct Findings {
  std::vector<std::string> damages;  ///< One sentence each, with file and, where there is one, offset.
  std::vector<std::string> notes;    ///< What is no damage but good to know: torn ends, leftovers.
  std::int64_t blocks = 0;
  std::int64_t series = 0;  ///< Of all blocks.
  std::int64_t chunks = 0;
  std::int64_t samples = 0;
  std::int64_t log_records = 0;
};

/// Reads a block as a whole: meta.json, index with every postings list, every series, every sample of every chunk,
/// tombstones, and the roll-ups, which are held against the samples. Nothing is changed.
void VerifyBlock(Fs& fs, const std::string& block_directory, Findings* findings);

/// Reads the segments and checkpoints of `wal/` and `wbl/`, and the chunks of `chunks_head/`. A torn end of the last
/// file is what a crash leaves and a start cuts off: a note.
void VerifyLogs(Fs& fs, const std::string& directory, Findings* findings);

/// Both, for all of a data directory. kNotFound, kPermissionDenied: it cannot be listed.
Result<Findings> VerifyDirectory(Fs& fs, const std::string& directory);

}  // namespace tickbird::tsdb
