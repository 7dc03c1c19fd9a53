#include <bit>

#include "core/tsdb/chunk/histogram_codec.h"
#include "core/tsdb/chunk/histogram_layout.h"

namespace tickbird::tsdb {
namespace {

std::uint64_t TakeStep(std::uint64_t* step, BitReader* in) {
  *step += static_cast<std::uint64_t>(in->TakeVarbitInt());
  return *step;
}

double TakeDouble(BitReader* in) {
  return std::bit_cast<double>(in->Take(64));
}

void CopyCounts(const std::vector<std::int64_t>& deltas, std::vector<double>* counts) {
  counts->resize(deltas.size());
  // Unsigned: foreign sums may overflow.
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    count += static_cast<std::uint64_t>(deltas[i]);
    (*counts)[i] = static_cast<double>(static_cast<std::int64_t>(count));
  }
}

void TakeXors(std::vector<double>* buckets, std::vector<XorWindow>* windows, BitReader* in) {
  for (std::size_t i = 0; i < buckets->size(); ++i) in->TakeXor(&(*buckets)[i], &(*windows)[i]);
}

}  // namespace

HistogramDecoderBase::HistogramDecoderBase(std::string_view chunk) {
  if (chunk.size() < kHistogramHeaderBytes) {
    damaged_ = true;
    return;
  }
  total_ = (static_cast<unsigned>(static_cast<unsigned char>(chunk[0])) << 8) | static_cast<unsigned char>(chunk[1]);
  chunk_hint_ = CounterResetHintOf(static_cast<unsigned char>(chunk[2]));
  in_ = BitReader(chunk.substr(kHistogramHeaderBytes));
}

bool HistogramDecoderBase::BeginSample() {
  if (damaged_ || read_ == total_) return false;
  damaged_ = IsFirst() && !TakeLayout(&in_, &layout_);
  return !damaged_;
}

bool HistogramDecoderBase::EndSample() {
  ++read_;
  damaged_ = !in_.ok();
  return !damaged_;
}

void HistogramDecoderBase::TakeTime() {
  if (IsFirst()) {
    time_ = in_.TakeVarbitInt();
  } else {
    time_ = static_cast<TimestampMs>(static_cast<std::uint64_t>(time_) + TakeStep(&time_step_, &in_));
  }
}

CounterResetHint HistogramDecoderBase::hint() const {
  if (chunk_hint_ == CounterResetHint::kGauge) return CounterResetHint::kGauge;
  return read_ > 1 ? CounterResetHint::kNotCounterReset : CounterResetHint::kUnknown;
}

void HistogramDecoder::TakeCounts() {
  if (IsFirst()) {
    count_ = in_.TakeVarbitUint();
    zero_count_ = in_.TakeVarbitUint();
    sum_ = TakeDouble(&in_);
    positive_.assign(CountBuckets(layout_.positive_spans), 0);
    negative_.assign(CountBuckets(layout_.negative_spans), 0);
    positive_steps_.assign(positive_.size(), 0);
    negative_steps_.assign(negative_.size(), 0);
  } else {
    count_ += TakeStep(&count_step_, &in_);
    zero_count_ += TakeStep(&zero_count_step_, &in_);
    in_.TakeXor(&sum_, &sum_window_);
  }
}

void HistogramDecoder::TakeBuckets(std::vector<std::int64_t>* buckets, std::vector<std::uint64_t>* steps) {
  for (std::size_t i = 0; i < buckets->size(); ++i) {
    std::int64_t& bucket = (*buckets)[i];
    if (IsFirst()) {
      bucket = in_.TakeVarbitInt();
    } else {
      bucket = static_cast<std::int64_t>(static_cast<std::uint64_t>(bucket) + TakeStep(&(*steps)[i], &in_));
    }
  }
}

bool HistogramDecoder::Next() {
  if (!BeginSample()) return false;
  TakeTime();
  const bool first = IsFirst();
  TakeCounts();
  // A stale marker behind other samples has no buckets.
  if (first || !IsStaleMarker(sum_)) {
    TakeBuckets(&positive_, &positive_steps_);
    TakeBuckets(&negative_, &negative_steps_);
  }
  return EndSample();
}

bool HistogramDecoder::Read(TimestampMs* timestamp, Histogram* histogram) {
  if (!Next()) return false;
  *timestamp = time_;
  if (IsStaleMarker(sum_)) {
    *histogram = {};
    histogram->sum = sum_;
    return true;
  }
  histogram->layout = layout_;
  histogram->hint = hint();
  histogram->zero_count = zero_count_;
  histogram->count = count_;
  histogram->sum = sum_;
  histogram->positive_deltas = positive_;
  histogram->negative_deltas = negative_;
  return true;
}

bool HistogramDecoder::Read(TimestampMs* timestamp, FloatHistogram* histogram) {
  if (!Next()) return false;
  *timestamp = time_;
  if (IsStaleMarker(sum_)) {
    *histogram = {};
    histogram->sum = sum_;
    return true;
  }
  histogram->layout = layout_;
  histogram->hint = hint();
  histogram->zero_count = static_cast<double>(zero_count_);
  histogram->count = static_cast<double>(count_);
  histogram->sum = sum_;
  CopyCounts(positive_, &histogram->positive_buckets);
  CopyCounts(negative_, &histogram->negative_buckets);
  return true;
}

void FloatHistogramDecoder::TakeFirst() {
  count_ = TakeDouble(&in_);
  zero_count_ = TakeDouble(&in_);
  sum_ = TakeDouble(&in_);
  positive_.resize(CountBuckets(layout_.positive_spans));
  negative_.resize(CountBuckets(layout_.negative_spans));
  for (double& bucket : positive_) bucket = TakeDouble(&in_);
  for (double& bucket : negative_) bucket = TakeDouble(&in_);
  positive_windows_.assign(positive_.size(), {});
  negative_windows_.assign(negative_.size(), {});
}

void FloatHistogramDecoder::TakeNext() {
  in_.TakeXor(&count_, &count_window_);
  in_.TakeXor(&zero_count_, &zero_count_window_);
  in_.TakeXor(&sum_, &sum_window_);
  if (IsStaleMarker(sum_)) return;
  TakeXors(&positive_, &positive_windows_, &in_);
  TakeXors(&negative_, &negative_windows_, &in_);
}

bool FloatHistogramDecoder::Next() {
  if (!BeginSample()) return false;
  TakeTime();
  if (IsFirst()) {
    TakeFirst();
  } else {
    TakeNext();
  }
  return EndSample();
}

bool FloatHistogramDecoder::Read(TimestampMs* timestamp, FloatHistogram* histogram) {
  if (!Next()) return false;
  *timestamp = time_;
  if (IsStaleMarker(sum_)) {
    *histogram = {};
    histogram->sum = sum_;
    return true;
  }
  histogram->layout = layout_;
  histogram->hint = hint();
  histogram->zero_count = zero_count_;
  histogram->count = count_;
  histogram->sum = sum_;
  histogram->positive_buckets = positive_;
  histogram->negative_buckets = negative_;
  return true;
}

}  // namespace tickbird::tsdb
