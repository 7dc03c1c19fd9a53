#include "core/base/fs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

namespace tickbird {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public WritableFile {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoError(errno, "write " + path_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return ErrnoError(errno, "sync " + path_);
    return {};
  }

  Status Truncate(std::int64_t size) override {
    // The file is in append mode: the next write goes to the new end by itself.
    if (::ftruncate(fd_.get(), size) != 0) return ErrnoError(errno, "truncate " + path_);
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixReadFile final : public RandomAccessFile {
 public:
  PosixReadFile(Descriptor fd, std::string path, std::int64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  std::int64_t size() const override { return size_; }

  Status ReadAt(std::int64_t offset, std::span<char> out) const override {
    while (!out.empty()) {
      const auto got = ::pread(fd_.get(), out.data(), out.size(), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoError(errno, "read " + path_);
      if (got == 0) return Error{ErrorCode::kOutOfBounds, fmt::format("read {}: the file ends at {}", path_, offset)};
      out = out.subspan(static_cast<std::size_t>(got));
      offset += got;
    }
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
  std::int64_t size_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

Result<std::unique_ptr<WritableFile>> OpenFile(const std::string& path, int flags) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644));
  if (fd.get() < 0) return ErrnoError(errno, "open " + path);
  return std::unique_ptr<WritableFile>(std::make_unique<PosixFile>(std::move(fd), path));
}

Status FromErrorCode(const std::error_code& code, std::string_view context) {
  if (!code) return {};
  return ErrnoError(code.value(), context);
}

}  // namespace

Result<std::unique_ptr<WritableFile>> PosixFs::Create(const std::string& path) {
  return OpenFile(path, O_TRUNC);
}
Result<std::unique_ptr<WritableFile>> PosixFs::OpenAppend(const std::string& path) {
  return OpenFile(path, 0);
}

Result<std::unique_ptr<RandomAccessFile>> PosixFs::OpenRead(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoError(errno, "open " + path);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return ErrnoError(errno, "stat " + path);
  if (S_ISDIR(info.st_mode)) return ErrnoError(EISDIR, "read " + path);
  return std::unique_ptr<RandomAccessFile>(std::make_unique<PosixReadFile>(std::move(fd), path, info.st_size));
}

Result<std::string> PosixFs::Read(const std::string& path, std::int64_t limit_bytes) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoError(errno, "open " + path);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return ErrnoError(errno, "stat " + path);
  if (S_ISDIR(info.st_mode)) return ErrnoError(EISDIR, "read " + path);
  std::string bytes;
  // Files in /proc say size 0: read until the end, not until the size.
  std::size_t used = 0;
  bytes.resize(std::max<std::size_t>(static_cast<std::size_t>(info.st_size) + 1, 4096));
  while (true) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const auto got = ::read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "read " + path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (static_cast<std::int64_t>(used) > limit_bytes) {
      return Error{ErrorCode::kTooLarge, fmt::format("read {}: larger than {} bytes", path, limit_bytes)};
    }
  }
  bytes.resize(used);
  return bytes;
}

Result<std::int64_t> PosixFs::Size(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return ErrnoError(errno, "stat " + path);
  return static_cast<std::int64_t>(info.st_size);
}

Result<std::vector<std::string>> PosixFs::List(const std::string& directory) {
  std::error_code code;
  std::vector<std::string> names;
  for (auto it = std::filesystem::directory_iterator(directory, code);
       !code && it != std::filesystem::directory_iterator(); it.increment(code)) {
    names.push_back(it->path().filename().string());
  }
  TICKBIRD_RETURN_IF_ERROR(FromErrorCode(code, "list " + directory));
  std::sort(names.begin(), names.end());
  return names;
}

bool PosixFs::Exists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

Status PosixFs::MakeDirs(const std::string& directory) {
  std::error_code code;
  std::filesystem::create_directories(directory, code);
  return FromErrorCode(code, "create " + directory);
}

Status PosixFs::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return ErrnoError(errno, "rename " + from + " to " + to);
  return {};
}

Status PosixFs::Link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  const int link_errno = errno;
  if (link_errno != EPERM && link_errno != EXDEV && link_errno != EMLINK && link_errno != ENOTSUP)
    return ErrnoError(link_errno, "link " + from + " to " + to);
  std::error_code code;
  std::filesystem::copy_file(from, to, code);
  return FromErrorCode(code, "copy " + from + " to " + to);
}

Status PosixFs::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return ErrnoError(errno, "remove " + path);
  return {};
}

Status PosixFs::RemoveAll(const std::string& path) {
  std::error_code code;
  std::filesystem::remove_all(path, code);
  return FromErrorCode(code, "remove " + path);
}

Status PosixFs::SyncDir(const std::string& directory) {
  Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return ErrnoError(errno, "open " + directory);
  if (::fsync(fd.get()) != 0) return ErrnoError(errno, "sync " + directory);
  return {};
}

Result<std::unique_ptr<FileLock>> PosixFs::Lock(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0) return ErrnoError(errno, "open " + path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable, fmt::format("{} is locked by another process", path)};
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(fd)));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return fmt::format("{}{}{}", directory, directory.back() == '/' ? "" : "/", name);
}

std::string ParentPath(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status MakeDurableDirs(Fs& fs, const std::string& directory) {
  std::vector<std::string> parents = {ParentPath(directory)};
  while (!fs.Exists(parents.back())) parents.push_back(ParentPath(parents.back()));
  TICKBIRD_RETURN_IF_ERROR(fs.MakeDirs(directory));
  for (const std::string& parent : parents) TICKBIRD_RETURN_IF_ERROR(fs.SyncDir(parent));
  return {};
}

}  // namespace tickbird
