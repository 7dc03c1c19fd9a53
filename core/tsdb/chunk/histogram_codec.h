#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/model/histogram.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/bit_stream.h"

/// The bytes of histogram chunks, as Prometheus has them: a count (16 bits, big-endian); a byte whose two top bits say
/// what is known of counter resets; the layout of the buckets; the samples. A sample is its time, count, zero count and
/// sum and the buckets of both sides. Integer chunks write the first sample as it is and then, except for the sum, what
/// changed in the step between samples (varbit); float chunks write XORs of everything but the time.
/// Source: prometheus/prometheus tsdb/chunkenc/{histogram,float_histogram}.go, tsdb/docs/format/chunks.md.
namespace tickbird::tsdb {

inline constexpr std::size_t kHistogramHeaderBytes = 3;

/// The third byte of a chunk. Readers take kGauge from it only: what came in front of a chunk may be gone, or another
/// chunk may have been put between.
std::uint8_t CounterResetByte(CounterResetHint hint);
CounterResetHint CounterResetHintOf(std::uint8_t byte);

/// Encodes samples of one layout. Not thread safe.
class HistogramEncoder {
 public:
  /// The first sample since the start or Clear decides the layout. REQUIRES: later ones have the buckets of that
  /// layout, in whatever spans; behind a stale one come only stale ones (whose buckets do not matter).
  void Put(TimestampMs timestamp, const Histogram& histogram);
  /// The bytes behind the chunk's header.
  std::string_view bytes() const { return out_.bytes(); }
  std::size_t ByteSize() const;
  /// The newest sample, in the layout of the chunk; also after Clear.
  const Histogram& last() const { return last_; }
  TimestampMs last_time() const { return last_time_; }
  void Clear();

 private:
  void PutFirst(TimestampMs timestamp);
  void PutNext(TimestampMs timestamp, const Histogram& next);
  void PutStale(TimestampMs timestamp, double sum);

  BitWriter out_;
  bool empty_ = true;
  TimestampMs last_time_ = 0;
  Histogram last_;
  std::uint64_t time_step_ = 0;
  std::uint64_t count_step_ = 0;
  std::uint64_t zero_count_step_ = 0;
  std::vector<std::uint64_t> positive_steps_;
  std::vector<std::uint64_t> negative_steps_;
  XorWindow sum_window_;
};

/// The same for float histograms.
class FloatHistogramEncoder {
 public:
  void Put(TimestampMs timestamp, const FloatHistogram& histogram);
  std::string_view bytes() const { return out_.bytes(); }
  std::size_t ByteSize() const;
  const FloatHistogram& last() const { return last_; }
  TimestampMs last_time() const { return last_time_; }
  void Clear();

 private:
  void PutFirst(TimestampMs timestamp);
  void PutNext(TimestampMs timestamp, const FloatHistogram& next);

  BitWriter out_;
  bool empty_ = true;
  TimestampMs last_time_ = 0;
  FloatHistogram last_;
  std::uint64_t time_step_ = 0;
  XorWindow count_window_;
  XorWindow zero_count_window_;
  XorWindow sum_window_;
  std::vector<XorWindow> positive_windows_;
  std::vector<XorWindow> negative_windows_;
};

/// What the decoders of both kinds share.
class HistogramDecoderBase {
 public:
  bool damaged() const { return damaged_; }

 protected:
  explicit HistogramDecoderBase(std::string_view chunk);
  /// Reads the layout in front of the first sample. False: there is no next sample, or it is damaged.
  bool BeginSample();
  bool EndSample();
  bool IsFirst() const { return read_ == 0; }
  void TakeTime();
  /// What the reader of a sample may rely on.
  CounterResetHint hint() const;

  BitReader in_;
  TimestampMs time_ = 0;
  HistogramLayout layout_;

 private:
  unsigned total_ = 0;
  unsigned read_ = 0;
  bool damaged_ = false;
  CounterResetHint chunk_hint_ = CounterResetHint::kUnknown;
  std::uint64_t time_step_ = 0;
};

/// Decodes foreign bytes, which must outlive it. Damaged ones end early and set damaged(). Not thread safe.
class HistogramDecoder : private HistogramDecoderBase {
 public:
  explicit HistogramDecoder(std::string_view chunk) : HistogramDecoderBase(chunk) {}
  /// The next sample; false at the end. A stale one comes without buckets.
  bool Read(TimestampMs* timestamp, Histogram* histogram);
  bool Read(TimestampMs* timestamp, FloatHistogram* histogram);
  using HistogramDecoderBase::damaged;

 private:
  bool Next();
  void TakeCounts();
  void TakeBuckets(std::vector<std::int64_t>* buckets, std::vector<std::uint64_t>* steps);

  std::uint64_t count_ = 0;
  std::uint64_t zero_count_ = 0;
  double sum_ = 0;
  std::vector<std::int64_t> positive_;
  std::vector<std::int64_t> negative_;
  std::uint64_t count_step_ = 0;
  std::uint64_t zero_count_step_ = 0;
  std::vector<std::uint64_t> positive_steps_;
  std::vector<std::uint64_t> negative_steps_;
  XorWindow sum_window_;
};

class FloatHistogramDecoder : private HistogramDecoderBase {
 public:
  explicit FloatHistogramDecoder(std::string_view chunk) : HistogramDecoderBase(chunk) {}
  bool Read(TimestampMs* timestamp, FloatHistogram* histogram);
  using HistogramDecoderBase::damaged;

 private:
  bool Next();
  void TakeFirst();
  void TakeNext();

  double count_ = 0;
  double zero_count_ = 0;
  double sum_ = 0;
  std::vector<double> positive_;
  std::vector<double> negative_;
  XorWindow count_window_;
  XorWindow zero_count_window_;
  XorWindow sum_window_;
  std::vector<XorWindow> positive_windows_;
  std::vector<XorWindow> negative_windows_;
};

}  // namespace tickbird::tsdb
