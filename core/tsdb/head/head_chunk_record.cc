#include "core/tsdb/head/head_chunk_record.h"

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

constexpr char kOutOfOrderBit = '\x80';
// Reference, two times, encoding; then at most five bytes of length.
constexpr std::size_t kFixedBytes = 25;
constexpr std::size_t kMostLengthBytes = 5;
constexpr std::size_t kChecksumBytes = 4;
// A ChunkRef holds no more.
constexpr std::uint64_t kMostDataBytes = (std::uint64_t{1} << 24) - 1;

void PutBe32(std::string* out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

std::uint32_t LoadBe32(std::string_view at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(at[i]);
  return value;
}

}  // namespace

std::string_view HeadChunkFileHeader() {
  static constexpr char kHeader[kHeadChunkFileHeaderBytes] = {0x01, 0x30, '\xbc', '\x91', 1, 0, 0, 0};
  return {kHeader, sizeof kHeader};
}

HeadChunkFileKind KindOfHeadChunkFile(std::string_view header) {
  const std::string_view ours = HeadChunkFileHeader();
  if (header.starts_with(ours)) return HeadChunkFileKind::kOurs;
  const bool is_other_version = header.substr(0, 4) == ours.substr(0, 4) && header[4] != ours[4];
  return is_other_version ? HeadChunkFileKind::kOtherVersion : HeadChunkFileKind::kForeign;
}

void AppendHeadChunk(std::string* out, SeriesRef series, const ChunkRef& chunk) {
  const std::size_t start = out->size();
  PutBe64(*out, series);
  PutBe64(*out, static_cast<std::uint64_t>(chunk.min_time()));
  PutBe64(*out, static_cast<std::uint64_t>(chunk.max_time()));
  out->push_back(static_cast<char>(chunk.encoding()));
  PutUvarintBytes(*out, chunk.bytes());
  PutBe32(out, Crc32c(std::string_view(*out).substr(start)));
}

HeadChunkParse ParseHeadChunk(std::string_view bytes, HeadChunkRecord* record, std::size_t* size) {
  if (bytes.size() < kFixedBytes + 1) {
    *size = kFixedBytes + kMostLengthBytes;
    return bytes.find_first_not_of('\0') == std::string_view::npos ? HeadChunkParse::kZeros
                                                                   : HeadChunkParse::kIncomplete;
  }
  ByteReader reader(bytes);
  record->series = reader.Be64();
  record->min_time = static_cast<TimestampMs>(reader.Be64());
  record->max_time = static_cast<TimestampMs>(reader.Be64());
  const std::uint8_t encoding = reader.Byte();
  record->is_out_of_order = (static_cast<char>(encoding) & kOutOfOrderBit) != 0;
  record->encoding = encoding & 0x7f;
  // References start at 1.
  if (record->series == 0 && record->min_time == 0 && record->max_time == 0) {
    *size = bytes.size();
    return HeadChunkParse::kZeros;
  }
  const std::uint64_t length = reader.Uvarint();
  if (!reader.ok()) {
    *size = kFixedBytes + kMostLengthBytes;
    return bytes.size() < *size ? HeadChunkParse::kIncomplete : HeadChunkParse::kDamaged;
  }
  if (length > kMostDataBytes) return HeadChunkParse::kDamaged;
  const std::size_t data_at = bytes.size() - reader.left();
  const std::size_t checksum_at = data_at + static_cast<std::size_t>(length);
  *size = checksum_at + kChecksumBytes;
  if (bytes.size() < *size) return HeadChunkParse::kIncomplete;
  record->data = bytes.substr(data_at, static_cast<std::size_t>(length));
  const bool is_whole = Crc32c(bytes.substr(0, checksum_at)) == LoadBe32(bytes.substr(checksum_at));
  return is_whole && record->min_time <= record->max_time ? HeadChunkParse::kRecord : HeadChunkParse::kDamaged;
}

}  // namespace tickbird::tsdb
