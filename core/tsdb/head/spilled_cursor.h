#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/model/queryable.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/chunk_series.h"
#include "core/tsdb/head/head_chunk_files.h"

namespace tickbird::tsdb {

/// The files of chunks_head that a selection reads: they stay as long as it does. Filled by one thread, then read by
/// any.
class FilePins {
 public:
  /// `files` may be null when there are no spilled chunks.
  explicit FilePins(const HeadChunkFiles* files) : files_(files) {}

  void Add(std::uint32_t number);
  /// Appends the chunks to `chunks`; see HeadChunkFile::Read.
  Status Read(std::span<const SpilledChunk> wanted, std::vector<ChunkRef>* chunks) const;

 private:
  const HeadChunkFiles* files_;
  std::vector<std::shared_ptr<const HeadChunkFile>> pinned_;  // by number
};

/// Chunks of one series that overlap a time range: on disk, in memory, by time each and apart from each other.
struct MixedChunks {
  std::vector<SpilledChunk> spilled;
  std::vector<ChunkRef> chunks;
  bool empty() const { return spilled.empty() && chunks.empty(); }
};

/// All of them in memory, by time; what could not be read is missing, and why becomes `*status`.
std::vector<ChunkRef> ReadMixedChunks(MixedChunks mixed, const FilePins& pins, Status* status);

/// The samples with min <= t <= max that are not deleted; reads from disk as it goes on.
std::unique_ptr<SeriesCursor> NewMixedCursor(MixedChunks mixed, std::shared_ptr<const FilePins> pins, TimestampMs min,
                                             TimestampMs max, Intervals deleted);
/// The last sample of another cursor.
std::unique_ptr<SeriesCursor> NewLastCursor(std::unique_ptr<SeriesCursor> all);
/// The newest sample of a chunk on disk with min <= t <= max, if there is one.
std::unique_ptr<SeriesCursor> NewNewestSpilledCursor(const SpilledChunk& chunk, std::shared_ptr<const FilePins> pins,
                                                     TimestampMs min, TimestampMs max);

}  // namespace tickbird::tsdb
