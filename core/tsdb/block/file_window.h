#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

/// Fills `out` from `offset` on. A file that ends before is damaged here: kCorruption. Other errors are the disk's.
Status ReadExactly(const RandomAccessFile& file, std::uint64_t offset, std::span<char> out);

/// Reads a part of a file in mostly ascending order: reads ahead as long as the next bytes lie close behind the last,
/// and no more than asked (a KiB or two) after a jump. The file must outlive it. Not thread safe.
class FileWindow {
 public:
  static constexpr std::size_t kMaxReadAhead = 64 * 1024;

  /// Nothing at or behind `end` is read.
  FileWindow(const RandomAccessFile& file, std::uint64_t end) : file_(file), end_(end) {}

  /// The bytes from `offset` on, `wanted` of them or as many as there are before the end. The view lives until the next
  /// call. Errors are the disk's.
  Result<std::string_view> Get(std::uint64_t offset, std::size_t wanted);

 private:
  static constexpr std::size_t kMinReadAhead = 2 * 1024;

  Status Fill(std::uint64_t offset, std::size_t size);

  const RandomAccessFile& file_;
  std::uint64_t end_;
  std::uint64_t start_ = 0;  // of the buffer, in the file
  std::string buffer_;
  std::size_t read_ahead_ = kMinReadAhead;
};

}  // namespace tickbird::tsdb
