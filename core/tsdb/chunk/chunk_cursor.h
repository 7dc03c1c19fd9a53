#pragma once

#include <memory>
#include <vector>

#include "core/model/queryable.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// The samples of `chunks` (in time order, apart from each other) with min <= t <= max, without those in `deleted`. Its
/// status is kCorruption once a damaged chunk was met; the samples in front of the damage are delivered, and reading
/// goes on with the next chunk.
std::unique_ptr<SeriesCursor> NewChunkCursor(std::vector<ChunkRef> chunks, TimestampMs min, TimestampMs max,
                                             Intervals deleted = {});
/// The newest sample of `chunk` with min <= t <= max, if there is one.
std::unique_ptr<SeriesCursor> NewNewestCursor(ChunkRef chunk, TimestampMs min, TimestampMs max);
/// One sample that is known already.
std::unique_ptr<SeriesCursor> NewSampleCursor(Sample sample);

}  // namespace tickbird::tsdb
