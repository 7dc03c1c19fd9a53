#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace tickbird {

/// A file that is only appended to. Not thread safe. Closed by the destructor without a sync.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  /// Hands all bytes to the operating system, or fails; after a failure the file may hold a part of them (see
  /// Truncate).
  virtual Status Append(std::string_view bytes) = 0;
  /// Returns when what was appended survives a power cut.
  virtual Status Sync() = 0;
  /// Cuts the file to `size` bytes; the next Append goes there.
  virtual Status Truncate(std::int64_t size) = 0;
};

/// A file that is read in places. Thread safe. Stays readable after the file was removed or renamed.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  /// As it was when the file was opened.
  virtual std::int64_t size() const = 0;
  /// Fills `out` with the bytes from `offset` on. kOutOfBounds when the file ends before.
  virtual Status ReadAt(std::int64_t offset, std::span<char> out) const = 0;
};

/// Held while it lives; another process that tries to take it gets kUnavailable.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// Everything that the store does to a disk. The seam for tests that fail each call in turn or drop unsynced bytes.
/// Implementations are thread safe; paths are relative to the process or absolute. Errors as ErrnoError gives them
/// (disk full: kTooLarge).
class Fs {
 public:
  virtual ~Fs() = default;
  /// Creates or empties the file.
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  /// Opens at the end, creating the file when it is missing.
  virtual Result<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) = 0;
  virtual Result<std::unique_ptr<RandomAccessFile>> OpenRead(const std::string& path) = 0;
  /// The whole file. kTooLarge above `limit_bytes`.
  virtual Result<std::string> Read(const std::string& path, std::int64_t limit_bytes = std::int64_t{1} << 30) = 0;
  virtual Result<std::int64_t> Size(const std::string& path) = 0;
  /// Names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual bool Exists(const std::string& path) = 0;
  /// Creates the directory and its parents; fine when it exists.
  virtual Status MakeDirs(const std::string& directory) = 0;
  /// Atomic within one file system; replaces the target.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// A second name for the same file, which must not change any more; where the file system has none, a copy.
  virtual Status Link(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;
  /// Removes a file or a directory with all in it; fine when it is missing.
  virtual Status RemoveAll(const std::string& path) = 0;
  /// Makes creations, renames and removals in a directory survive a power cut.
  virtual Status SyncDir(const std::string& directory) = 0;
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

/// The operating system's files.
class PosixFs final : public Fs {
 public:
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
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
};

/// Joins with one '/' in between.
std::string JoinPath(std::string_view directory, std::string_view name);
/// The directory that holds `path`: "." when the path names none.
std::string ParentPath(const std::string& path);
/// Makes the directory and what is missing above it, so that the names survive a power cut; its own also when an
/// earlier try got no further than making it.
Status MakeDurableDirs(Fs& fs, const std::string& directory);

}  // namespace tickbird
