#include "core/tsdb/wal/record.h"

#include <bit>

#include "core/tsdb/chunk/bytes.h"
#include "core/tsdb/wal/record_format.h"

namespace tickbird::tsdb {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{256} << 10;

std::uint8_t TypeNumber(MetricType type) {
  for (std::size_t i = 0; i < kMetricTypes.size(); ++i) {
    if (kMetricTypes[i] == type) return static_cast<std::uint8_t>(i);
  }
  return 0;
}

void PutDouble(std::string& out, double value) {
  PutBe64(out, std::bit_cast<std::uint64_t>(value));
}

void PutLabels(std::string& out, const Labels& labels) {
  PutUvarint(out, labels.size());
  for (const LabelView& label : labels) {
    PutUvarintBytes(out, label.name);
    PutUvarintBytes(out, label.value);
  }
}

void PutSpans(std::string& out, const std::vector<HistogramSpan>& spans) {
  PutUvarint(out, spans.size());
  for (const HistogramSpan& span : spans) {
    PutVarint(out, span.offset);
    PutUvarint(out, span.length);
  }
}

void PutBuckets(std::string& out, const std::vector<std::int64_t>& deltas) {
  PutUvarint(out, deltas.size());
  for (const std::int64_t delta : deltas) PutVarint(out, delta);
}

void PutBuckets(std::string& out, const std::vector<double>& counts) {
  PutUvarint(out, counts.size());
  for (const double count : counts) PutDouble(out, count);
}

void PutHintAndSchema(std::string& out, CounterResetHint hint, const HistogramLayout& layout) {
  out += static_cast<char>(hint);
  PutVarint(out, layout.schema);
  PutDouble(out, layout.zero_threshold);
}

}  // namespace

bool RecordWriter::Begin(RecordType type) {
  if (!starts_.empty() && bytes_[starts_.back()] == static_cast<char>(type) &&
      bytes_.size() - starts_.back() < kTargetBytes) {
    return false;
  }
  starts_.push_back(bytes_.size());
  bytes_ += static_cast<char>(type);
  return true;
}

void RecordWriter::BeginEntry(RecordType type, SeriesRef ref, TimestampMs timestamp) {
  if (Begin(type)) {
    base_ref_ = ref;
    base_time_ = timestamp;
    PutBe64(bytes_, ref);
    PutBe64(bytes_, static_cast<std::uint64_t>(timestamp));
  }
  PutVarint(bytes_, static_cast<std::int64_t>(ref - base_ref_));
  PutVarint(bytes_,
            static_cast<std::int64_t>(static_cast<std::uint64_t>(timestamp) - static_cast<std::uint64_t>(base_time_)));
}

void RecordWriter::AddSeries(SeriesRef ref, const Labels& labels) {
  Begin(RecordType::kSeries);
  PutBe64(bytes_, ref);
  PutLabels(bytes_, labels);
}

void RecordWriter::AddSample(SeriesRef ref, TimestampMs timestamp, double value) {
  if (Begin(RecordType::kSamples)) {
    base_ref_ = ref;
    base_time_ = timestamp;
    PutBe64(bytes_, ref);
    PutBe64(bytes_, static_cast<std::uint64_t>(timestamp));
  }
  char buffer[2 * kMaxVarintBytes + 8];
  char* at = StoreUvarint(buffer, ZigZag(static_cast<std::int64_t>(ref - base_ref_)));
  at = StoreUvarint(at, ZigZag(static_cast<std::int64_t>(static_cast<std::uint64_t>(timestamp) -
                                                         static_cast<std::uint64_t>(base_time_))));
  StoreBe64(at, std::bit_cast<std::uint64_t>(value));
  bytes_.append(buffer, static_cast<std::size_t>(at + 8 - buffer));
}

void RecordWriter::AddMetadata(SeriesRef ref, std::string_view family, const MetricMetadata& metadata) {
  Begin(RecordType::kMetadata);
  PutUvarint(bytes_, ref);
  bytes_ += static_cast<char>(TypeNumber(metadata.type));
  PutUvarint(bytes_, 3);
  PutUvarintBytes(bytes_, kUnitField);
  PutUvarintBytes(bytes_, metadata.unit);
  PutUvarintBytes(bytes_, kHelpField);
  PutUvarintBytes(bytes_, metadata.help);
  PutUvarintBytes(bytes_, kFamilyField);
  PutUvarintBytes(bytes_, family);
}

void RecordWriter::AddHistogram(SeriesRef ref, TimestampMs timestamp, const Histogram& histogram) {
  const HistogramLayout& layout = histogram.layout;
  BeginEntry(layout.UsesCustomBuckets() ? RecordType::kCustomHistograms : RecordType::kHistograms, ref, timestamp);
  PutHintAndSchema(bytes_, histogram.hint, layout);
  PutUvarint(bytes_, histogram.zero_count);
  PutUvarint(bytes_, histogram.count);
  PutDouble(bytes_, histogram.sum);
  PutSpans(bytes_, layout.positive_spans);
  PutSpans(bytes_, layout.negative_spans);
  PutBuckets(bytes_, histogram.positive_deltas);
  PutBuckets(bytes_, histogram.negative_deltas);
  if (layout.UsesCustomBuckets()) PutBuckets(bytes_, layout.custom_values);
}

void RecordWriter::AddFloatHistogram(SeriesRef ref, TimestampMs timestamp, const FloatHistogram& histogram) {
  const HistogramLayout& layout = histogram.layout;
  BeginEntry(layout.UsesCustomBuckets() ? RecordType::kCustomFloatHistograms : RecordType::kFloatHistograms, ref,
             timestamp);
  PutHintAndSchema(bytes_, histogram.hint, layout);
  PutDouble(bytes_, histogram.zero_count);
  PutDouble(bytes_, histogram.count);
  PutDouble(bytes_, histogram.sum);
  PutSpans(bytes_, layout.positive_spans);
  PutSpans(bytes_, layout.negative_spans);
  PutBuckets(bytes_, histogram.positive_buckets);
  PutBuckets(bytes_, histogram.negative_buckets);
  if (layout.UsesCustomBuckets()) PutBuckets(bytes_, layout.custom_values);
}

void RecordWriter::AddTombstone(SeriesRef ref, Interval deleted) {
  Begin(RecordType::kTombstones);
  PutBe64(bytes_, ref);
  PutVarint(bytes_, deleted.min);
  PutVarint(bytes_, deleted.max);
}

void RecordWriter::AddExemplar(SeriesRef ref, const Exemplar& exemplar) {
  BeginEntry(RecordType::kExemplars, ref, exemplar.timestamp);
  PutDouble(bytes_, exemplar.value);
  PutLabels(bytes_, exemplar.labels);
}

void RecordWriter::Clear() {
  bytes_.clear();
  starts_.clear();
  if (bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
}

}  // namespace tickbird::tsdb
