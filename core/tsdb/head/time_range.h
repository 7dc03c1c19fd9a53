#pragma once

#include <limits>

#include "core/tsdb/chunk/chunk_series.h"

/// Arithmetic on times that may be anything, since they come from files: what would leave the range stays at its end.
namespace tickbird::tsdb {

inline TimestampMs TimeBefore(TimestampMs time, DurationMs by) {
  TimestampMs result = 0;
  return __builtin_sub_overflow(time, by, &result) ? std::numeric_limits<TimestampMs>::min() : result;
}

/// The block range that holds `time`: from one multiple of `width`, counted from 0, to before the next.
inline Interval RangeAround(TimestampMs time, DurationMs width) {
  TimestampMs into = time % width;
  if (into < 0) into += width;
  Interval range;
  range.min = TimeBefore(time, into);
  if (__builtin_add_overflow(time, width - into - 1, &range.max)) range.max = std::numeric_limits<TimestampMs>::max();
  return range;
}

}  // namespace tickbird::tsdb
