#pragma once

#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/tsdb/chunk/chunk_ref.h"

namespace tickbird::tsdb {

/// A time interval, both ends inclusive.
struct Interval {
  TimestampMs min = 0;
  TimestampMs max = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// Sorted, apart from each other. Adding merges what overlaps or touches.
using Intervals = std::vector<Interval>;
void AddInterval(Intervals* intervals, Interval added);
/// Whether one of them holds all of min ... max.
bool Covers(const Intervals& intervals, TimestampMs min, TimestampMs max);
/// Whether one of them holds a part of min ... max.
bool Touches(const Intervals& intervals, TimestampMs min, TimestampMs max);
inline bool Contains(const Intervals& intervals, TimestampMs time) {
  return Touches(intervals, time, time);
}

/// A series with its samples still compressed: what goes from the head, or from blocks, into a block.
struct ChunkSeries {
  Labels labels;
  std::vector<ChunkRef> chunks;  ///< By min_time. Chunks of one source do not overlap.
};

/// Series in the order of their labels, one after the other. Read once, by one thread; may read from disk.
class ChunkSeriesSource {
 public:
  virtual ~ChunkSeriesSource() = default;
  /// False at the end. kCorruption: this series, or a part of it, is damaged; `series` holds what is not, and the next
  /// call goes on behind it.
  virtual Result<bool> Next(ChunkSeries* series) = 0;
  /// The same for the labels alone; perhaps also of a series that Next leaves out. Sources that can, read no chunks for
  /// it.
  virtual Result<bool> NextLabels(Labels* labels) {
    ChunkSeries series;
    auto more = Next(&series);
    *labels = std::move(series.labels);
    return more;
  }
};

}  // namespace tickbird::tsdb
