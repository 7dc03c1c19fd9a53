#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/block/meta.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// What a block is made of. Called twice: once for the symbols (NextLabels), once for the series (Next). Both times
/// they give the same series.
using OpenSources = std::function<Result<std::vector<std::unique_ptr<ChunkSeriesSource>>>()>;

struct BlockWriteOptions {
  /// Chunk segments are cut at this size, as in Prometheus.
  std::int64_t segment_bytes = std::int64_t{512} << 20;
  /// Told of every series that was written, in the order of labels, with its number in the index; for files beside the
  /// block.
  std::function<Status(std::uint32_t series_id, const ChunkSeries& series)> observer;
  /// Called once, when all else is written and before the rename: puts files of its own into the directory.
  std::function<Status(const std::string& directory)> finish;
};

/// Writes a block of everything that the sources hold: series of equal labels become one; chunks that overlap are
/// decoded and merged (equal times: the later source wins), others are copied as they are. `meta` gives ULID, time
/// range, level, sources, parents; the rest is filled in. Works in `<parent>/<ULID>.tmp-for-creation`, syncs, and
/// renames at the end, so that a crash leaves no half block. Damaged series are left out, each with a note in `notes`.
/// Returns the meta as written; with no samples at all nothing stays on disk and stats.samples is 0.
Result<BlockMeta> WriteBlock(Fs& fs, const std::string& parent, BlockMeta meta, const OpenSources& sources,
                             const BlockWriteOptions& options, std::vector<std::string>* notes);

}  // namespace tickbird::tsdb
