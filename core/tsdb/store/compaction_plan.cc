#include "core/tsdb/store/compaction_plan.h"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/head/time_range.h"

namespace tickbird::tsdb {
namespace {

constexpr DurationMs kSecondRange = 2 * kHourMs;
constexpr DurationMs kGrowth = 3;
// Of the series of a block; below, a rewrite frees too little for what it costs.
constexpr double kManyTombstones = 0.05;

/// A block with its place in the caller's list.
struct Candidate {
  std::size_t index;
  const BlockMeta* meta;
};

std::vector<std::size_t> Indices(std::span<const Candidate> candidates) {
  std::vector<std::size_t> indices;
  for (const Candidate& candidate : candidates) indices.push_back(candidate.index);
  return indices;
}

/// The first run of blocks that reach into each other; empty when there is none.
std::vector<std::size_t> FirstOverlap(std::span<const Candidate> candidates) {
  std::size_t begin = 0;
  TimestampMs end_time = kNoTime;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].meta->min_time >= end_time) {
      if (i - begin > 1) return Indices(candidates.subspan(begin, i - begin));
      begin = i;
    }
    end_time = std::max(end_time, candidates[i].meta->max_time);
  }
  if (candidates.size() - begin > 1) return Indices(candidates.subspan(begin));
  return {};
}

/// The first aligned range of this length that nothing can be added to and that two or more blocks share.
std::vector<std::size_t> FirstFullRange(std::span<const Candidate> candidates, DurationMs length,
                                        TimestampMs closed_until) {
  for (std::size_t begin = 0; begin < candidates.size();) {
    const Interval range = RangeAround(candidates[begin].meta->min_time, length);
    std::size_t end = begin;
    bool failed = false;
    for (; end < candidates.size() && candidates[end].meta->max_time - 1 <= range.max; ++end) {
      failed = failed || candidates[end].meta->failed;
    }
    if (end - begin > 1 && !failed && range.max < closed_until) return Indices(candidates.subspan(begin, end - begin));
    begin = std::max(end, begin + 1);
  }
  return {};
}

bool IsWorthRewriting(const BlockMeta& meta, DurationMs long_range) {
  const BlockStats& stats = meta.stats;
  if (stats.tombstones == 0) return false;
  // All of it may be gone: then the length does not matter.
  if (stats.tombstones >= stats.series) return true;
  return TimeBefore(meta.max_time, long_range) >= meta.min_time &&
         static_cast<double>(stats.tombstones) > kManyTombstones * static_cast<double>(stats.series);
}

}  // namespace

std::vector<DurationMs> BlockRanges(DurationMs base, DurationMs max) {
  std::vector<DurationMs> ranges = {base};
  const bool over_second = kSecondRange > base && kSecondRange % base == 0 && kSecondRange <= max;
  DurationMs next = over_second ? kSecondRange : base * kGrowth;
  for (; next <= max; next *= kGrowth) ranges.push_back(next);
  return ranges;
}

DurationMs DefaultMaxBlockRange(DurationMs base, DurationMs retention) {
  return std::max(base, std::min(retention / 10, 31 * kDayMs));
}

CompactionPlan PlanCompaction(const std::vector<BlockMeta>& blocks, const std::vector<DurationMs>& ranges,
                              TimestampMs closed_until) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].max_time <= closed_until) candidates.push_back({i, &blocks[i]});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.meta->min_time, a.meta->max_time, a.meta->ulid) <
           std::tie(b.meta->min_time, b.meta->max_time, b.meta->ulid);
  });
  std::vector<Candidate> healthy = candidates;
  std::erase_if(healthy, [](const Candidate& candidate) { return candidate.meta->failed; });

  if (auto overlap = FirstOverlap(healthy); !overlap.empty()) return {CompactionReason::kOverlap, std::move(overlap)};
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    // With those that failed, so that no block grows over one of them.
    auto group = FirstFullRange(candidates, ranges[i], closed_until);
    if (!group.empty()) return {CompactionReason::kRange, std::move(group)};
  }
  const DurationMs long_range = ranges[ranges.size() / 2];
  for (const Candidate& candidate : healthy) {
    if (IsWorthRewriting(*candidate.meta, long_range)) return {CompactionReason::kTombstones, {candidate.index}};
  }
  return {};
}

BlockMeta MergedMeta(const std::vector<BlockMeta>& parents, std::string ulid) {
  BlockMeta merged;
  merged.ulid = std::move(ulid);
  merged.min_time = parents.front().min_time;
  merged.max_time = parents.front().max_time;
  merged.level = 0;
  std::set<std::string> sources;
  std::set<std::string> hints(parents.front().hints.begin(), parents.front().hints.end());
  for (const BlockMeta& parent : parents) {
    merged.min_time = std::min(merged.min_time, parent.min_time);
    merged.max_time = std::max(merged.max_time, parent.max_time);
    merged.level = std::max(merged.level, parent.level);
    sources.insert(parent.sources.begin(), parent.sources.end());
    merged.parents.push_back({parent.ulid, parent.min_time, parent.max_time});
    std::erase_if(hints, [&](const std::string& hint) {
      return std::find(parent.hints.begin(), parent.hints.end(), hint) == parent.hints.end();
    });
  }
  if (parents.size() > 1) ++merged.level;
  merged.sources.assign(sources.begin(), sources.end());
  merged.hints.assign(hints.begin(), hints.end());
  return merged;
}

}  // namespace tickbird::tsdb
