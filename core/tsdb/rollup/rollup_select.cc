#include "core/tsdb/rollup/rollup_select.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include <fmt/core.h>

#include "core/tsdb/rollup/rollup_plan.h"

namespace tickbird::tsdb {
namespace {

/// Puts the answer together, stretch after stretch in time order.
class RollupBuilder {
 public:
  explicit RollupBuilder(const RollupSelection& selection) : selection_(selection) {}

  /// Raw samples of the series, without those in `done`.
  Status AddRaw(const Queryable& samples, Interval interval, const std::set<Labels>& done) {
    TICKBIRD_ASSIGN_OR_RETURN(
        auto selected, samples.Select({.matchers = selection_.matchers, .min = interval.min, .max = interval.max}));
    for (SelectedSeries& series : selected) {
      if (done.contains(series.labels)) continue;
      RollupAccumulator accumulator(selection_.resolution);
      const Status read = accumulator.AddAll(*series.cursor);
      if (!read && read.error().code != ErrorCode::kCorruption) return read.error();
      TICKBIRD_RETURN_IF_ERROR(AddPoints(series.labels, accumulator.Take()));
    }
    return {};
  }

  Status AddRollups(const RollupSource& block, Interval interval) {
    TICKBIRD_ASSIGN_OR_RETURN(const auto found, block.Find(selection_.matchers));
    const TimestampMs min_end = BucketEnd(interval.min, selection_.resolution);
    const TimestampMs max_end = BucketEnd(interval.max, selection_.resolution);
    std::set<Labels> done;
    std::vector<RollupPoint> points;
    for (const auto& [labels, id] : found) {
      points.clear();
      const auto read = block.rollups()->Read(id, min_end, max_end, &points);
      if (!read || !*read) continue;
      done.insert(labels);
      TICKBIRD_RETURN_IF_ERROR(AddPoints(labels, points));
    }
    return done.size() == found.size() ? Status() : AddRaw(block.samples(), interval, done);
  }

  std::vector<RollupSeries> Take() {
    std::vector<RollupSeries> all;
    for (auto& [labels, points] : series_) all.push_back({labels, std::move(points)});
    return all;
  }

 private:
  Status AddPoints(const Labels& labels, const std::vector<RollupPoint>& added) {
    if (added.empty()) return {};
    count_ += added.size();
    if (count_ > selection_.max_points) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("the answer has more than {} points; ask for fewer series, a shorter range or a coarser "
                               "resolution",
                               selection_.max_points)};
    }
    std::vector<RollupPoint>& points = series_[labels];
    auto next = added.begin();
    // The bucket at the seam has a part on either side.
    if (!points.empty() && points.back().end == next->end) {
      RollupAccumulator seam(selection_.resolution);
      seam.Add(points.back());
      seam.Add(*next++);
      points.back() = seam.Take().front();
    }
    points.insert(points.end(), next, added.end());
    return {};
  }

  const RollupSelection& selection_;
  std::map<Labels, std::vector<RollupPoint>> series_;
  std::size_t count_ = 0;
};

Status CheckSelection(const RollupSelection& selection) {
  if (std::find(std::begin(kRollupResolutions), std::end(kRollupResolutions), selection.resolution) ==
      std::end(kRollupResolutions)) {
    return Error{ErrorCode::kInvalidArgument, "roll-ups are kept at 1m and 1h"};
  }
  if (selection.interval.min > selection.interval.max)
    return Error{ErrorCode::kInvalidArgument, "the end is before the start"};
  return {};
}

}  // namespace

Result<std::vector<RollupSeries>> SelectRollups(const Queryable& raw,
                                                const std::vector<std::unique_ptr<RollupSource>>& blocks,
                                                TimestampMs open_from, const RollupSelection& selection) {
  TICKBIRD_RETURN_IF_ERROR(CheckSelection(selection));
  std::vector<RollupCoverage> coverage;
  coverage.reserve(blocks.size());
  for (const auto& block : blocks) coverage.push_back({block->range(), block->rollups() != nullptr});
  RollupBuilder builder(selection);
  for (const RollupStretch& stretch : PlanRollups(coverage, open_from, selection.resolution, selection.interval)) {
    TICKBIRD_RETURN_IF_ERROR(stretch.block ? builder.AddRollups(*blocks[*stretch.block], stretch.interval)
                                           : builder.AddRaw(raw, stretch.interval, {}));
  }
  return builder.Take();
}

}  // namespace tickbird::tsdb
