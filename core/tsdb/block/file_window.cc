#include "core/tsdb/block/file_window.h"

#include <algorithm>

namespace tickbird::tsdb {

Status ReadExactly(const RandomAccessFile& file, std::uint64_t offset, std::span<char> out) {
  Status read = file.ReadAt(static_cast<std::int64_t>(offset), out);
  if (!read && read.error().code == ErrorCode::kOutOfBounds) read.error().code = ErrorCode::kCorruption;
  return read;
}

Result<std::string_view> FileWindow::Get(std::uint64_t offset, std::size_t wanted) {
  if (offset >= end_) return std::string_view();
  wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, end_ - offset));
  const std::uint64_t buffer_end = start_ + buffer_.size();
  if (offset < start_ || offset + wanted > buffer_end) {
    const bool goes_on = !buffer_.empty() && offset >= start_ && offset <= buffer_end + kMaxReadAhead;
    read_ahead_ = goes_on ? std::min(read_ahead_ * 2, kMaxReadAhead) : kMinReadAhead;
    const std::uint64_t size = std::min<std::uint64_t>(std::max(wanted, read_ahead_), end_ - offset);
    Status read = Fill(offset, static_cast<std::size_t>(size));
    // What cannot be read may lie behind what is wanted.
    if (!read && size > wanted) read = Fill(offset, wanted);
    if (!read) return Error{std::move(read.error())};
  }
  return std::string_view(buffer_).substr(static_cast<std::size_t>(offset - start_), wanted);
}

Status FileWindow::Fill(std::uint64_t offset, std::size_t size) {
  buffer_.resize(size);
  start_ = offset;
  Status read = ReadExactly(file_, offset, buffer_);
  if (!read) buffer_.clear();
  return read;
}

}  // namespace tickbird::tsdb
