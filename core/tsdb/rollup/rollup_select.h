#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/model/labels.h"
#include "core/model/matcher.h"
#include "core/model/queryable.h"
#include "core/tsdb/chunk/chunk_series.h"
#include "core/tsdb/rollup/rollup_file.h"
#include "core/tsdb/rollup/rollup_point.h"

namespace tickbird::tsdb {

struct RollupSeries {
  Labels labels;
  std::vector<RollupPoint> points;  ///< By rising end; none without samples.
};

struct RollupSelection {
  std::vector<Matcher> matchers;
  DurationMs resolution = kMinuteMs;  ///< One of kRollupResolutions.
  Interval interval;                  ///< Samples in it count, both ends inclusive.
  std::size_t max_points = 10'000'000;
};

/// A part of the store with a range of its own: a block. Thread safe.
class RollupSource {
 public:
  virtual ~RollupSource() = default;
  /// All its samples are in it.
  virtual Interval range() const = 0;
  virtual const Queryable& samples() const = 0;
  /// The series that match, with their numbers in the roll-up file.
  virtual Result<std::vector<std::pair<Labels, std::uint32_t>>> Find(const std::vector<Matcher>& matchers) const = 0;
  /// Null when it has none that can be used.
  virtual const RollupReader* rollups() const = 0;
};

/// The roll-ups of all series that match, exact over the interval: from the files where there are some, from raw
/// samples elsewhere (`raw`: all of them, of head and blocks; from `open_from` on some are in no block). A bucket at
/// the end of the interval holds what of it was asked for. Sums may differ from those of the raw samples in their last
/// bits, where a bucket was put together from parts. Sorted by labels; series without points are left out.
///
/// kInvalidArgument: no such resolution, or an interval that ends before it starts. kTooLarge: more points than asked
/// for, or as raw.Select. Damaged roll-ups are passed over; damaged samples are missing, as in queries. Holds one
/// record and all points of the answer in memory.
Result<std::vector<RollupSeries>> SelectRollups(const Queryable& raw,
                                                const std::vector<std::unique_ptr<RollupSource>>& blocks,
                                                TimestampMs open_from, const RollupSelection& selection);

}  // namespace tickbird::tsdb
