#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/block/block.h"

/// What is in a data directory: Prometheus' layout. Source: prometheus/prometheus tsdb/db.go (open, openBlocks,
/// removeBestEffortTmpDirs), tsdb/tsdbutil/dir_locker.go.
namespace tickbird::tsdb {

/// Ends of the names of what is being made, being removed, or set aside because it is damaged.
inline constexpr std::string_view kForCreation = ".tmp-for-creation";
inline constexpr std::string_view kForDeletion = ".tmp-for-deletion";
inline constexpr std::string_view kDamaged = ".damaged";
/// The directory with the snapshots.
inline constexpr std::string_view kSnapshots = "snapshots";

/// Hints in the meta of blocks that hold old samples which came late: the head may have samples of the same time.
inline constexpr std::string_view kHintImported = "imported";
inline constexpr std::string_view kHintOutOfOrder = "from-out-of-order";
/// The block is what could be read of its damaged parent.
inline constexpr std::string_view kHintRepaired = "tickbird-repaired";
bool HasHint(const BlockMeta& meta, std::string_view hint);
/// It has one of the first two.
bool CameLate(const BlockMeta& meta);

/// Makes the directory when it is missing and takes `<directory>/lock`. The errors say what to do.
Result<std::unique_ptr<FileLock>> LockDataDirectory(Fs& fs, const std::string& directory);
/// Adds what to do to errors of a directory that is full, or may not be written.
Error ExplainDirectoryError(const std::string& directory, Error error);

/// Writes a few pages to a file and removes it: an error now, with what to do, rather than a process that keeps
/// nothing.
Status CheckDirectoryWritable(Fs& fs, const std::string& directory);

struct SetAside {
  std::string ulid;
  std::string why;
};

/// What a start found.
struct DirectorySurvey {
  std::vector<std::shared_ptr<Block>> blocks;  ///< By min_time; those to be served.
  std::vector<SetAside> damaged;               ///< To be renamed to <ULID>.damaged.
  std::vector<std::string> superseded;  ///< ULIDs of blocks that others replace, or that are empty: to be removed.
  std::vector<std::string> leftovers;   ///< Paths of what a crash left half made or half removed.
};

/// Opens all blocks and changes nothing. kUnsupported: a block was written by a version that we do not know. What
/// cannot be read for another reason than kPermissionDenied is tried once more and then counts as damaged.
Result<DirectorySurvey> SurveyDataDirectory(Fs& fs, const std::string& directory);

/// Samples older than this are in blocks: the end of the last one whose samples did not come late. kNoTime: none.
TimestampMs HeadBoundary(const std::vector<std::shared_ptr<Block>>& blocks);

}  // namespace tickbird::tsdb
