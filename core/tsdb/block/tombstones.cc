#include "core/tsdb/block/tombstones.h"

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/block/file_writer.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

constexpr std::uint32_t kMagic = 0x0130ba30;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 5;
constexpr std::size_t kCrcBytes = 4;

Error Corrupt(std::string_view what) {
  return {ErrorCode::kCorruption, fmt::format("{}: {}", kTombstonesName, what)};
}

}  // namespace

std::int64_t CountTombstones(const Tombstones& tombstones) {
  std::size_t count = 0;
  for (const auto& [series, intervals] : tombstones) count += intervals.size();
  return static_cast<std::int64_t>(count);
}

std::string FormatTombstones(const Tombstones& tombstones) {
  std::string bytes;
  PutBe32(bytes, kMagic);
  bytes += static_cast<char>(kVersion);
  for (const auto& [series, intervals] : tombstones) {
    for (const Interval& interval : intervals) {
      PutUvarint(bytes, series);
      PutVarint(bytes, interval.min);
      PutVarint(bytes, interval.max);
    }
  }
  PutBe32(bytes, Crc32c(std::string_view(bytes).substr(kHeaderBytes)));
  return bytes;
}

Result<Tombstones> ParseTombstones(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kCrcBytes) return Corrupt("cut off");
  if (LoadBe32(&bytes[0]) != kMagic) return Corrupt("it does not start as tombstones");
  const auto version = static_cast<std::uint8_t>(bytes[4]);
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported, fmt::format("{}: version {} of the format; this program reads version {}",
                                                      kTombstonesName, version, kVersion)};
  }
  const std::string_view entries = bytes.substr(kHeaderBytes, bytes.size() - kHeaderBytes - kCrcBytes);
  if (Crc32c(entries) != LoadBe32(bytes.data() + bytes.size() - kCrcBytes))
    return Corrupt("the checksum does not match");
  Tombstones tombstones;
  for (ByteReader reader(entries); !reader.empty();) {
    const std::uint64_t series = reader.Uvarint();
    const TimestampMs min = reader.Varint();
    const TimestampMs max = reader.Varint();
    if (!reader.ok()) return Corrupt("an entry is cut off");
    // An interval of nothing hides nothing.
    if (min <= max) AddInterval(&tombstones[series], {min, max});
  }
  return tombstones;
}

Status WriteTombstones(Fs& fs, const std::string& directory, const Tombstones& tombstones) {
  const std::string path = JoinPath(directory, kTombstonesName);
  TICKBIRD_ASSIGN_OR_RETURN(auto file, FileWriter::Create(fs, path + ".tmp"));
  TICKBIRD_RETURN_IF_ERROR(file.Append(FormatTombstones(tombstones)));
  TICKBIRD_RETURN_IF_ERROR(file.Sync());
  TICKBIRD_RETURN_IF_ERROR(fs.Rename(path + ".tmp", path));
  return fs.SyncDir(directory);
}

}  // namespace tickbird::tsdb
