#pragma once

#include <cstddef>
#include <variant>

#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/histogram_chunk.h"

namespace tickbird::tsdb {

/// The open chunk of a series of native histograms: whole counts or float counts, one kind at a time. Not thread safe.
class OpenHistograms {
 public:
  bool empty() const { return count() == 0; }
  std::size_t count() const;
  bool full() const;
  /// REQUIRES: !empty().
  TimestampMs oldest_time() const;
  TimestampMs newest_time() const;
  ChunkRef Snapshot() const;

  /// False: needs a new chunk, see HistogramChunkAppender; call Clear first.
  bool Append(TimestampMs timestamp, const Histogram& histogram);
  bool Append(TimestampMs timestamp, const FloatHistogram& histogram);
  /// Starts the next chunk.
  void Clear();
  /// Starts a chunk that has nothing to do with the one before, as after a float sample.
  void Reset();

  /// Whether the newest sample, also that of the chunk before, is this one. False when none is known.
  bool EndsWith(TimestampMs timestamp, const Histogram& histogram) const;
  bool EndsWith(TimestampMs timestamp, const FloatHistogram& histogram) const;
  /// Bytes in memory.
  std::size_t ByteSize() const;

 private:
  template <class Appender, class AnyHistogram>
  bool AppendTo(TimestampMs timestamp, const AnyHistogram& histogram);

  std::variant<HistogramAppender, FloatHistogramAppender> appender_;
};

/// A native histogram of either kind.
using HistogramValue = std::variant<Histogram, FloatHistogram>;

/// Whether both say the same: equal numbers and the same counts in the same buckets, however the spans lie.
bool IsSameHistogram(const FloatHistogram& a, const FloatHistogram& b);

}  // namespace tickbird::tsdb
