#include "core/tsdb/block/file_writer.h"

#include <utility>

namespace tickbird::tsdb {

Result<FileWriter> FileWriter::Create(Fs& fs, const std::string& path) {
  TICKBIRD_ASSIGN_OR_RETURN(auto file, fs.Create(path));
  return FileWriter(std::move(file));
}

Status FileWriter::Append(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) TICKBIRD_RETURN_IF_ERROR(Flush());
  if (bytes.size() >= kBufferBytes) {
    TICKBIRD_RETURN_IF_ERROR(file_->Append(bytes));
    written_ += bytes.size();
    return {};
  }
  buffer_ += bytes;
  return {};
}

Status FileWriter::Pad(std::uint64_t alignment) {
  const std::uint64_t over = position() % alignment;
  return over == 0 ? Status() : Append(std::string(static_cast<std::size_t>(alignment - over), '\0'));
}

Status FileWriter::Flush() {
  if (buffer_.empty()) return {};
  TICKBIRD_RETURN_IF_ERROR(file_->Append(buffer_));
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status FileWriter::Sync() {
  TICKBIRD_RETURN_IF_ERROR(Flush());
  return file_->Sync();
}

}  // namespace tickbird::tsdb
