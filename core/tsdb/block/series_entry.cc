#include "core/tsdb/block/series_entry.h"

#include <limits>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

/// A damaged length must not take the memory of a whole index: this is some hundred thousand chunks.
constexpr std::uint64_t kMaxEntryBytes = std::uint64_t{8} << 20;

// Times wrap around as in Go: a file may say anything.
std::uint64_t Distance(TimestampMs from, TimestampMs to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}
TimestampMs Later(TimestampMs from, std::uint64_t distance) {
  return static_cast<TimestampMs>(static_cast<std::uint64_t>(from) + distance);
}

Error Damaged(std::uint64_t offset) {
  return {ErrorCode::kCorruption, fmt::format("the series at {} is damaged", offset)};
}

bool DecodeChunks(ByteReader* reader, std::vector<ChunkMeta>* chunks) {
  const std::uint64_t count = reader->Uvarint();
  // Each takes three bytes at least.
  if (!reader->ok() || count > reader->left() / 3) return false;
  chunks->reserve(static_cast<std::size_t>(count));
  ChunkMeta before;
  for (std::uint64_t i = 0; i < count; ++i) {
    ChunkMeta chunk;
    chunk.min_time = i == 0 ? reader->Varint() : Later(before.max_time, reader->Uvarint());
    chunk.max_time = Later(chunk.min_time, reader->Uvarint());
    chunk.ref = i == 0 ? reader->Uvarint() : before.ref + static_cast<std::uint64_t>(reader->Varint());
    if (chunk.min_time > chunk.max_time || (i > 0 && chunk.min_time <= before.max_time)) return false;
    chunks->push_back(chunk);
    before = chunk;
  }
  return reader->ok();
}

}  // namespace

void AppendSeriesEntry(std::string* out, std::span<const SymbolPair> labels, std::span<const ChunkMeta> chunks) {
  std::string entry;
  PutUvarint(entry, labels.size());
  for (const SymbolPair& label : labels) {
    PutUvarint(entry, label.name);
    PutUvarint(entry, label.value);
  }
  PutUvarint(entry, chunks.size());
  const ChunkMeta* before = nullptr;
  for (const ChunkMeta& chunk : chunks) {
    if (!before) {
      PutVarint(entry, chunk.min_time);
    } else {
      PutUvarint(entry, Distance(before->max_time, chunk.min_time));
    }
    PutUvarint(entry, Distance(chunk.min_time, chunk.max_time));
    if (!before) {
      PutUvarint(entry, chunk.ref);
    } else {
      PutVarint(entry, static_cast<std::int64_t>(chunk.ref - before->ref));
    }
    before = &chunk;
  }
  PutUvarintBytes(*out, entry);
  PutBe32(*out, Crc32c(entry));
}

Result<std::string_view> ReadSeriesEntry(FileWindow& window, std::uint64_t offset) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto front, window.Get(offset, kMaxVarintBytes));
  ByteReader reader(front);
  const std::uint64_t length = reader.Uvarint();
  if (!reader.ok() || length > kMaxEntryBytes) return Damaged(offset);
  const std::size_t length_bytes = front.size() - reader.left();
  TICKBIRD_ASSIGN_OR_RETURN(const auto bytes, window.Get(offset + length_bytes, length + kCrcBytes));
  if (bytes.size() < length + kCrcBytes) return Damaged(offset);
  const std::string_view entry = bytes.substr(0, length);
  if (Crc32c(entry) != LoadBe32(bytes.data() + length)) return Damaged(offset);
  return entry;
}

bool DecodeSeriesEntry(std::string_view entry, std::vector<SymbolPair>* labels, std::vector<ChunkMeta>* chunks) {
  labels->clear();
  ByteReader reader(entry);
  const std::uint64_t count = reader.Uvarint();
  if (!reader.ok() || count > reader.left() / 2) return false;
  labels->reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t name = reader.Uvarint();
    const std::uint64_t value = reader.Uvarint();
    if (name > std::numeric_limits<std::uint32_t>::max() || value > std::numeric_limits<std::uint32_t>::max())
      return false;
    labels->push_back({static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(value)});
  }
  if (!chunks) return reader.ok();
  chunks->clear();
  return reader.ok() && DecodeChunks(&reader, chunks);
}

}  // namespace tickbird::tsdb
