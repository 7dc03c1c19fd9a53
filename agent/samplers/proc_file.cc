#include "agent/samplers/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tickbird::samplers {
namespace {

// The bytes of the file, or a negative errno.
ssize_t ReadAll(int fd, ReadBuffer& buffer) {
  std::size_t used = 0;
  for (;;) {
    // A short read is not the end: the kernel hands its sequence files out a page or a record at a time.
    const ssize_t got = pread(fd, buffer.data() + used, buffer.size() - used, static_cast<off_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) return static_cast<ssize_t>(used);
    used += static_cast<std::size_t>(got);
    if (used < buffer.size()) continue;
    if (used >= ReadBuffer::kMaxFileBytes) return -EFBIG;
    buffer.Grow();
  }
}

Error ReadError(int error_number, const std::string& path) {
  if (error_number != EFBIG) return ErrnoError(error_number, "read " + path);
  return {.code = ErrorCode::kTooLarge,
          .message = "read " + path + ": larger than " + std::to_string(ReadBuffer::kMaxFileBytes) + " bytes"};
}

}  // namespace

ProcFile::ProcFile(ProcFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

ProcFile& ProcFile::operator=(ProcFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

void ProcFile::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Status ProcFile::Open() {
  fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return ErrnoError(errno, "open " + path_);
  return {};
}

Result<std::string_view> ProcFile::Read(ReadBuffer& buffer) {
  const bool was_open = fd_ >= 0;
  if (!was_open) TICKBIRD_RETURN_IF_ERROR(Open());
  ssize_t got = ReadAll(fd_, buffer);
  if (got < 0 && was_open) {
    Close();
    TICKBIRD_RETURN_IF_ERROR(Open());
    got = ReadAll(fd_, buffer);
  }
  if (got < 0) {
    Close();
    return ReadError(static_cast<int>(-got), path_);
  }
  return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

std::optional<std::string_view> OptionalFile::Read(std::uint64_t round, ReadBuffer& buffer) {
  if (round < next_try_) return std::nullopt;
  const Result<std::string_view> text = file_.Read(buffer);
  if (text) return *text;
  next_try_ = round + kRoundsBetweenTries;
  return std::nullopt;
}

Result<std::string_view> ReadOnceAt(int directory_fd, const char* name, ReadBuffer& buffer) {
  const int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(errno, std::string("open ") + name);
  const ssize_t got = ReadAll(fd, buffer);
  close(fd);
  if (got < 0) return ReadError(static_cast<int>(-got), name);
  return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

Result<std::string_view> ReadOnce(const std::string& path, ReadBuffer& buffer) {
  return ReadOnceAt(AT_FDCWD, path.c_str(), buffer);
}

}  // namespace tickbird::samplers
