#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/model/histogram.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_ref.h"
#include "core/tsdb/chunk/histogram_codec.h"
#include "core/tsdb/chunk/histogram_layout.h"

namespace tickbird::tsdb {

/// A chunk of native histograms that still takes samples; the counterpart of XorAppender. Not thread safe.
///
/// Samples of one chunk have one layout. A sample with more buckets makes the chunk be written anew with those; one
/// that lacks buckets which were always empty is widened. Everything else starts a new chunk: another schema, zero
/// threshold or custom bounds, a counter that fell, a change between counter and gauge, anything but stale behind a
/// stale marker. So no counter falls within a chunk. What Prometheus starts a new chunk for, we do; source:
/// prometheus/prometheus tsdb/chunkenc/{histogram,float_histogram}.go.
template <class AnyHistogram>
class HistogramChunkAppender {
 public:
  /// False: the sample needs a new chunk and nothing happened; Snapshot, Clear and Append it again. An empty chunk
  /// takes any sample. REQUIRES: a valid histogram; !full(); empty() or timestamp > newest_time().
  bool Append(TimestampMs timestamp, const AnyHistogram& histogram);
  /// What was appended since the last Clear as a finished chunk. REQUIRES: !empty().
  ChunkRef Snapshot() const;
  /// Starts the next chunk. The newest sample is remembered: it decides what the next chunk says of counter resets.
  void Clear();
  /// Starts a chunk that has nothing to do with the one before, as after a float sample.
  void Reset();

  bool empty() const { return count_ == 0; }
  std::uint16_t count() const { return count_; }
  /// Bytes of the chunk so far, with its header.
  std::size_t size() const { return kHistogramHeaderBytes + encoder_.bytes().size(); }
  bool full() const {
    return count_ == std::numeric_limits<std::uint16_t>::max() || size() > kMaxBytes ||
           (size() > kTargetBytes && count_ >= kMinSamples);
  }
  /// Bytes in memory.
  std::size_t ByteSize() const { return sizeof(*this) - sizeof encoder_ + encoder_.ByteSize(); }

  TimestampMs oldest_time() const { return oldest_time_; }
  /// The newest sample ever appended, also after Clear; kNoTime before the first and after Reset.
  TimestampMs newest_time() const { return newest_time_; }
  /// In the layout of its chunk. REQUIRES: there is one.
  const AnyHistogram& newest() const { return encoder_.last(); }

  /// As in Prometheus.
  static constexpr std::size_t kTargetBytes = 1024;
  static constexpr std::size_t kMinSamples = 10;
  /// For histograms that are larger than anybody's.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

 private:
  static constexpr bool kIsFloat = std::is_same_v<AnyHistogram, FloatHistogram>;
  using Encoder = std::conditional_t<kIsFloat, FloatHistogramEncoder, HistogramEncoder>;
  using Decoder = std::conditional_t<kIsFloat, FloatHistogramDecoder, HistogramDecoder>;

  /// How a sample follows the newest one, as far as can be said.
  enum class Succession { kContinues, kResets, kUnknown };
  struct Change {
    SideChange positive;
    SideChange negative;
    bool gains() const { return positive.gains || negative.gains; }
    bool loses() const { return positive.loses || negative.loses; }
    bool resets() const { return positive.resets || negative.resets; }
  };

  Succession Follow(const AnyHistogram& next, Change* change) const;
  bool FollowGauge(const AnyHistogram& next, Change* change) const;
  bool HasSameBounds(const AnyHistogram& next) const;
  Change CompareBuckets(const AnyHistogram& next, bool is_gauge) const;
  CounterResetHint NextChunkHint(const AnyHistogram& first) const;
  HistogramLayout WiderLayout(const AnyHistogram& next, const Change& change) const;
  bool Widen(const HistogramLayout& layout);
  void Put(TimestampMs timestamp, const AnyHistogram& histogram);

  Encoder encoder_;
  CounterResetHint hint_ = CounterResetHint::kUnknown;
  std::uint16_t count_ = 0;
  TimestampMs oldest_time_ = kNoTime;
  TimestampMs newest_time_ = kNoTime;
};

using HistogramAppender = HistogramChunkAppender<Histogram>;
using FloatHistogramAppender = HistogramChunkAppender<FloatHistogram>;

extern template class HistogramChunkAppender<Histogram>;
extern template class HistogramChunkAppender<FloatHistogram>;

}  // namespace tickbird::tsdb
