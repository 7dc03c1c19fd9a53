#pragma once

#include <memory>
#include <vector>

#include "core/model/queryable.h"
#include "core/tsdb/block/block_files.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// The samples of `chunks` (in time order, apart from each other) with min <= t <= max and in none of `hidden`. Reads
/// chunks when they come up, a run at a time. A damaged one is left out, counted, and said by status().
std::unique_ptr<SeriesCursor> NewBlockCursor(std::shared_ptr<const BlockFiles> files, std::vector<ChunkMeta> chunks,
                                             Intervals hidden, TimestampMs min, TimestampMs max);

/// The newest of those samples alone; reads from the last chunk backwards, until it has one.
std::unique_ptr<SeriesCursor> NewNewestBlockCursor(std::shared_ptr<const BlockFiles> files,
                                                   std::vector<ChunkMeta> chunks, Intervals hidden, TimestampMs min,
                                                   TimestampMs max);

}  // namespace tickbird::tsdb
