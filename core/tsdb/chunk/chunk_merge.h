#pragma once

#include <span>
#include <vector>

#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// One series out of chunks in any order, without what lies in `deleted`: by time and apart from each other. At equal
/// times the sample of the later chunk of the span stays. A chunk that meets no other and nothing deleted is handed on
/// as it is, unread; others are decoded and written anew (see ChunkBuilder).
///
/// When a chunk that was decoded is damaged, its front is used and `*damaged` becomes true; it is never set to false.
std::vector<ChunkRef> MergeChunks(std::span<const ChunkRef> chunks, const Intervals& deleted, bool* damaged = nullptr);

}  // namespace tickbird::tsdb
