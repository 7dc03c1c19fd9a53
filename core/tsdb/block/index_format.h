#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/sample.h"

/// What writer and reader of a block's `index` share. Source: prometheus/prometheus tsdb/docs/format/index.md and
/// tsdb/index/index.go: a header; symbols; series; postings; the table of postings; at the end where each of them
/// starts.
namespace tickbird::tsdb {

inline constexpr std::uint32_t kIndexMagic = 0xbaaad700;
inline constexpr std::uint8_t kIndexVersion = 2;
inline constexpr std::size_t kIndexHeaderBytes = 5;
inline constexpr std::size_t kCrcBytes = 4;
/// A series starts at a multiple of this and is named by the quotient.
inline constexpr std::uint64_t kSeriesAlignment = 16;
/// Of the tables in the index every so many entries are remembered.
inline constexpr std::size_t kSampledEntries = 32;

/// Where a chunk is: the segment (0 is the first) in the upper 32 bits, the offset in the lower.
struct ChunkMeta {
  TimestampMs min_time = 0;
  TimestampMs max_time = 0;
  std::uint64_t ref = 0;
  friend bool operator==(const ChunkMeta&, const ChunkMeta&) = default;
};

/// Offsets of the sections.
struct IndexToc {
  std::uint64_t symbols = 0;
  std::uint64_t series = 0;
  std::uint64_t label_indices = 0;        ///< No longer written: here the series end.
  std::uint64_t label_indices_table = 0;  ///< The same.
  std::uint64_t postings = 0;
  std::uint64_t postings_table = 0;

  static constexpr std::size_t kBytes = 6 * 8 + kCrcBytes;
  void AppendTo(std::string* out) const;
  /// kCorruption: the checksum does not match, or the sections are not in order within a file of `file_size` bytes.
  static Result<IndexToc> Parse(std::string_view bytes, std::uint64_t file_size);
};

}  // namespace tickbird::tsdb
