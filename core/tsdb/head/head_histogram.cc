// Native histograms on their way in.
#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

// As Prometheus aims for.
constexpr std::size_t kTargetSamples = 120;
// No client has as many; a record of the log must fit into a segment.
constexpr std::size_t kMostBuckets = 20'000;

ChunkEncoding KindOf(const Histogram&) {
  return ChunkEncoding::kHistogram;
}
ChunkEncoding KindOf(const FloatHistogram&) {
  return ChunkEncoding::kFloatHistogram;
}

std::size_t CountBuckets(const Histogram& histogram) {
  return histogram.positive_deltas.size() + histogram.negative_deltas.size() + histogram.layout.custom_values.size();
}
std::size_t CountBuckets(const FloatHistogram& histogram) {
  return histogram.positive_buckets.size() + histogram.negative_buckets.size() + histogram.layout.custom_values.size();
}

double SumOf(const HistogramValue& value) {
  return std::visit([](const auto& histogram) { return histogram.sum; }, value);
}

FloatHistogram ToFloat(const HistogramValue& value) {
  const auto* const whole = std::get_if<Histogram>(&value);
  return whole ? whole->ToFloat() : std::get<FloatHistogram>(value);
}

bool IsSameNumber(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

Status CheckHistogram(const HistogramValue& value) {
  return std::visit(
      [](const auto& histogram) -> Status {
        if (const std::size_t buckets = CountBuckets(histogram); buckets > kMostBuckets) {
          return Error{ErrorCode::kInvalidArgument,
                       fmt::format("the histogram has {} buckets, the limit is {}", buckets, kMostBuckets)};
        }
        return histogram.Validate();
      },
      value);
}

}  // namespace

HistogramValue StaleHistogram(ChunkEncoding kind) {
  if (kind == ChunkEncoding::kFloatHistogram) return FloatHistogram{.sum = StaleMarker()};
  return Histogram{.sum = StaleMarker()};
}

Result<SeriesRef> Head::AppendHistogramTo(Batch* batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                          HistogramValue histogram) {
  if (const Status valid = CheckHistogram(histogram); !valid) {
    MutexLock lock(mutex_);
    CountRefused(RefusedReason::kInvalidHistogram, 1);
    return WithContext("sample of " + labels.ToString(), valid.error());
  }
  MutexLock lock(mutex_);
  TICKBIRD_ASSIGN_OR_RETURN(const Slot slot, Admit(*batch, ref, labels, timestamp));
  return AddHistogram(batch, slot, timestamp, std::move(histogram));
}

/// Whether the newest sample of the series, which has this time, is this one.
bool Head::IsNewest(const Series& series, const Batch& batch, TimestampMs timestamp,
                    const HistogramValue& histogram) const {
  if (series.batch == batch.id) {
    if ((series.batch_index & kHistogramIndex) == 0) return false;
    const HistogramValue& before = batch.histograms[series.batch_index & ~kHistogramIndex].histogram;
    return before.index() == histogram.index() && IsSameHistogram(ToFloat(before), ToFloat(histogram));
  }
  if (series.newest_kind == ChunkEncoding::kXor) return false;
  // Its buckets may be on disk since a restart; the sum decides then.
  if (!series.histograms) return IsSameNumber(series.open.newest_value(), SumOf(histogram));
  return std::visit([&](const auto& value) { return series.histograms->EndsWith(timestamp, value); }, histogram);
}

Result<SeriesRef> Head::AddHistogram(Batch* batch, Slot slot, TimestampMs timestamp, HistogramValue histogram) {
  Series& series = table_.at(slot);
  const TimestampMs newest = NewestWith(series, *batch).timestamp;
  if (timestamp < newest) return Refuse(RefusedReason::kOutOfOrder, series.labels, timestamp);
  if (timestamp == newest) {
    if (IsNewest(series, *batch, timestamp, histogram)) return series.ref;
    return Refuse(RefusedReason::kDuplicate, series.labels, timestamp);
  }
  if (!series.name) batch->new_slots.push_back(slot);
  ++series.pending_samples;
  series.batch = batch->id;
  series.batch_index = static_cast<std::uint32_t>(batch->histograms.size()) | kHistogramIndex;
  batch->histograms.push_back({slot, timestamp, std::move(histogram), batch->samples.size()});
  return series.ref;
}

/// False when a batch that was committed in between had a newer sample for the series, or a block was made.
bool Head::CommitHistogram(const BatchHistogram& sample, Batch* batch, TimestampMs from) {
  Series& series = table_.at(sample.slot);
  --series.pending_samples;
  if (series.batch == batch->id) series.batch = 0;
  if (sample.timestamp < from) {
    CountRefused(RefusedReason::kTooOld, 1);
    return false;
  }
  const TimestampMs newest = series.open.newest_time();
  if (sample.timestamp < newest) {
    CountRefused(RefusedReason::kOutOfOrder, 1);
    return false;
  }
  if (sample.timestamp == newest) {
    if (!IsNewest(series, *batch, sample.timestamp, sample.histogram)) CountRefused(RefusedReason::kDuplicate, 1);
    return false;
  }
  const auto store = [&](const auto& histogram) TICKBIRD_REQUIRES(mutex_) {
    StoreHistogram(&series, sample.timestamp, histogram);
    if (wal_) LogHistogram(series.ref, sample.timestamp, histogram);
  };
  std::visit(store, sample.histogram);
  ++stats_.samples_appended;
  ++stats_.histograms_appended;
  return true;
}

void Head::LogHistogram(SeriesRef ref, TimestampMs timestamp, const Histogram& histogram) {
  pending_.records.AddHistogram(ref, timestamp, histogram);
  CountLogged(timestamp);
}

void Head::LogHistogram(SeriesRef ref, TimestampMs timestamp, const FloatHistogram& histogram) {
  pending_.records.AddFloatHistogram(ref, timestamp, histogram);
  CountLogged(timestamp);
}

void Head::CountLogged(TimestampMs timestamp) {
  pending_.newest = std::max(pending_.newest, timestamp);
  ++pending_.samples;
}

/// Makes a finished chunk of the open one of histograms.
void Head::FinishHistograms(Series* series) {
  series->chunks.push_back(series->histograms->Snapshot());
  series->histograms->Clear();
  ++stats_.chunks;
  stats_.chunk_bytes += static_cast<std::int64_t>(series->chunks.back().ByteSize());
}

/// Makes room for samples of another kind.
void Head::FinishOpen(Series* series) {
  if (!series->open.empty()) FinishChunk(series);
  if (!series->histograms) return;
  stats_.chunk_bytes -= static_cast<std::int64_t>(series->histograms->ByteSize());
  if (!series->histograms->empty()) FinishHistograms(series);
  series->histograms.reset();
}

template <class AnyHistogram>
void Head::StoreHistogram(Series* series, TimestampMs timestamp, const AnyHistogram& histogram) {
  if (!series->open.empty()) FinishChunk(series);
  if (!series->histograms) {
    series->histograms = std::make_unique<OpenHistograms>();
    stats_.chunk_bytes += static_cast<std::int64_t>(series->histograms->ByteSize());
  }
  OpenHistograms& open = *series->histograms;
  stats_.chunk_bytes -= static_cast<std::int64_t>(open.ByteSize());
  const bool is_complete =
      !open.empty() && (open.count() >= kTargetSamples || open.full() || !IsInOneRange(open.oldest_time(), timestamp));
  if (is_complete) FinishHistograms(series);
  if (!open.Append(timestamp, histogram)) {
    FinishHistograms(series);
    open.Append(timestamp, histogram);
  }
  stats_.chunk_bytes += static_cast<std::int64_t>(open.ByteSize());
  if (open.count() == 1) NoteStart(timestamp);
  series->open.Resume(timestamp, histogram.sum);
  series->newest_kind = KindOf(histogram);
  max_time_ = std::max(max_time_, timestamp);
}

/// Histograms of the log; those of the log of late samples, too, which are taken where they are not late.
template <class AnyHistogram>
void Head::ReplayHistogram(Slot slot, TimestampMs timestamp, const AnyHistogram& histogram) {
  if (!IsReplayed(slot, timestamp, histogram.sum, KindOf(histogram))) return;
  Series& series = table_.at(slot);
  if (!series.name) series.name = postings_.Add(slot, series.labels);
  StoreHistogram(&series, timestamp, histogram);
  ++stats_.replay.samples;
}

void Head::ReplayStale(Series* series, TimestampMs timestamp) {
  const auto store = [&](const auto& histogram)
                         TICKBIRD_REQUIRES(mutex_) { StoreHistogram(series, timestamp, histogram); };
  std::visit(store, StaleHistogram(series->newest_kind));
  ++stats_.replay.samples;
}

TimestampMs Head::ReplayHistograms(const DecodedRecord& record) {
  TimestampMs newest = kNoTime;
  const auto replay = [&](const auto& entries) TICKBIRD_REQUIRES(mutex_) {
    for (const auto& entry : entries) {
      NoteReplayedRef(entry.ref);
      ReplayHistogram(ReplaySlot(entry.ref), entry.timestamp, entry.histogram);
      newest = std::max(newest, entry.timestamp);
    }
  };
  replay(record.histograms);
  replay(record.float_histograms);
  return newest;
}

}  // namespace tickbird::tsdb
