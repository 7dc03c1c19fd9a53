#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/appender.h"
#include "core/model/exemplar.h"
#include "core/model/histogram.h"
#include "core/model/labels.h"
#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_series.h"

/// What stands in one record of the log. Source: prometheus/prometheus tsdb/docs/format/wal.md and
/// tsdb/record/record.go (where the two differ - the page says unsigned deltas - the code is right).
namespace tickbird::tsdb {

enum class RecordType : std::uint8_t {
  kSeries = 1,
  kSamples = 2,
  kTombstones = 3,
  kExemplars = 4,
  kMmapMarkers = 5,  ///< In the log of late samples: which of them are in Prometheus' chunks_head.
  kMetadata = 6,
  kHistograms = 7,
  kFloatHistograms = 8,
  kCustomHistograms = 9,  ///< As 7 and 8, but for custom buckets: older versions of Prometheus skip them.
  kCustomFloatHistograms = 10,
  kMinValidTime = 14,  ///< In checkpoints only.
};

/// Encodes a batch into records one after the other, each of one type, cut near kTargetBytes so that neither side needs
/// a large buffer. Not thread safe.
class RecordWriter {
 public:
  /// Metadata of the family that the series belongs to. Prometheus skips the field that holds the family's name; it
  /// reads the rest.
  void AddSeries(SeriesRef ref, const Labels& labels);
  void AddSample(SeriesRef ref, TimestampMs timestamp, double value);
  void AddMetadata(SeriesRef ref, std::string_view family, const MetricMetadata& metadata);
  /// REQUIRES: a valid one.
  void AddHistogram(SeriesRef ref, TimestampMs timestamp, const Histogram& histogram);
  void AddFloatHistogram(SeriesRef ref, TimestampMs timestamp, const FloatHistogram& histogram);
  void AddTombstone(SeriesRef ref, Interval deleted);
  void AddExemplar(SeriesRef ref, const Exemplar& exemplar);

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
  /// The same for records whose entries are written as differences to the first one; writes those.
  void BeginEntry(RecordType type, SeriesRef ref, TimestampMs timestamp);

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
  struct TombstoneEntry {
    SeriesRef ref;
    Interval deleted;
  };
  struct ExemplarEntry {
    SeriesRef ref;
    Exemplar exemplar;
  };
  struct HistogramEntry {
    SeriesRef ref;
    TimestampMs timestamp;
    Histogram histogram;
  };
  struct FloatHistogramEntry {
    SeriesRef ref;
    TimestampMs timestamp;
    FloatHistogram histogram;
  };
  std::vector<SeriesEntry> series;
  std::vector<SampleEntry> samples;
  std::vector<MetadataEntry> metadata;
  std::vector<TombstoneEntry> tombstones;
  std::vector<ExemplarEntry> exemplars;
  /// Their buckets are those of their spans, and their layouts are valid; older writers may have counted otherwise.
  std::vector<HistogramEntry> histograms;
  std::vector<FloatHistogramEntry> float_histograms;
  /// Whoever wrote the checkpoint has all samples before this time in blocks.
  std::optional<TimestampMs> min_valid_time;

  void Clear();
};

/// Decodes foreign bytes into `record`, which is emptied first and keeps its buffers. Of markers of Prometheus' own
/// head chunks nothing is kept. kUnsupported: another program writes what we would have to drop (samples with start
/// timestamps, unknown types and schemas); the message says so, nothing of the log may be changed. kCorruption: nothing
/// of the record may be used.
Status DecodeRecord(std::string_view bytes, DecodedRecord* record);

}  // namespace tickbird::tsdb
