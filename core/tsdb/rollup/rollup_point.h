#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/model/queryable.h"
#include "core/model/sample.h"

namespace tickbird::tsdb {

/// What the samples of one series in one bucket of time come to. The bucket is (end - resolution, end]: open on the
/// left like PromQL's windows, so a point answers `max_over_time(x[1m])` at `end`. Bucket ends are multiples of the
/// resolution.
struct RollupPoint {
  TimestampMs end = 0;
  double min = 0;  ///< NaN only when every sample was: as in PromQL, any number beats it.
  double max = 0;
  double sum = 0;  ///< Compensated (Neumaier); NaN when a sample was.
  std::int64_t count = 0;
};

/// The resolutions that are kept beside blocks, finest first.
inline constexpr DurationMs kRollupResolutions[] = {kMinuteMs, kHourMs};

/// The end of the bucket that `timestamp` falls into. REQUIRES: resolution > 0.
TimestampMs BucketEnd(TimestampMs timestamp, DurationMs resolution);

/// Folds samples and points of one series into points. Not thread safe.
class RollupAccumulator {
 public:
  explicit RollupAccumulator(DurationMs resolution) : resolution_(resolution) {}

  /// Samples in time order. Stale markers are no samples.
  void Add(std::span<const TimestampMs> timestamps, std::span<const double> values);
  void Add(TimestampMs timestamp, double value);
  /// A part of a bucket, folded elsewhere. Ends must not go back.
  void Add(const RollupPoint& point);
  /// All floats of a cursor; histograms are passed over.
  Status AddAll(SeriesCursor& cursor);

  /// Samples folded since the last Take.
  std::int64_t samples() const { return samples_; }
  /// The points so far, by rising end; the accumulator is empty again.
  std::vector<RollupPoint> Take();

 private:
  void MoveTo(TimestampMs end);
  void AddSum(double value);
  void FinishPoint();

  DurationMs resolution_;
  std::vector<RollupPoint> points_;
  RollupPoint open_;         // count 0: none
  double compensation_ = 0;  // of open_.sum
  std::int64_t samples_ = 0;
};

}  // namespace tickbird::tsdb
