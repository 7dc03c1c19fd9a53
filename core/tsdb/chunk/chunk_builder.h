#pragma once

#include <cstddef>
#include <vector>

#include "core/model/histogram.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/histogram_chunk.h"
#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {

/// Makes finished chunks of the samples of one series, floats and histograms in turn. A chunk is full at
/// kTargetSamples, or when its bytes are (see the appenders); a sample that does not fit the last chunk starts a new
/// one. Ready for the next series after Finish. Not thread safe.
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
  /// Closes the open chunk if it is of another kind.
  void Open(ChunkEncoding kind);
  void CloseAll();
  template <class Appender>
  void Close(Appender* appender);
  template <class Appender>
  void CloseIfFull(Appender* appender);
  template <class Appender, class AnyHistogram>
  void AppendHistogram(Appender* appender, TimestampMs timestamp, const AnyHistogram& histogram);

  std::vector<ChunkRef> finished_;
  // The chunk of this kind is open, the others are empty.
  ChunkEncoding open_ = ChunkEncoding::kXor;
  XorAppender floats_;
  HistogramAppender histograms_;
  FloatHistogramAppender float_histograms_;
};

}  // namespace tickbird::tsdb
