#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"

namespace tickbird::tsdb {

/// Another Fs as it is, with every change kept in memory: lets the head replay the logs of a directory that belongs to
/// somebody else, repairs included, without touching it. What was changed comes from memory, the rest from below.
/// Thread safe. Changes last as long as this object. Bytes of changed files are held whole.
class OverlayFs final : public Fs {
 public:
  /// `below` must outlive it and is only read.
  explicit OverlayFs(Fs& below) : below_(below) {}

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override;
  Result<std::unique_ptr<RandomAccessFile>> OpenRead(const std::string& path) override;
  Result<std::string> Read(const std::string& path, std::int64_t limit_bytes) override;
  Result<std::int64_t> Size(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  bool Exists(const std::string& path) override;
  Status MakeDirs(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveAll(const std::string& path) override;
  Status SyncDir(const std::string& directory) override;
  /// Always given: whoever holds the real one goes on undisturbed.
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  class File;
  class ReadFile;
  using Content = std::shared_ptr<std::string>;

  Result<Content> ContentOf(const std::string& path) TICKBIRD_REQUIRES(mutex_);
  bool IsHidden(const std::string& path) const TICKBIRD_REQUIRES(mutex_);
  Status Put(const std::string& path, Content content) TICKBIRD_REQUIRES(mutex_);

  Fs& below_;
  Mutex mutex_;
  std::map<std::string, Content> files_ TICKBIRD_GUARDED_BY(mutex_);  // changed or new
  std::set<std::string> directories_ TICKBIRD_GUARDED_BY(mutex_);     // new
  std::set<std::string> hidden_ TICKBIRD_GUARDED_BY(mutex_);  // of those below: removed or renamed, with all in them
};

}  // namespace tickbird::tsdb
