#include "core/tsdb/chunk/chunk_series.h"

#include <algorithm>

namespace tickbird::tsdb {

void AddInterval(Intervals* intervals, Interval added) {
  // Behind everything that ends before it and does not touch it.
  auto first = std::partition_point(intervals->begin(), intervals->end(), [&](const Interval& interval) {
    return interval.max < added.min && interval.max + 1 < added.min;
  });
  auto last = first;
  for (; last != intervals->end() && (last->min <= added.max || last->min - 1 == added.max); ++last) {
    added.min = std::min(added.min, last->min);
    added.max = std::max(added.max, last->max);
  }
  first = intervals->erase(first, last);
  intervals->insert(first, added);
}

namespace {

/// The first interval that does not end before `time`.
Intervals::const_iterator FirstUpTo(const Intervals& intervals, TimestampMs time) {
  return std::partition_point(intervals.begin(), intervals.end(),
                              [&](const Interval& interval) { return interval.max < time; });
}

}  // namespace

bool Covers(const Intervals& intervals, TimestampMs min, TimestampMs max) {
  const auto found = FirstUpTo(intervals, min);
  return found != intervals.end() && found->min <= min && max <= found->max;
}

bool Touches(const Intervals& intervals, TimestampMs min, TimestampMs max) {
  const auto found = FirstUpTo(intervals, min);
  return found != intervals.end() && found->min <= max;
}

}  // namespace tickbird::tsdb
