#include "core/tsdb/rollup/rollup_point.h"

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace tickbird::tsdb {
namespace {

/// `candidate` replaces `best` when it is better, or when there was no number yet.
template <class Better>
void Improve(double* best, double candidate, Better better) {
  if (std::isnan(*best) || better(candidate, *best)) *best = candidate;
}

}  // namespace

TimestampMs BucketEnd(TimestampMs timestamp, DurationMs resolution) {
  const TimestampMs rest = timestamp % resolution;
  const TimestampMs floor = timestamp - rest;
  // At the end of time there is no next bucket.
  if (rest <= 0 || floor > std::numeric_limits<TimestampMs>::max() - resolution) return floor;
  return floor + resolution;
}

void RollupAccumulator::FinishPoint() {
  if (open_.count == 0) return;
  // Once the sum is infinite, what was lost on the way there is no number any more.
  if (!std::isinf(open_.sum)) open_.sum += compensation_;
  points_.push_back(open_);
  open_.count = 0;
}

void RollupAccumulator::MoveTo(TimestampMs end) {
  if (open_.count > 0 && open_.end == end) return;
  FinishPoint();
  const double nothing = std::bit_cast<double>(kNormalNanBits);
  open_ = {.end = end, .min = nothing, .max = nothing, .sum = 0, .count = 0};
  compensation_ = 0;
}

void RollupAccumulator::AddSum(double value) {
  const double total = open_.sum + value;
  const double kept = total - open_.sum;
  compensation_ += (open_.sum - (total - kept)) + (value - kept);
  open_.sum = total;
}

void RollupAccumulator::Add(TimestampMs timestamp, double value) {
  if (IsStaleMarker(value)) return;
  // Times rise: a division is needed only where a bucket ends.
  if (open_.count == 0 || timestamp > open_.end) MoveTo(BucketEnd(timestamp, resolution_));
  Improve(&open_.min, value, std::less<>());
  Improve(&open_.max, value, std::greater<>());
  AddSum(value);
  ++open_.count;
  ++samples_;
}

void RollupAccumulator::Add(const RollupPoint& point) {
  MoveTo(point.end);
  Improve(&open_.min, point.min, std::less<>());
  Improve(&open_.max, point.max, std::greater<>());
  AddSum(point.sum);
  open_.count += point.count;
  samples_ += point.count;
}

void RollupAccumulator::Add(std::span<const TimestampMs> timestamps, std::span<const double> values) {
  for (std::size_t i = 0; i < timestamps.size(); ++i) Add(timestamps[i], values[i]);
}

Status RollupAccumulator::AddAll(SeriesCursor& cursor) {
  std::array<TimestampMs, 256> timestamps;
  std::array<double, 256> values;
  while (const std::size_t got = ReadFloats(cursor, timestamps, values)) {
    Add(std::span(timestamps).first(got), std::span(values).first(got));
  }
  return cursor.status();
}

std::vector<RollupPoint> RollupAccumulator::Take() {
  FinishPoint();
  samples_ = 0;
  return std::exchange(points_, {});
}

}  // namespace tickbird::tsdb
