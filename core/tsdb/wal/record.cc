#include "core/tsdb/wal/record.h"

#include <array>
#include <bit>

#include <fmt/core.h>

#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{256} << 10;
constexpr std::string_view kUnitField = "UNIT";
constexpr std::string_view kHelpField = "HELP";
constexpr std::string_view kFamilyField = "FAMILY";

// In the order of the numbers on disk.
constexpr std::array<MetricType, 8> kTypes = {MetricType::kUnknown,   MetricType::kCounter,        MetricType::kGauge,
                                              MetricType::kHistogram, MetricType::kGaugeHistogram, MetricType::kSummary,
                                              MetricType::kInfo,      MetricType::kStateSet};

std::uint8_t TypeNumber(MetricType type) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] == type) return static_cast<std::uint8_t>(i);
  }
  return 0;
}

void DecodeSeries(ByteReader* reader, DecodedRecord* record) {
  LabelsBuilder builder;
  while (reader->ok() && !reader->empty()) {
    const SeriesRef ref = reader->Be64();
    const std::uint64_t count = reader->Uvarint();
    builder.Clear();
    for (std::uint64_t i = 0; i < count && reader->ok(); ++i) {
      const std::string_view name = reader->UvarintBytes();
      const std::string_view value = reader->UvarintBytes();
      builder.Set(name, value);
    }
    if (reader->ok()) record->series.push_back({ref, builder.Build()});
  }
}

void DecodeSamples(ByteReader* reader, DecodedRecord* record) {
  if (reader->empty()) return;
  const std::uint64_t base_ref = reader->Be64();
  const std::uint64_t base_time = reader->Be64();
  while (reader->ok() && !reader->empty()) {
    const auto ref = base_ref + static_cast<std::uint64_t>(reader->Varint());
    const auto timestamp = static_cast<TimestampMs>(base_time + static_cast<std::uint64_t>(reader->Varint()));
    const auto value = std::bit_cast<double>(reader->Be64());
    if (reader->ok()) record->samples.push_back({ref, timestamp, value});
  }
}

void DecodeMetadata(ByteReader* reader, DecodedRecord* record) {
  while (reader->ok() && !reader->empty()) {
    DecodedRecord::MetadataEntry entry;
    entry.ref = reader->Uvarint();
    const std::uint8_t type = reader->Byte();
    if (type < kTypes.size()) entry.metadata.type = kTypes[type];
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

void RecordWriter::AddSeries(SeriesRef ref, const Labels& labels) {
  Begin(RecordType::kSeries);
  PutBe64(bytes_, ref);
  PutUvarint(bytes_, labels.size());
  for (const LabelView& label : labels) {
    PutUvarintBytes(bytes_, label.name);
    PutUvarintBytes(bytes_, label.value);
  }
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

void RecordWriter::Clear() {
  bytes_.clear();
  starts_.clear();
  if (bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
}

Status DecodeRecord(std::string_view bytes, DecodedRecord* record) {
  record->series.clear();
  record->samples.clear();
  record->metadata.clear();
  ByteReader reader(bytes);
  const std::uint8_t type = reader.Byte();
  if (!reader.ok()) return Error{ErrorCode::kCorruption, "empty log record"};
  switch (static_cast<RecordType>(type)) {
    case RecordType::kSeries:
      DecodeSeries(&reader, record);
      break;
    case RecordType::kSamples:
      DecodeSamples(&reader, record);
      break;
    case RecordType::kMetadata:
      DecodeMetadata(&reader, record);
      break;
    default:
      return Error{ErrorCode::kUnsupported, fmt::format("log record of type {} is not supported", type)};
  }
  if (!reader.ok())
    return Error{ErrorCode::kCorruption, fmt::format("log record of type {} ends in the middle of an entry", type)};
  return {};
}

}  // namespace tickbird::tsdb
