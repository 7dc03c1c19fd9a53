#pragma once

#include <memory>
#include <vector>

#include "core/model/queryable.h"
#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {

/// The samples of `chunks` (in time order) with min <= t <= max.
std::unique_ptr<SeriesCursor> NewChunkCursor(std::vector<ChunkRef> chunks, TimestampMs min, TimestampMs max);
/// The newest sample of `chunk` with min <= t <= max, if there is one.
std::unique_ptr<SeriesCursor> NewNewestCursor(ChunkRef chunk, TimestampMs min, TimestampMs max);
/// One sample that is known already.
std::unique_ptr<SeriesCursor> NewSampleCursor(Sample sample);

}  // namespace tickbird::tsdb
