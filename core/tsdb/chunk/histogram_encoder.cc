#include <bit>
#include <utility>

#include "core/tsdb/chunk/histogram_codec.h"
#include "core/tsdb/chunk/histogram_layout.h"

namespace tickbird::tsdb {
namespace {

std::uint64_t Unsigned(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

/// Writes how the step to `value` differs from the step before it. Unsigned, because gauges may go anywhere.
void PutStep(std::uint64_t value, std::uint64_t before, std::uint64_t* step, BitWriter* out) {
  const std::uint64_t next_step = value - before;
  out->PutVarbitInt(static_cast<std::int64_t>(next_step - *step));
  *step = next_step;
}

void PutDouble(double value, BitWriter* out) {
  out->Put(std::bit_cast<std::uint64_t>(value), 64);
}

void PutSteps(const std::vector<std::int64_t>& buckets, const std::vector<std::int64_t>& before,
              std::vector<std::uint64_t>* steps, BitWriter* out) {
  for (std::size_t i = 0; i < before.size(); ++i) PutStep(Unsigned(buckets[i]), Unsigned(before[i]), &(*steps)[i], out);
}

void PutXors(const std::vector<double>& buckets, const std::vector<double>& before, std::vector<XorWindow>* windows,
             BitWriter* out) {
  for (std::size_t i = 0; i < before.size(); ++i) out->PutXor(buckets[i], before[i], &(*windows)[i]);
}

template <class AnyHistogram>
AnyHistogram StaleHistogram(double sum) {
  AnyHistogram histogram;
  histogram.sum = sum;
  return histogram;
}

}  // namespace

std::uint8_t CounterResetByte(CounterResetHint hint) {
  switch (hint) {
    case CounterResetHint::kCounterReset:
      return 0b1000'0000;
    case CounterResetHint::kNotCounterReset:
      return 0b0100'0000;
    case CounterResetHint::kGauge:
      return 0b1100'0000;
    case CounterResetHint::kUnknown:
      break;
  }
  return 0;
}

CounterResetHint CounterResetHintOf(std::uint8_t byte) {
  switch (byte >> 6) {
    case 0b10:
      return CounterResetHint::kCounterReset;
    case 0b01:
      return CounterResetHint::kNotCounterReset;
    case 0b11:
      return CounterResetHint::kGauge;
    default:
      return CounterResetHint::kUnknown;
  }
}

void HistogramEncoder::Put(TimestampMs timestamp, const Histogram& histogram) {
  if (empty_) {
    last_ = histogram.IsStale() ? StaleHistogram<Histogram>(histogram.sum) : histogram;
    PutFirst(timestamp);
  } else if (histogram.IsStale()) {
    PutStale(timestamp, histogram.sum);
  } else {
    PutNext(timestamp, histogram);
  }
  last_time_ = timestamp;
}

void HistogramEncoder::PutFirst(TimestampMs timestamp) {
  empty_ = false;
  PutLayout(last_.layout, &out_);
  out_.PutVarbitInt(timestamp);
  out_.PutVarbitUint(last_.count);
  out_.PutVarbitUint(last_.zero_count);
  PutDouble(last_.sum, &out_);
  for (const std::int64_t delta : last_.positive_deltas) out_.PutVarbitInt(delta);
  for (const std::int64_t delta : last_.negative_deltas) out_.PutVarbitInt(delta);
  time_step_ = 0;
  count_step_ = 0;
  zero_count_step_ = 0;
  positive_steps_.assign(last_.positive_deltas.size(), 0);
  negative_steps_.assign(last_.negative_deltas.size(), 0);
  sum_window_ = {};
}

void HistogramEncoder::PutNext(TimestampMs timestamp, const Histogram& next) {
  PutStep(Unsigned(timestamp), Unsigned(last_time_), &time_step_, &out_);
  PutStep(next.count, last_.count, &count_step_, &out_);
  PutStep(next.zero_count, last_.zero_count, &zero_count_step_, &out_);
  out_.PutXor(next.sum, last_.sum, &sum_window_);
  PutSteps(next.positive_deltas, last_.positive_deltas, &positive_steps_, &out_);
  PutSteps(next.negative_deltas, last_.negative_deltas, &negative_steps_, &out_);
  last_.hint = next.hint;
  last_.count = next.count;
  last_.zero_count = next.zero_count;
  last_.sum = next.sum;
  last_.positive_deltas = next.positive_deltas;
  last_.negative_deltas = next.negative_deltas;
}

/// Counts that stay in step cost one bit each; there are no buckets.
void HistogramEncoder::PutStale(TimestampMs timestamp, double sum) {
  PutStep(Unsigned(timestamp), Unsigned(last_time_), &time_step_, &out_);
  out_.PutVarbitInt(0);
  out_.PutVarbitInt(0);
  out_.PutXor(sum, last_.sum, &sum_window_);
  last_.sum = sum;
}

std::size_t HistogramEncoder::ByteSize() const {
  const std::size_t buckets = last_.positive_deltas.capacity() + last_.negative_deltas.capacity();
  const std::size_t spans = last_.layout.positive_spans.capacity() + last_.layout.negative_spans.capacity();
  return sizeof(*this) + out_.capacity() + 2 * buckets * sizeof(std::int64_t) + spans * sizeof(HistogramSpan) +
         last_.layout.custom_values.capacity() * sizeof(double);
}

void HistogramEncoder::Clear() {
  out_.Clear();
  empty_ = true;
}

void FloatHistogramEncoder::Put(TimestampMs timestamp, const FloatHistogram& histogram) {
  if (empty_) {
    last_ = histogram.IsStale() ? StaleHistogram<FloatHistogram>(histogram.sum) : histogram;
    PutFirst(timestamp);
  } else if (histogram.IsStale()) {
    PutNext(timestamp, StaleHistogram<FloatHistogram>(histogram.sum));
  } else {
    PutNext(timestamp, histogram);
  }
  last_time_ = timestamp;
}

void FloatHistogramEncoder::PutFirst(TimestampMs timestamp) {
  empty_ = false;
  PutLayout(last_.layout, &out_);
  out_.PutVarbitInt(timestamp);
  PutDouble(last_.count, &out_);
  PutDouble(last_.zero_count, &out_);
  PutDouble(last_.sum, &out_);
  for (const double bucket : last_.positive_buckets) PutDouble(bucket, &out_);
  for (const double bucket : last_.negative_buckets) PutDouble(bucket, &out_);
  time_step_ = 0;
  count_window_ = {};
  zero_count_window_ = {};
  sum_window_ = {};
  positive_windows_.assign(last_.positive_buckets.size(), {});
  negative_windows_.assign(last_.negative_buckets.size(), {});
}

void FloatHistogramEncoder::PutNext(TimestampMs timestamp, const FloatHistogram& next) {
  PutStep(Unsigned(timestamp), Unsigned(last_time_), &time_step_, &out_);
  out_.PutXor(next.count, last_.count, &count_window_);
  out_.PutXor(next.zero_count, last_.zero_count, &zero_count_window_);
  out_.PutXor(next.sum, last_.sum, &sum_window_);
  last_.hint = next.hint;
  last_.count = next.count;
  last_.zero_count = next.zero_count;
  last_.sum = next.sum;
  if (next.IsStale()) return;
  PutXors(next.positive_buckets, last_.positive_buckets, &positive_windows_, &out_);
  PutXors(next.negative_buckets, last_.negative_buckets, &negative_windows_, &out_);
  last_.positive_buckets = next.positive_buckets;
  last_.negative_buckets = next.negative_buckets;
}

std::size_t FloatHistogramEncoder::ByteSize() const {
  const std::size_t buckets = last_.positive_buckets.capacity() + last_.negative_buckets.capacity();
  const std::size_t spans = last_.layout.positive_spans.capacity() + last_.layout.negative_spans.capacity();
  return sizeof(*this) + out_.capacity() + buckets * (sizeof(double) + sizeof(XorWindow)) +
         spans * sizeof(HistogramSpan) + last_.layout.custom_values.capacity() * sizeof(double);
}

void FloatHistogramEncoder::Clear() {
  out_.Clear();
  empty_ = true;
}

}  // namespace tickbird::tsdb
