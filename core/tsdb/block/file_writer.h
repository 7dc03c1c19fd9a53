#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

/// Writes a new file in large pieces and knows how far it got. After a failure it is of no more use. Not thread safe.
class FileWriter {
 public:
  static Result<FileWriter> Create(Fs& fs, const std::string& path);

  Status Append(std::string_view bytes);
  /// Zeros up to a multiple of `alignment`.
  Status Pad(std::uint64_t alignment);
  /// Bytes so far.
  std::uint64_t position() const { return written_ + buffer_.size(); }
  /// Hands over what is still in the buffer, so that others who open the file see it.
  Status Flush();
  /// Flush, and returns when all of it survives a power cut.
  Status Sync();

 private:
  explicit FileWriter(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
  std::uint64_t written_ = 0;
};

}  // namespace tickbird::tsdb
