#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace tickbird::samplers {

/// Where files are read into: one buffer for all, since each is parsed before the next is read. Grows to the largest
/// file and stays there. Not thread safe.
class ReadBuffer {
 public:
  /// A file above this is refused: no file of the kernel that we read comes near it.
  static constexpr std::size_t kMaxFileBytes = std::size_t{8} << 20;

  char* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  void Grow() { bytes_.resize(bytes_.size() * 2); }

 private:
  std::string bytes_ = std::string(8192, '\0');
};

/// One file of /proc, /sys or a cgroup that is read again and again: it stays open, and each Read starts at offset 0,
/// for which the kernel makes the text anew. Opened at the first Read; after a failed read (the cgroup was removed, the
/// module unloaded) it is closed and opened once more, so a file that comes back is found. Not thread safe.
class ProcFile {
 public:
  explicit ProcFile(std::string path) : path_(std::move(path)) {}
  ProcFile(ProcFile&& other) noexcept;
  ProcFile& operator=(ProcFile&& other) noexcept;
  ~ProcFile() { Close(); }

  /// The whole file. The view is good until the next Read into `buffer`. Errors as ErrnoError gives them: kNotFound,
  /// kPermissionDenied, kUnavailable; kTooLarge above ReadBuffer::kMaxFileBytes.
  Result<std::string_view> Read(ReadBuffer& buffer);

  void Close();
  const std::string& path() const { return path_; }

 private:
  Status Open();

  std::string path_;
  int fd_ = -1;
};

/// A file that many kernels do not have. While it cannot be read it is tried again only every kRoundsBetweenTries
/// rounds, so that a missing file costs nothing.
class OptionalFile {
 public:
  static constexpr std::uint64_t kRoundsBetweenTries = 64;

  explicit OptionalFile(std::string path) : file_(std::move(path)) {}

  /// Nothing when the file cannot be read, for whatever reason. The view is good until the next Read into `buffer`.
  std::optional<std::string_view> Read(std::uint64_t round, ReadBuffer& buffer);
  const std::string& path() const { return file_.path(); }

 private:
  ProcFile file_;
  std::uint64_t next_try_ = 0;
};

/// Reads a file that is wanted rarely: opened and closed each time.
Result<std::string_view> ReadOnce(const std::string& path, ReadBuffer& buffer);
/// The same, relative to an open directory: /proc/<pid> held open names one process for good, its number does not.
Result<std::string_view> ReadOnceAt(int directory_fd, const char* name, ReadBuffer& buffer);

}  // namespace tickbird::samplers
