#include "core/tsdb/rollup/rollup_plan.h"

#include <algorithm>
#include <limits>

#include "core/tsdb/rollup/rollup_point.h"

namespace tickbird::tsdb {
namespace {

/// What is left of each interval without `removed`.
Intervals Without(const Intervals& intervals, Interval removed) {
  Intervals left;
  for (const Interval& interval : intervals) {
    if (removed.max < interval.min || removed.min > interval.max) {
      left.push_back(interval);
      continue;
    }
    if (removed.min > interval.min) left.push_back({interval.min, removed.min - 1});
    if (removed.max < interval.max) left.push_back({removed.max + 1, interval.max});
  }
  return left;
}

/// The part of a block's time in which only it has samples.
Intervals OwnTime(const std::vector<RollupCoverage>& blocks, std::size_t block, TimestampMs open_from,
                  Interval wanted) {
  const Interval range = blocks[block].range;
  const Interval clipped = {std::max(range.min, wanted.min), std::min(range.max, wanted.max)};
  if (clipped.min > clipped.max) return {};
  Intervals own = Without({clipped}, {open_from, std::numeric_limits<TimestampMs>::max()});
  for (std::size_t other = 0; other < blocks.size() && !own.empty(); ++other) {
    if (other != block) own = Without(own, blocks[other].range);
  }
  return own;
}

/// `own` without the buckets that it cuts in two. At the block's own ends nothing is cut.
std::optional<Interval> WholeBuckets(Interval own, Interval range, DurationMs resolution) {
  if (own.min > range.min) own.min = BucketEnd(own.min - 1, resolution) + 1;
  if (own.max < range.max) own.max = BucketEnd(own.max + 1, resolution) - resolution;
  if (own.min > own.max) return std::nullopt;
  return own;
}

}  // namespace

std::vector<RollupStretch> PlanRollups(const std::vector<RollupCoverage>& blocks, TimestampMs open_from,
                                       DurationMs resolution, Interval wanted) {
  std::vector<RollupStretch> covered;
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    if (!blocks[block].has_rollups) continue;
    for (const Interval& own : OwnTime(blocks, block, open_from, wanted)) {
      if (const auto whole = WholeBuckets(own, blocks[block].range, resolution)) covered.push_back({*whole, block});
    }
  }
  std::sort(covered.begin(), covered.end(),
            [](const RollupStretch& a, const RollupStretch& b) { return a.interval.min < b.interval.min; });
  std::vector<RollupStretch> plan;
  TimestampMs next = wanted.min;
  for (const RollupStretch& stretch : covered) {
    if (stretch.interval.min > next) plan.push_back({{next, stretch.interval.min - 1}, std::nullopt});
    plan.push_back(stretch);
    next = stretch.interval.max + 1;
  }
  if (next <= wanted.max) plan.push_back({{next, wanted.max}, std::nullopt});
  return plan;
}

}  // namespace tickbird::tsdb
