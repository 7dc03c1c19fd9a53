#pragma once

#include <cstddef>
#include <vector>

#include "core/model/histogram.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {

/// Makes finished chunks of the samples of one series, floats and histograms in turn. A chunk is full at
/// kTargetSamples, or when its bytes are (see the appenders); a new kind of sample starts a new one. Ready for the next
/// series after Finish. Not thread safe.
class ChunkBuilder {
 public:
  /// As Prometheus' head has it.
  static constexpr std::size_t kTargetSamples = 120;

  /// REQUIRES: rising timestamps, and histograms that are valid.
  void Append(TimestampMs timestamp, double value);
  void Append(TimestampMs timestamp, const Histogram& histogram);
  void Append(TimestampMs timestamp, const FloatHistogram& histogram);
  /// All chunks since the start or the last Finish, in time order.
  std::vector<ChunkRef> Finish();

 private:
  void CloseFloats();

  std::vector<ChunkRef> finished_;
  XorAppender floats_;
};

}  // namespace tickbird::tsdb
