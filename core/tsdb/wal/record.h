#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/appender.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

/// What stands in one record of the log. Source: prometheus/prometheus tsdb/docs/format/wal.md and
/// tsdb/record/record.go (where the two differ - the page says unsigned deltas - the code is right).
namespace tickbird::tsdb {

enum class RecordType : std::uint8_t { kSeries = 1, kSamples = 2, kMetadata = 6 };

/// Encodes a batch into records one after the other, each of one type, cut near kTargetBytes so that neither side needs
/// a large buffer. Not thread safe.
class RecordWriter {
 public:
  /// Metadata of the family that the series belongs to. Prometheus skips the field that holds the family's name; it
  /// reads the rest.
  void AddSeries(SeriesRef ref, const Labels& labels);
  void AddSample(SeriesRef ref, TimestampMs timestamp, double value);
  void AddMetadata(SeriesRef ref, std::string_view family, const MetricMetadata& metadata);

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  /// The finished records; valid until the next change.
  template <class Function>
  void ForEach(Function function) const {
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      const std::size_t end = i + 1 < starts_.size() ? starts_[i + 1] : bytes_.size();
      function(std::string_view(bytes_).substr(starts_[i], end - starts_[i]));
    }
  }
  /// Empties it; keeps the buffer unless it is large.
  void Clear();

  static constexpr std::size_t kTargetBytes = std::size_t{48} << 10;

 private:
  /// Starts a record unless the last one is of that type and has room. True when it did.
  bool Begin(RecordType type);

  std::string bytes_;
  std::vector<std::size_t> starts_;
  SeriesRef base_ref_ = 0;
  TimestampMs base_time_ = 0;
};

/// One record, decoded. Only the part of its type is filled.
struct DecodedRecord {
  struct SeriesEntry {
    SeriesRef ref;
    Labels labels;
  };
  struct SampleEntry {
    SeriesRef ref;
    TimestampMs timestamp;
    double value;
  };
  struct MetadataEntry {
    SeriesRef ref;
    std::string family;  ///< Empty when another program wrote the record.
    MetricMetadata metadata;
  };
  std::vector<SeriesEntry> series;
  std::vector<SampleEntry> samples;
  std::vector<MetadataEntry> metadata;
};

/// Decodes foreign bytes into `record`, which is emptied first and keeps its buffers. kUnsupported for types that we do
/// not hold (tombstones, exemplars, native histograms, later ones): skip those. kCorruption: nothing of it may be used.
Status DecodeRecord(std::string_view bytes, DecodedRecord* record);

}  // namespace tickbird::tsdb
