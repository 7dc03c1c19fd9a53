#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/model/appender.h"
#include "core/tsdb/chunk/chunk_ref.h"

/// The bytes of a file in `chunks_head/`: a header (magic 0x0130BC91, version 1, three zeros) and chunks, each as
/// series reference (8), first and last time (8 each), encoding (1), length (uvarint), data, CRC-32C of all before (4).
/// Source: prometheus/prometheus tsdb/docs/format/head_chunks.md, tsdb/chunks/head_chunks.go.
namespace tickbird::tsdb {

/// Where a chunk stands that left memory for the disk.
struct SpilledChunk {
  TimestampMs min_time = 0;
  TimestampMs max_time = 0;
  std::uint32_t file = 0;
  std::uint32_t offset = 0;  ///< Of its first byte in the file.
  friend bool operator==(const SpilledChunk&, const SpilledChunk&) = default;
};

inline constexpr std::size_t kHeadChunkFileHeaderBytes = 8;
std::string_view HeadChunkFileHeader();
enum class HeadChunkFileKind { kOurs, kOtherVersion, kForeign };
/// REQUIRES: kHeadChunkFileHeaderBytes bytes.
HeadChunkFileKind KindOfHeadChunkFile(std::string_view header);

struct HeadChunkRecord {
  SeriesRef series = 0;
  TimestampMs min_time = 0;
  TimestampMs max_time = 0;
  std::uint8_t encoding = 0;     ///< As on disk, without the bit for out of order.
  bool is_out_of_order = false;  ///< Of Prometheus' own kind, which may overlap others.
  std::string_view data;         ///< A part of the bytes that were parsed.
};

void AppendHeadChunk(std::string* out, SeriesRef series, const ChunkRef& chunk);

enum class HeadChunkParse {
  kRecord,
  kIncomplete,  ///< The bytes end before the record does.
  kZeros,       ///< What a file holds that was allocated and not written: the end.
  kDamaged,
};
/// Takes the record that `bytes` start with. `size` becomes the bytes that it has; after kIncomplete, how many are
/// needed to know more.
HeadChunkParse ParseHeadChunk(std::string_view bytes, HeadChunkRecord* record, std::size_t* size);

}  // namespace tickbird::tsdb
