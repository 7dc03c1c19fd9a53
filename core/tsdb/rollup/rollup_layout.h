#pragma once

#include <cstdint>

/// The fixed parts of a roll-up file, shared by writer and reader.
namespace tickbird::tsdb::rollup_layout {

inline constexpr std::uint32_t kMagic = 0x7b1d5011;
inline constexpr char kVersion = 1;
/// Magic (4), version (1), resolution in ms (4), CRC-32C of these (4).
inline constexpr std::int64_t kHeaderBytes = 13;
/// Series (4), offset of its record (8).
inline constexpr std::int64_t kEntryBytes = 12;
/// Offset of the table (8), entries (4), CRC-32C of the table (4), CRC-32C of these (4).
inline constexpr std::int64_t kFooterBytes = 20;

/// The first byte of a record's content.
enum class RecordKind : char { kRaw = 0, kPoints = 1 };
/// Series (4), kind (1), CRC-32C of all before it (4).
inline constexpr std::int64_t kRecordFrameBytes = 9;

}  // namespace tickbird::tsdb::rollup_layout
