#include "core/tsdb/block/section_reader.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/block/index_format.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {
constexpr std::size_t kLengthBytes = 4;
}  // namespace

Result<SectionReader> SectionReader::Open(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end,
                                          std::string_view what) {
  SectionReader reader(file, offset, end, what);
  TICKBIRD_ASSIGN_OR_RETURN(const auto front, reader.window_.Get(offset, kLengthBytes));
  if (front.size() < kLengthBytes) return reader.Damaged();
  const std::uint32_t length = LoadBe32(&front[0]);
  reader.position_ = offset + kLengthBytes;
  reader.end_ = reader.position_ + length;
  if (reader.end_ + kCrcBytes > end) return reader.Damaged();
  return reader;
}

Result<std::uint32_t> SectionReader::Count() {
  TICKBIRD_ASSIGN_OR_RETURN(const auto bytes, window_.Get(position_, 4));
  if (left() < 4 || bytes.size() < 4) return Damaged();
  const std::uint32_t count = LoadBe32(&bytes[0]);
  Advance(bytes);
  return count;
}

Result<std::uint64_t> SectionReader::Uvarint() {
  TICKBIRD_ASSIGN_OR_RETURN(const auto bytes, window_.Get(position_, kMaxVarintBytes));
  ByteReader reader(bytes);
  const std::uint64_t value = reader.Uvarint();
  const std::size_t used = bytes.size() - reader.left();
  if (!reader.ok() || used > left()) return Damaged();
  Advance(bytes.substr(0, used));
  return value;
}

Result<SectionReader::Bytes> SectionReader::TakeBytes() {
  TICKBIRD_ASSIGN_OR_RETURN(const auto front, window_.Get(position_, kMaxVarintBytes));
  ByteReader reader(front);
  const std::uint64_t length = reader.Uvarint();
  const std::uint64_t length_bytes = front.size() - reader.left();
  if (!reader.ok() || length_bytes > left() || length > left() - length_bytes) return Damaged();
  TICKBIRD_ASSIGN_OR_RETURN(const auto raw, window_.Get(position_, length_bytes + length));
  if (raw.size() < length_bytes + length) return Damaged();
  Advance(raw);
  return Bytes{raw, raw.substr(length_bytes)};
}

Status SectionReader::Finish() {
  while (left() > 0) {
    TICKBIRD_ASSIGN_OR_RETURN(const auto bytes,
                              window_.Get(position_, std::min<std::uint64_t>(left(), FileWindow::kMaxReadAhead)));
    if (bytes.empty()) return Damaged();
    Advance(bytes);
  }
  TICKBIRD_ASSIGN_OR_RETURN(const auto bytes, window_.Get(end_, kCrcBytes));
  if (bytes.size() < kCrcBytes || LoadBe32(&bytes[0]) != checksum_) return Damaged();
  return {};
}

void SectionReader::Advance(std::string_view bytes) {
  checksum_ = Crc32c(bytes, checksum_);
  position_ += bytes.size();
}

Error SectionReader::Damaged() const {
  return {ErrorCode::kCorruption, fmt::format("{} at {} are damaged", what_, offset_)};
}

}  // namespace tickbird::tsdb
