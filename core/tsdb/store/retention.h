#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/clock.h"

namespace tickbird::tsdb {

/// What the retention looks at in a block.
struct BlockExtent {
  TimestampMs max_time = 0;  ///< Exclusive.
  std::int64_t bytes = 0;
};

struct RetentionLimits {
  DurationMs time = 0;     ///< Blocks that end this long before now, or longer, go; 0: none for their age.
  std::int64_t bytes = 0;  ///< Of blocks and `other_bytes` together; the oldest go until it fits. 0: no limit.
};

/// Indices of blocks, in the order given.
struct ExpiredBlocks {
  std::vector<std::size_t> by_time;
  std::vector<std::size_t> by_size;
};

/// The blocks that are to be deleted. Only whole blocks go, so samples outlive the time limit by up to the length of
/// their block, and `other_bytes` (logs, head chunks) alone may be above the size limit.
/// Source: prometheus/prometheus tsdb/db.go (BeyondTimeRetention, BeyondSizeRetention).
ExpiredBlocks FindExpiredBlocks(const std::vector<BlockExtent>& blocks, const RetentionLimits& limits, TimestampMs now,
                                std::int64_t other_bytes);

}  // namespace tickbird::tsdb
