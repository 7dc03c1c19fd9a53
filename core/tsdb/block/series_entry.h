#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tsdb/block/file_window.h"
#include "core/tsdb/block/index_format.h"

/// A series in the index: its length, its labels as numbers of symbols, its chunks, a checksum.
namespace tickbird::tsdb {

struct SymbolPair {
  std::uint32_t name = 0;
  std::uint32_t value = 0;
};

/// Appends the entry. REQUIRES: chunks are in time order and do not overlap.
void AppendSeriesEntry(std::string* out, std::span<const SymbolPair> labels, std::span<const ChunkMeta> chunks);

/// The content of the entry at `offset`, checked; the view lives until the window is used again. kCorruption when it is
/// not what was written, or reaches over the window's end.
Result<std::string_view> ReadSeriesEntry(FileWindow& window, std::uint64_t offset);

/// Fills `labels` and `chunks` (may be null) from the content. False: it is none.
bool DecodeSeriesEntry(std::string_view entry, std::vector<SymbolPair>* labels, std::vector<ChunkMeta>* chunks);

}  // namespace tickbird::tsdb
