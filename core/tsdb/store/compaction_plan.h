#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/tsdb/block/meta.h"

/// Which blocks become one: arithmetic on their time ranges, without files.
/// Source: prometheus/prometheus tsdb/compact.go (LeveledCompactor.plan, selectDirs, splitByRange).
namespace tickbird::tsdb {

/// The lengths that blocks grow through: `base`, then 2 h when that is a larger multiple of it and not above `max`,
/// then each time three times as long, none above `max` (the base always stays).
std::vector<DurationMs> BlockRanges(DurationMs base, DurationMs max);

/// The longest block that makes sense for a retention: a tenth of it, so that deleting whole blocks keeps to it within
/// 10 %; at most 31 days, at least `base`.
DurationMs DefaultMaxBlockRange(DurationMs base, DurationMs retention);

enum class CompactionReason {
  kNone,
  kOverlap,     ///< They hold the same times: reading them costs a merge each time.
  kRange,       ///< They fill an aligned range of the next length.
  kTombstones,  ///< One block, of which much was deleted.
};

struct CompactionPlan {
  CompactionReason reason = CompactionReason::kNone;
  std::vector<std::size_t> blocks;  ///< Indices into what was planned for, by min_time. Empty: nothing to do.
};

/// The next step; to be called again on what it leads to, until there is none. Every step leaves fewer blocks or fewer
/// tombstones, so that ends. Left out: blocks that `failed`, ranges with such a block in them, and blocks that end
/// after `closed_until`, from where on samples still come. `ranges` as BlockRanges gives them.
CompactionPlan PlanCompaction(const std::vector<BlockMeta>& blocks, const std::vector<DurationMs>& ranges,
                              TimestampMs closed_until);

/// What the block made of `parents` is called and says about itself: the range of all, one level more than the highest,
/// their sources and hints. REQUIRES: not empty.
BlockMeta MergedMeta(const std::vector<BlockMeta>& parents, std::string ulid);

}  // namespace tickbird::tsdb
