#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/chunk/bytes.h"
#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/record_format.h"

namespace tickbird::tsdb {
namespace {

Labels TakeLabels(ByteReader* reader, LabelsBuilder* builder) {
  builder->Clear();
  const std::uint64_t count = reader->Uvarint();
  for (std::uint64_t i = 0; i < count && reader->ok(); ++i) {
    const std::string_view name = reader->UvarintBytes();
    const std::string_view value = reader->UvarintBytes();
    builder->Set(name, value);
  }
  return reader->ok() ? builder->Build() : Labels();
}

double TakeDouble(ByteReader* reader) {
  return std::bit_cast<double>(reader->Be64());
}

/// Entries that are written as differences to the first one.
class EntryReader {
 public:
  explicit EntryReader(ByteReader* reader) : reader_(reader) {
    if (reader->empty()) return;
    base_ref_ = reader->Be64();
    base_time_ = reader->Be64();
  }
  bool Next() {
    if (!reader_->ok() || reader_->empty()) return false;
    ref_ = base_ref_ + static_cast<std::uint64_t>(reader_->Varint());
    timestamp_ = static_cast<TimestampMs>(base_time_ + static_cast<std::uint64_t>(reader_->Varint()));
    return true;
  }
  SeriesRef ref() const { return ref_; }
  TimestampMs timestamp() const { return timestamp_; }

 private:
  ByteReader* reader_;
  std::uint64_t base_ref_ = 0;
  std::uint64_t base_time_ = 0;
  SeriesRef ref_ = 0;
  TimestampMs timestamp_ = 0;
};

void DecodeSeries(ByteReader* reader, DecodedRecord* record) {
  LabelsBuilder builder;
  while (reader->ok() && !reader->empty()) {
    const SeriesRef ref = reader->Be64();
    Labels labels = TakeLabels(reader, &builder);
    if (reader->ok()) record->series.push_back({ref, std::move(labels)});
  }
}

void DecodeSamples(ByteReader* reader, DecodedRecord* record) {
  for (EntryReader entry(reader); entry.Next();) {
    const double value = TakeDouble(reader);
    if (reader->ok()) record->samples.push_back({entry.ref(), entry.timestamp(), value});
  }
}

void DecodeMetadata(ByteReader* reader, DecodedRecord* record) {
  while (reader->ok() && !reader->empty()) {
    DecodedRecord::MetadataEntry entry;
    entry.ref = reader->Uvarint();
    const std::uint8_t type = reader->Byte();
    if (type < kMetricTypes.size()) entry.metadata.type = kMetricTypes[type];
    const std::uint64_t fields = reader->Uvarint();
    for (std::uint64_t i = 0; i < fields && reader->ok(); ++i) {
      const std::string_view name = reader->UvarintBytes();
      const std::string_view value = reader->UvarintBytes();
      if (name == kUnitField) entry.metadata.unit = value;
      if (name == kHelpField) entry.metadata.help = value;
      if (name == kFamilyField) entry.family = value;
    }
    if (reader->ok()) record->metadata.push_back(std::move(entry));
  }
}

void DecodeTombstones(ByteReader* reader, DecodedRecord* record) {
  while (reader->ok() && !reader->empty()) {
    const SeriesRef ref = reader->Be64();
    const TimestampMs min = reader->Varint();
    const TimestampMs max = reader->Varint();
    if (reader->ok()) record->tombstones.push_back({ref, {min, max}});
  }
}

void DecodeExemplars(ByteReader* reader, DecodedRecord* record) {
  LabelsBuilder builder;
  for (EntryReader entry(reader); entry.Next();) {
    const double value = TakeDouble(reader);
    Labels labels = TakeLabels(reader, &builder);
    if (reader->ok()) record->exemplars.push_back({entry.ref(), {std::move(labels), value, entry.timestamp()}});
  }
}

/// Takes a count and that many items, each of which has a byte at least.
template <class Item, class Take>
void TakeItems(ByteReader* reader, std::vector<Item>* items, Take take) {
  const std::uint64_t count = reader->Uvarint();
  for (std::uint64_t i = 0; i < count && reader->ok(); ++i) items->push_back(take());
}

std::vector<HistogramSpan> TakeSpans(ByteReader* reader) {
  std::vector<HistogramSpan> spans;
  TakeItems(reader, &spans, [&]() -> HistogramSpan {
    const auto offset = static_cast<std::int32_t>(reader->Varint());
    const std::uint64_t length = reader->Uvarint();
    // What is too long to be meant stays too long.
    return {offset, static_cast<std::uint32_t>(std::min<std::uint64_t>(length, kMaxHistogramBuckets + 1))};
  });
  return spans;
}

std::vector<std::int64_t> TakeIntegers(ByteReader* reader) {
  std::vector<std::int64_t> integers;
  TakeItems(reader, &integers, [&] { return reader->Varint(); });
  return integers;
}

std::vector<double> TakeDoubles(ByteReader* reader) {
  std::vector<double> doubles;
  TakeItems(reader, &doubles, [&] { return TakeDouble(reader); });
  return doubles;
}

template <class AnyHistogram>
void TakeHintAndSchema(ByteReader* reader, AnyHistogram* histogram) {
  const std::uint8_t hint = reader->Byte();
  if (hint <= static_cast<std::uint8_t>(CounterResetHint::kGauge)) histogram->hint = CounterResetHint{hint};
  histogram->layout.schema = static_cast<std::int32_t>(reader->Varint());
  histogram->layout.zero_threshold = TakeDouble(reader);
}

void TakeAllSpans(ByteReader* reader, HistogramLayout* layout) {
  layout->positive_spans = TakeSpans(reader);
  layout->negative_spans = TakeSpans(reader);
}

Histogram TakeHistogram(ByteReader* reader) {
  Histogram histogram;
  TakeHintAndSchema(reader, &histogram);
  histogram.zero_count = reader->Uvarint();
  histogram.count = reader->Uvarint();
  histogram.sum = TakeDouble(reader);
  TakeAllSpans(reader, &histogram.layout);
  histogram.positive_deltas = TakeIntegers(reader);
  histogram.negative_deltas = TakeIntegers(reader);
  if (histogram.layout.UsesCustomBuckets()) histogram.layout.custom_values = TakeDoubles(reader);
  return histogram;
}

FloatHistogram TakeFloatHistogram(ByteReader* reader) {
  FloatHistogram histogram;
  TakeHintAndSchema(reader, &histogram);
  histogram.zero_count = TakeDouble(reader);
  histogram.count = TakeDouble(reader);
  histogram.sum = TakeDouble(reader);
  TakeAllSpans(reader, &histogram.layout);
  histogram.positive_buckets = TakeDoubles(reader);
  histogram.negative_buckets = TakeDoubles(reader);
  if (histogram.layout.UsesCustomBuckets()) histogram.layout.custom_values = TakeDoubles(reader);
  return histogram;
}

/// Only what makes a histogram safe to work with: how counts must add up was less strict in earlier versions of
/// Prometheus.
Status CheckHistogram(const HistogramLayout& layout, std::size_t positive, std::size_t negative) {
  if (!layout.UsesCustomBuckets() && (layout.schema < kMinExponentialSchema || layout.schema > kMaxExponentialSchema)) {
    return Error{
        ErrorCode::kUnsupported,
        fmt::format("log record with native histograms of schema {}, which a later program wrote", layout.schema)};
  }
  if (CountBuckets(layout.positive_spans) != positive || CountBuckets(layout.negative_spans) != negative)
    return Error{ErrorCode::kCorruption, "log record with a native histogram whose spans do not fit its buckets"};
  if (const Status valid = layout.Validate(); !valid)
    return Error{ErrorCode::kCorruption, "log record with a damaged " + valid.error().message};
  return {};
}

Status DecodeHistograms(ByteReader* reader, DecodedRecord* record) {
  for (EntryReader entry(reader); entry.Next();) {
    Histogram histogram = TakeHistogram(reader);
    if (!reader->ok()) break;
    TICKBIRD_RETURN_IF_ERROR(
        CheckHistogram(histogram.layout, histogram.positive_deltas.size(), histogram.negative_deltas.size()));
    record->histograms.push_back({entry.ref(), entry.timestamp(), std::move(histogram)});
  }
  return {};
}

Status DecodeFloatHistograms(ByteReader* reader, DecodedRecord* record) {
  for (EntryReader entry(reader); entry.Next();) {
    FloatHistogram histogram = TakeFloatHistogram(reader);
    if (!reader->ok()) break;
    TICKBIRD_RETURN_IF_ERROR(
        CheckHistogram(histogram.layout, histogram.positive_buckets.size(), histogram.negative_buckets.size()));
    record->float_histograms.push_back({entry.ref(), entry.timestamp(), std::move(histogram)});
  }
  return {};
}

/// Says what to do: the reader has a log of another program that it may not drop anything of.
Status Unsupported(std::uint8_t type) {
  std::string what = fmt::format("log record of type {}, which a later program wrote", type);
  if (type >= 11 && type <= 13) {
    what = fmt::format(
        "log record of type {}: samples with start timestamps, which Prometheus writes with its option st-storage",
        type);
  }
  return Error{ErrorCode::kUnsupported, std::move(what)};
}

Status DecodeEntries(std::uint8_t type, ByteReader* reader, DecodedRecord* record) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::kSeries:
      DecodeSeries(reader, record);
      return {};
    case RecordType::kSamples:
      DecodeSamples(reader, record);
      return {};
    case RecordType::kTombstones:
      DecodeTombstones(reader, record);
      return {};
    case RecordType::kExemplars:
      DecodeExemplars(reader, record);
      return {};
    case RecordType::kMmapMarkers:
      return {};
    case RecordType::kMetadata:
      DecodeMetadata(reader, record);
      return {};
    case RecordType::kHistograms:
    case RecordType::kCustomHistograms:
      return DecodeHistograms(reader, record);
    case RecordType::kFloatHistograms:
    case RecordType::kCustomFloatHistograms:
      return DecodeFloatHistograms(reader, record);
    case RecordType::kMinValidTime:
      record->min_valid_time = static_cast<TimestampMs>(reader->Be64());
      return {};
  }
  return Unsupported(type);
}

}  // namespace

void DecodedRecord::Clear() {
  series.clear();
  samples.clear();
  metadata.clear();
  tombstones.clear();
  exemplars.clear();
  histograms.clear();
  float_histograms.clear();
  min_valid_time.reset();
}

Status DecodeRecord(std::string_view bytes, DecodedRecord* record) {
  record->Clear();
  ByteReader reader(bytes);
  const std::uint8_t type = reader.Byte();
  if (!reader.ok()) return Error{ErrorCode::kCorruption, "empty log record"};
  TICKBIRD_RETURN_IF_ERROR(DecodeEntries(type, &reader, record));
  if (!reader.ok())
    return Error{ErrorCode::kCorruption, fmt::format("log record of type {} ends in the middle of an entry", type)};
  return {};
}

}  // namespace tickbird::tsdb
