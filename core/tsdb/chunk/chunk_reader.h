#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "core/model/histogram.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/histogram_codec.h"
#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {

/// Decodes the bytes of a chunk of any encoding from anywhere: damaged ones end early and set damaged(), and are never
/// read past their end. The bytes must outlive the reader. A chunk holds floats or histograms, never both. Not thread
/// safe.
///
/// What it says of counter resets is what holds whatever stands around the chunk: nothing of its first sample, and no
/// reset behind that one. Schemas that only a later Prometheus knows (above 8) count as damage.
class ChunkReader {
 public:
  ChunkReader() = default;
  /// REQUIRES: `chunk` starts with the count of samples, as on disk.
  ChunkReader(ChunkEncoding encoding, std::string_view chunk);
  explicit ChunkReader(const ChunkRef& chunk) : ChunkReader(chunk.encoding(), chunk.bytes()) {}

  /// As SeriesCursor's.
  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values);
  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram);
  /// The next integer histogram, exactly. False also for chunks of float histograms. Either overload takes the sample.
  bool ReadHistogram(TimestampMs* timestamp, Histogram* histogram);
  bool damaged() const;

 private:
  // For chunks of floats both are null.
  XorReader xor_;
  std::unique_ptr<HistogramDecoder> histograms_;
  std::unique_ptr<FloatHistogramDecoder> float_histograms_;
};

}  // namespace tickbird::tsdb
