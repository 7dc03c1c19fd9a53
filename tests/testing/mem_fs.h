#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"

namespace tickbird::testing {

/// Files in memory, for tests of what survives: Crash() is a power cut that leaves only what was synced (bytes by
/// WritableFile::Sync, names by SyncDir), and calls can be made to fail. Thread safe. Paths with or without a leading
/// '/' are the same.
class MemFs final : public Fs {
 public:
  MemFs();
  ~MemFs() override;

  /// Loses unsynced bytes and names, and every lock. Files that are open keep working on what is gone.
  void Crash();
  /// Frees every lock, as the death of the process that holds them does.
  void DropLocks();

  /// Calls so far that can fail: everything but Exists and destructors.
  std::int64_t calls() const;
  /// The n-th such call from now (1 is the next one) fails with `code`, once; an Append writes half of its bytes first.
  /// 0: none.
  void FailCall(std::int64_t n, ErrorCode code = ErrorCode::kUnavailable);
  /// From now on all bytes together may not exceed this: an Append writes what fits and fails with kTooLarge. Creating
  /// files and directories needs one byte of room. nullopt: no limit.
  void SetCapacity(std::optional<std::int64_t> bytes);
  /// Bytes of all files.
  std::int64_t used() const;

  /// Replaces the content of a file, synced: to damage it. The file must exist.
  void Overwrite(const std::string& path, std::string content);

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override;
  Result<std::unique_ptr<RandomAccessFile>> OpenRead(const std::string& path) override;
  Result<std::string> Read(const std::string& path, std::int64_t limit_bytes = std::int64_t{1} << 30) override;
  Result<std::int64_t> Size(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  bool Exists(const std::string& path) override;
  Status MakeDirs(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveAll(const std::string& path) override;
  Status SyncDir(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  struct Node;
  class File;
  class ReadFile;
  class LockFile;
  using NodePtr = std::shared_ptr<Node>;

  Status Fail(std::string_view what) TICKBIRD_REQUIRES(mutex_);
  NodePtr Find(std::string_view path) const TICKBIRD_REQUIRES(mutex_);
  NodePtr Parent(const std::string& path, std::string* name) const TICKBIRD_REQUIRES(mutex_);
  Result<std::unique_ptr<WritableFile>> Open(const std::string& path, bool truncate) TICKBIRD_EXCLUDES(mutex_);
  std::int64_t Used() const TICKBIRD_REQUIRES(mutex_);

  mutable Mutex mutex_;
  NodePtr root_ TICKBIRD_GUARDED_BY(mutex_);
  std::shared_ptr<std::set<std::string>> locks_ TICKBIRD_GUARDED_BY(mutex_);
  std::int64_t calls_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  std::int64_t fail_at_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  ErrorCode fail_code_ TICKBIRD_GUARDED_BY(mutex_) = ErrorCode::kUnavailable;
  std::optional<std::int64_t> capacity_ TICKBIRD_GUARDED_BY(mutex_);
};

}  // namespace tickbird::testing
