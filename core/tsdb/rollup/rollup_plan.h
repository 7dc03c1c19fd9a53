#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// Where samples of a range of time lie, as far as the plan cares.
struct RollupCoverage {
  Interval range;            ///< All samples of the block are in it.
  bool has_rollups = false;  ///< Of the resolution asked for.
};

/// A stretch of time, and who answers for it.
struct RollupStretch {
  Interval interval;
  std::optional<std::size_t> block;  ///< Its roll-ups; nullopt: the raw samples of all.
  friend bool operator==(const RollupStretch&, const RollupStretch&) = default;
};

/// Cuts `wanted` into stretches, in time order and without gaps. A block's roll-ups are taken where no other block and
/// nothing from `open_from` on (the head) has samples too, because their points could not be told apart: a sample that
/// lies in two blocks must count once. Where a stretch ends inside of a block, it ends between two buckets, so that
/// every bucket of it holds all samples of the block and none that was not asked for.
std::vector<RollupStretch> PlanRollups(const std::vector<RollupCoverage>& blocks, TimestampMs open_from,
                                       DurationMs resolution, Interval wanted);

}  // namespace tickbird::tsdb
