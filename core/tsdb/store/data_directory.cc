#include "core/tsdb/store/data_directory.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/chunk/chunk_ref.h"

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kLockName = "lock";
constexpr std::string_view kProbeName = "probe.tmp";
constexpr std::size_t kProbeBytes = std::size_t{64} << 10;
// How older versions of Prometheus named both kinds.
constexpr std::string_view kOldTemporary = ".tmp";

bool IsLeftover(std::string_view name) {
  for (const std::string_view end : {kForCreation, kForDeletion, kOldTemporary}) {
    if (name.ends_with(end) && IsUlid(name.substr(0, name.size() - end.size()))) return true;
  }
  return false;
}

/// A second try tells a disk that stumbled from one that is broken.
Result<std::shared_ptr<Block>> OpenBlock(Fs& fs, const std::string& path) {
  auto block = Block::Open(fs, path);
  if (!block && block.error().code != ErrorCode::kUnsupported) block = Block::Open(fs, path);
  return block;
}

Error ExplainVersion(const std::string& directory, Error error) {
  return {error.code, fmt::format("the data directory {} was written by a version that this one does not know ({}); "
                                  "nothing was changed: start the newer version again, or use another directory",
                                  directory, error.message)};
}

class Surveyor {
 public:
  Surveyor(Fs& fs, const std::string& directory) : fs_(fs), directory_(directory) {}

  Status Visit(const std::string& name) {
    if (IsLeftover(name)) survey_.leftovers.push_back(JoinPath(directory_, name));
    if (name == kSnapshots) return VisitSnapshots();
    if (!IsUlid(name)) return {};
    auto block = OpenBlock(fs_, JoinPath(directory_, name));
    if (block) {
      survey_.blocks.push_back(std::move(*block));
    } else if (block.error().code == ErrorCode::kUnsupported) {
      return ExplainVersion(directory_, std::move(block.error()));
    } else if (block.error().code == ErrorCode::kPermissionDenied) {
      return ExplainDirectoryError(directory_, std::move(block.error()));
    } else {
      survey_.damaged.push_back({name, block.error().message});
    }
    return {};
  }

  DirectorySurvey Finish() {
    SortOutReplaced();
    std::sort(survey_.blocks.begin(), survey_.blocks.end(), [](const auto& a, const auto& b) {
      return std::pair(a->meta().min_time, std::string_view(a->meta().ulid)) <
             std::pair(b->meta().min_time, std::string_view(b->meta().ulid));
    });
    return std::move(survey_);
  }

 private:
  Status VisitSnapshots() {
    const std::string snapshots = JoinPath(directory_, kSnapshots);
    const auto names = fs_.List(snapshots);
    if (!names) return {};
    for (const std::string& name : *names) {
      if (name.ends_with(kForCreation)) survey_.leftovers.push_back(JoinPath(snapshots, name));
    }
    return {};
  }

  /// A finished compaction names the blocks that it replaces; after a crash they may still be there.
  void SortOutReplaced() {
    std::set<std::string> replaced;
    std::set<std::string> repaired;
    for (const auto& block : survey_.blocks) {
      for (const BlockParent& parent : block->meta().parents) {
        (HasHint(block->meta(), kHintRepaired) ? repaired : replaced).insert(parent.ulid);
      }
    }
    std::erase_if(survey_.blocks, [&](const std::shared_ptr<Block>& block) {
      const BlockMeta& meta = block->meta();
      if (repaired.contains(meta.ulid)) {
        survey_.damaged.push_back({meta.ulid, "a part of it is damaged; the rest was copied"});
      } else if (replaced.contains(meta.ulid) || meta.deletable) {
        survey_.superseded.push_back(meta.ulid);
      } else {
        return false;
      }
      return true;
    });
  }

  Fs& fs_;
  const std::string& directory_;
  DirectorySurvey survey_;
};

}  // namespace

bool HasHint(const BlockMeta& meta, std::string_view hint) {
  return std::find(meta.hints.begin(), meta.hints.end(), hint) != meta.hints.end();
}

bool CameLate(const BlockMeta& meta) {
  return HasHint(meta, kHintImported) || HasHint(meta, kHintOutOfOrder);
}

Error ExplainDirectoryError(const std::string& directory, Error error) {
  if (error.code == ErrorCode::kPermissionDenied) {
    error.message = fmt::format(
        "cannot use the data directory {}: {}; it belongs to another user or is mounted read-only: give it to the user "
        "who runs this process (chown), mount it writable, or use another directory",
        directory, error.message);
  } else if (error.code == ErrorCode::kTooLarge) {
    error.message =
        fmt::format("the disk of the data directory {} is full: {}; free some space, or lower the retention", directory,
                    error.message);
  } else {
    error.message = fmt::format("data directory {}: {}", directory, error.message);
  }
  return error;
}

Result<std::unique_ptr<FileLock>> LockDataDirectory(Fs& fs, const std::string& directory) {
  if (auto made = MakeDurableDirs(fs, directory); !made)
    return ExplainDirectoryError(directory, std::move(made.error()));
  auto lock = fs.Lock(JoinPath(directory, kLockName));
  if (lock) return lock;
  if (lock.error().code != ErrorCode::kUnavailable) return ExplainDirectoryError(directory, std::move(lock.error()));
  return Error{ErrorCode::kUnavailable,
               fmt::format("the data directory {} is in use by another process ({}): stop that "
                           "one, or use another directory",
                           directory, lock.error().message)};
}

Status CheckDirectoryWritable(Fs& fs, const std::string& directory) {
  const std::string path = JoinPath(directory, kProbeName);
  const auto write = [&]() -> Status {
    TICKBIRD_ASSIGN_OR_RETURN(const auto file, fs.Create(path));
    TICKBIRD_RETURN_IF_ERROR(file->Append(std::string(kProbeBytes, '\0')));
    return file->Sync();
  };
  Status written = write();
  [[maybe_unused]] const Status removed =
      fs.Remove(path);  // in vain when it could not be made; else the next start will
  if (!written) return ExplainDirectoryError(directory, std::move(written.error()));
  return {};
}

Result<DirectorySurvey> SurveyDataDirectory(Fs& fs, const std::string& directory) {
  auto names = fs.List(directory);
  if (!names) return ExplainDirectoryError(directory, std::move(names.error()));
  Surveyor surveyor(fs, directory);
  for (const std::string& name : *names) TICKBIRD_RETURN_IF_ERROR(surveyor.Visit(name));
  return surveyor.Finish();
}

TimestampMs HeadBoundary(const std::vector<std::shared_ptr<Block>>& blocks) {
  TimestampMs boundary = kNoTime;
  for (const auto& block : blocks) {
    if (!CameLate(block->meta())) boundary = std::max(boundary, block->meta().max_time);
  }
  return boundary;
}

}  // namespace tickbird::tsdb
