#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/tsdb/block/chunk_segments.h"
#include "core/tsdb/block/index_reader.h"

namespace tickbird::tsdb {

/// What the readers of a block hold on to, so that it stays readable after the block was closed. Thread safe.
struct BlockFiles {
  std::unique_ptr<const IndexReader> index;
  std::unique_ptr<const ChunkSegments> segments;
  /// Damaged entries met since it was opened.
  mutable std::atomic<std::int64_t> damages = 0;

  void CountDamage() const { damages.fetch_add(1, std::memory_order_relaxed); }
};

}  // namespace tickbird::tsdb
