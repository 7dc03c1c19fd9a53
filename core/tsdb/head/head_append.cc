#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "core/tsdb/head/head.h"
#include "core/tsdb/head/time_range.h"

namespace tickbird::tsdb {
namespace {

// As Prometheus aims for.
constexpr std::uint16_t kTargetSamples = 120;
// A chunk that compresses to next to nothing goes on: most gauges of a host stand still, and the header costs more than
// their samples.
constexpr std::size_t kSmallChunkBytes = 160;
constexpr std::uint16_t kMostSamples = 4 * kTargetSamples;

bool IsSameValue(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

ErrorCode CodeOf(RefusedReason reason) {
  switch (reason) {
    case RefusedReason::kOutOfOrder:
      return ErrorCode::kOutOfOrder;
    case RefusedReason::kDuplicate:
      return ErrorCode::kDuplicate;
    case RefusedReason::kTooFarInFuture:
    case RefusedReason::kTooOld:
      return ErrorCode::kOutOfBounds;
    case RefusedReason::kSeriesLimit:
    case RefusedReason::kMemoryLimit:
      return ErrorCode::kTooLarge;
    case RefusedReason::kNoName:
    case RefusedReason::kInvalidHistogram:
      return ErrorCode::kInvalidArgument;
  }
  return ErrorCode::kInternal;
}

}  // namespace

/// A batch; the head does the work.
class HeadAppender final : public Appender {
 public:
  explicit HeadAppender(Head& head) : head_(head) { batch_.id = head_.NextBatchId(); }
  ~HeadAppender() override {
    if (!batch_.empty()) Rollback();
  }
  HeadAppender(const HeadAppender&) = delete;
  HeadAppender& operator=(const HeadAppender&) = delete;

  Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value) override {
    return head_.AppendTo(&batch_, ref, labels, timestamp, value);
  }
  void SetSource(std::string_view source) override { batch_.source = head_.SourceNumber(source); }
  Result<SeriesRef> AppendHistogram(SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                    const Histogram& histogram) override {
    return head_.AppendHistogramTo(&batch_, ref, labels, timestamp, histogram);
  }
  Result<SeriesRef> AppendHistogram(SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                    const FloatHistogram& histogram) override {
    return head_.AppendHistogramTo(&batch_, ref, labels, timestamp, histogram);
  }
  Status AppendExemplar(SeriesRef ref, const Labels& labels, const Exemplar& exemplar) override {
    return head_.AppendExemplarTo(&batch_, ref, labels, exemplar);
  }
  void SetMetadata(std::string_view family, const MetricMetadata& metadata) override {
    head_.AddMetadata(&batch_, family, metadata);
  }
  Status Commit() override { return head_.Commit(&batch_); }
  void Rollback() override { head_.Rollback(&batch_); }

 private:
  Head& head_;
  Head::Batch batch_;
};

std::unique_ptr<Appender> Head::NewAppender() {
  return std::make_unique<HeadAppender>(*this);
}

Error Head::Refuse(RefusedReason reason, const Labels& labels, TimestampMs timestamp) {
  ++stats_.samples_refused[static_cast<std::size_t>(reason)];
  std::string why;
  switch (reason) {
    case RefusedReason::kOutOfOrder:
      why = options_.out_of_order_window <= 0
                ? "older than the newest sample of its series"
                : fmt::format("older than the newest sample of its series, and {} s older than the newest of all",
                              options_.out_of_order_window / kSecondMs);
      break;
    case RefusedReason::kDuplicate:
      why = "another value for a time that has one";
      break;
    case RefusedReason::kTooFarInFuture:
      why = fmt::format("more than {} s after now", options_.max_future / kSecondMs);
      break;
    case RefusedReason::kTooOld:
      why = "older than what is still taken";
      break;
    case RefusedReason::kSeriesLimit:
      why = fmt::format("new, and the limit of {} series is reached", options_.max_series);
      break;
    case RefusedReason::kMemoryLimit:
      why = fmt::format("new, and the limit of {} MiB of memory is reached", options_.max_memory_bytes >> 20);
      break;
    case RefusedReason::kNoName:
      why = "without a metric name (label __name__)";
      break;
    case RefusedReason::kInvalidHistogram:
      why = "no valid histogram";
      break;
  }
  return Error{CodeOf(reason), fmt::format("sample of {} at {}: {}", labels.ToString(), timestamp, why)};
}

std::uint8_t Head::SourceNumber(std::string_view name) {
  MutexLock lock(mutex_);
  const auto number = [this](std::string_view wanted) TICKBIRD_REQUIRES(mutex_) {
    const auto found = std::find_if(sources_.begin(), sources_.end(),
                                    [&](const SourceStats& source) { return source.name == wanted; });
    return static_cast<std::size_t>(found - sources_.begin());
  };
  std::size_t found = number(name);
  if (found > kMaxSources) {
    name = "other";
    found = number(name);
  }
  if (found == sources_.size()) sources_.push_back({.name = std::string(name)});
  return static_cast<std::uint8_t>(found);
}

/// A series that came from the log belongs to the first that sends a sample for it.
void Head::Claim(Series* series, std::uint8_t source) {
  --sources_[series->source].series;
  ++sources_[source].series;
  series->source = source;
}

/// A block range is written once nothing can come for it any more: half a range behind the newest sample, as in
/// Prometheus, or the whole out-of-order window.
TimestampMs Head::OldestTaken() const {
  const DurationMs slack = std::max(options_.block_range / 2, options_.out_of_order_window);
  return std::max(min_valid_time_, TimeBefore(max_time_, slack));
}

Result<Slot> Head::FindOrCreate(const Batch& batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp) {
  Slot slot = ref == 0 ? kNoSlot : table_.FindRef(ref);
  if (slot == kNoSlot) slot = table_.Find(labels);
  if (slot != kNoSlot) return slot;
  if (labels.MetricName().empty()) return Refuse(RefusedReason::kNoName, labels, timestamp);
  if (table_.size() >= options_.max_series) {
    ++sources_[batch.source].series_refused;
    return Refuse(RefusedReason::kSeriesLimit, labels, timestamp);
  }
  if (MemoryBytes() >= options_.max_memory_bytes) {
    ++sources_[batch.source].series_refused;
    return Refuse(RefusedReason::kMemoryLimit, labels, timestamp);
  }
  ++stats_.series_created;
  slot = table_.Insert(++last_ref_, labels);
  table_.at(slot).source = batch.source;
  ++sources_[batch.source].series;
  return slot;
}

/// What is the same for samples of every kind: finds or makes the series, or refuses.
Result<Slot> Head::Admit(const Batch& batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp) {
  if (timestamp > now_ + options_.max_future) return Refuse(RefusedReason::kTooFarInFuture, labels, timestamp);
  if (timestamp < OldestTaken()) return Refuse(RefusedReason::kTooOld, labels, timestamp);
  TICKBIRD_ASSIGN_OR_RETURN(const Slot slot, FindOrCreate(batch, ref, labels, timestamp));
  Series& series = table_.at(slot);
  if (series.source == 0 && batch.source != 0) Claim(&series, batch.source);
  return slot;
}

/// The newest sample of the series, those of the batch included.
Head::Newest Head::NewestWith(const Series& series, const Batch& batch) const {
  if (series.batch != batch.id) return {series.open.newest_time(), series.open.newest_value(), series.newest_kind};
  if ((series.batch_index & kHistogramIndex) == 0) {
    const BatchSample& before = batch.samples[series.batch_index];
    return {before.timestamp, before.value, ChunkEncoding::kXor};
  }
  const BatchHistogram& before = batch.histograms[series.batch_index & ~kHistogramIndex];
  const bool is_float = std::holds_alternative<FloatHistogram>(before.histogram);
  return {before.timestamp, 0, is_float ? ChunkEncoding::kFloatHistogram : ChunkEncoding::kHistogram};
}

Result<SeriesRef> Head::AppendTo(Batch* batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                 double value) {
  MutexLock lock(mutex_);
  TICKBIRD_ASSIGN_OR_RETURN(const Slot slot, Admit(*batch, ref, labels, timestamp));
  Series& series = table_.at(slot);
  const Newest newest = NewestWith(series, *batch);
  // Who says that a series ended need not know of what kind it is.
  if (newest.kind != ChunkEncoding::kXor && IsStaleMarker(value)) {
    return AddHistogram(batch, slot, timestamp, StaleHistogram(newest.kind));
  }
  if (timestamp == newest.timestamp) {
    if (newest.kind == ChunkEncoding::kXor && IsSameValue(value, newest.value)) return series.ref;
    return Refuse(RefusedReason::kDuplicate, series.labels, timestamp);
  }
  const bool is_late = timestamp < newest.timestamp;
  if (is_late && timestamp < LateFrom()) return Refuse(RefusedReason::kOutOfOrder, series.labels, timestamp);
  if (!series.name) batch->new_slots.push_back(slot);
  ++series.pending_samples;
  if (is_late) {
    batch->late.push_back({slot, static_cast<std::uint32_t>(batch->late.size()), {timestamp, value}});
    return series.ref;
  }
  series.batch = batch->id;
  series.batch_index = static_cast<std::uint32_t>(batch->samples.size());
  batch->samples.push_back({slot, timestamp, value});
  return series.ref;
}

void Head::AddMetadata(Batch* batch, std::string_view family, const MetricMetadata& metadata) {
  MutexLock lock(mutex_);
  const auto known = metadata_.find(family);
  if (known != metadata_.end() && known->second == metadata) return;
  batch->metadata.emplace_back(family, metadata);
}

void Head::Rollback(Batch* batch) {
  if (!batch->empty()) {
    MutexLock lock(mutex_);
    const auto forget = [&](const auto& entries) TICKBIRD_REQUIRES(mutex_) {
      for (const auto& entry : entries) {
        Series& series = table_.at(entry.slot);
        --series.pending_samples;
        if (series.batch == batch->id) series.batch = 0;
      }
    };
    forget(batch->samples);
    forget(batch->late);
    forget(batch->histograms);
    forget(batch->exemplars);
  }
  batch->Clear();
}

void Head::FinishChunk(Series* series) {
  series->chunks.push_back(series->open.Snapshot());
  series->open.Clear();
  ++stats_.chunks;
  stats_.chunk_bytes += static_cast<std::int64_t>(series->chunks.back().ByteSize());
}

/// Whether both stand between the same two multiples of the block range. Almost always in the one that was asked for
/// last, which saves dividing for every sample.
bool Head::IsInOneRange(TimestampMs oldest, TimestampMs newest) {
  if (oldest < range_.min || oldest > range_.max) range_ = RangeAround(oldest, options_.block_range);
  return newest <= range_.max;
}

void Head::Store(Series* series, TimestampMs timestamp, double value) {
  XorAppender& open = series->open;
  if (series->histograms) [[unlikely]]
    FinishOpen(series);
  series->newest_kind = ChunkEncoding::kXor;
  const bool is_complete = (open.count() >= kTargetSamples && open.size() >= kSmallChunkBytes) ||
                           open.count() >= kMostSamples || open.full() ||
                           (!open.empty() && !IsInOneRange(open.oldest_time(), timestamp));
  if (is_complete) FinishChunk(series);
  if (open.empty()) NoteStart(timestamp);
  const std::size_t capacity = open.capacity();
  open.Append(timestamp, value);
  stats_.chunk_bytes += static_cast<std::int64_t>(open.capacity() - capacity);
  max_time_ = std::max(max_time_, timestamp);
}

/// A large batch waits mostly for memory: a series, then the end of its open chunk.
void Head::PrefetchAhead(const std::vector<BatchSample>& samples, std::size_t i) const {
  constexpr std::size_t kAhead = 8;
  if (i + 2 * kAhead < samples.size()) table_.Prefetch(samples[i + 2 * kAhead].slot);
  if (i + kAhead < samples.size()) table_.at(samples[i + kAhead].slot).open.Prefetch();
}

void Head::Changes::Add(const Series& series, TimestampMs timestamp) {
  newest = std::max(newest, timestamp);
  if (!wants_names || series.name == last_name) return;
  last_name = series.name;
  names.push_back(series.labels);
}

/// False when the sample is not taken now: a block was made meanwhile, or a batch that was committed in between had a
/// newer sample for the series.
bool Head::CommitSample(const BatchSample& sample, Batch* batch, TimestampMs from) {
  Series& series = table_.at(sample.slot);
  --series.pending_samples;
  if (series.batch == batch->id) series.batch = 0;
  if (sample.timestamp < from) {
    CountRefused(RefusedReason::kTooOld, 1);
    return false;
  }
  const TimestampMs newest = series.open.newest_time();
  if (sample.timestamp < newest) {
    ++series.pending_samples;
    const auto order = static_cast<std::uint32_t>(batch->late.size());
    batch->late.push_back({sample.slot, order, {sample.timestamp, sample.value}});
    return false;
  }
  if (sample.timestamp == newest) {
    const bool is_same =
        series.newest_kind == ChunkEncoding::kXor && IsSameValue(sample.value, series.open.newest_value());
    if (!is_same) CountRefused(RefusedReason::kDuplicate, 1);
    return false;
  }
  Store(&series, sample.timestamp, sample.value);
  ++stats_.samples_appended;
  if (wal_) {
    pending_.records.AddSample(series.ref, sample.timestamp, sample.value);
    CountLogged(sample.timestamp);
  }
  return true;
}

/// Floats and histograms in the order in which they came.
void Head::CommitSamples(Batch* batch, TimestampMs from, Changes* changes) {
  std::size_t next = 0;
  const auto commit_histograms = [&](std::size_t position) TICKBIRD_REQUIRES(mutex_) {
    for (; next < batch->histograms.size() && batch->histograms[next].position <= position; ++next) {
      const BatchHistogram& sample = batch->histograms[next];
      if (CommitHistogram(sample, batch, from)) changes->Add(table_.at(sample.slot), sample.timestamp);
    }
  };
  for (std::size_t i = 0; i < batch->samples.size(); ++i) {
    if (!batch->histograms.empty()) commit_histograms(i);
    const BatchSample& sample = batch->samples[i];
    PrefetchAhead(batch->samples, i);
    if (CommitSample(sample, batch, from)) changes->Add(table_.at(sample.slot), sample.timestamp);
  }
  commit_histograms(batch->samples.size());
}

/// Puts series that get their first sample into the index and the log.
void Head::CommitSeries(const std::vector<Slot>& slots) {
  for (const Slot slot : slots) {
    Series& series = table_.at(slot);
    if (series.name) continue;
    series.name = postings_.Add(slot, series.labels);
    if (!wal_) continue;
    pending_.records.AddSeries(series.ref, series.labels);
    pending_.series.push_back(series.ref);
  }
}

Status Head::Commit(Batch* batch) {
  std::shared_ptr<const CommitListener> listener;
  Changes changes;
  TimestampMs late_from = kNoTime;
  bool has_log = false;
  bool is_over_limit = false;
  {
    MutexLock lock(mutex_);
    listener = listener_;
    changes.wants_names = listener != nullptr;
    // As the batch found them: its own samples make none of it too old.
    const TimestampMs from = OldestTaken();
    late_from = LateFrom();
    CommitSeries(batch->new_slots);
    CommitSamples(batch, from, &changes);
    if (!batch->late.empty()) CommitOldestLate(batch, late_from, &changes);
    CommitMetadata(batch);
    CommitExemplars(batch);
    is_over_limit = IsOverLimit();
    has_log = !pending_.empty();
  }
  if (!batch->late.empty()) has_log |= CommitLate(batch, late_from, &changes) && wal_;
  batch->Clear();
  Status logged = has_log ? WriteLog() : Status();
  if (is_over_limit) RelieveMemory();
  if (listener && changes.newest != kNoTime) {
    std::vector<std::string_view> views;
    views.reserve(changes.names.size());
    for (const Labels& labels : changes.names) views.push_back(labels.MetricName());
    (*listener)({.newest = changes.newest, .metric_names = views});
  }
  return logged;
}

void Head::CommitMetadata(Batch* batch) {
  for (auto& [family, metadata] : batch->metadata) {
    auto known = metadata_.find(family);
    if (known == metadata_.end()) {
      if (metadata_.size() >= options_.max_series) {
        ++stats_.metadata_refused;
        continue;
      }
      known = metadata_.emplace(family, MetricMetadata()).first;
    }
    known->second = std::move(metadata);
    if (wal_ && !LogFamily(known->first, known->second)) unlogged_families_.insert(known->first);
  }
}

/// Metadata is logged for one series that stands for its family, since Prometheus' records are by series.
bool Head::LogFamily(const std::string& family, const MetricMetadata& metadata) {
  const Slot slot = FamilySeries(family);
  if (slot == kNoSlot) return false;
  pending_.records.AddMetadata(table_.at(slot).ref, family, metadata);
  pending_.families.push_back(family);
  return true;
}

Slot Head::FamilySeries(std::string_view family) const {
  std::string name(family);
  for (const std::string_view suffix : {"", "_total", "_bucket", "_count", "_sum", "_info", "_gcount", "_gsum"}) {
    name.resize(family.size());
    name += suffix;
    if (const Slot slot = postings_.First(kMetricNameLabel, name); slot != kNoSlot) return slot;
  }
  return kNoSlot;
}

void Head::Batch::Clear() {
  samples.clear();
  late.clear();
  histograms.clear();
  exemplars.clear();
  new_slots.clear();
  metadata.clear();
}

void Head::LogBatch::Clear() {
  records.Clear();
  series.clear();
  families.clear();
  samples = 0;
  newest = kNoTime;
  late_records.Clear();
  late_samples = 0;
  late_newest = kNoTime;
}

/// Moves what waits into writing_, and puts again into `repeated` what the log has missed although later samples refer
/// to it.
void Head::TakeLogBatch(RecordWriter* repeated) {
  std::swap(pending_, writing_);
  for (const SeriesRef ref : lost_series_) {
    if (const Slot slot = table_.FindRef(ref); slot != kNoSlot) repeated->AddSeries(ref, table_.at(slot).labels);
  }
  for (const std::string& family : lost_families_) {
    const auto metadata = metadata_.find(family);
    const Slot slot = FamilySeries(family);
    if (metadata != metadata_.end() && slot != kNoSlot)
      repeated->AddMetadata(table_.at(slot).ref, family, metadata->second);
  }
}

/// Remembers what has to be logged again. Series that expired meanwhile are let go, so that a disk that stays full for
/// long costs no more than the series limit.
void Head::CountLogFailure() {
  lost_series_.insert(lost_series_.end(), writing_.series.begin(), writing_.series.end());
  lost_families_.insert(writing_.families.begin(), writing_.families.end());
  MutexLock lock(mutex_);
  ++stats_.wal_failures;
  stats_.wal_samples_lost += writing_.samples + writing_.late_samples;
  if (lost_series_.size() <= options_.max_series) return;
  std::erase_if(lost_series_,
                [this](SeriesRef ref) TICKBIRD_REQUIRES(mutex_) { return table_.FindRef(ref) == kNoSlot; });
  std::erase_if(lost_families_,
                [this](const std::string& family) TICKBIRD_REQUIRES(mutex_) { return !metadata_.contains(family); });
}

Status Head::WriteRecords(const RecordWriter& repeated) {
  Status status = closed_ ? Status(Error{ErrorCode::kUnavailable, "the store is closed"}) : Status();
  if (status && !repeated.empty()) status = wal_->Append(repeated, kNoTime);
  if (status) {
    lost_series_.clear();
    lost_families_.clear();
    status = wal_->Append(writing_.records, writing_.newest);
  }
  if (!status) {
    CountLogFailure();
    return status;
  }
  if (writing_.late_records.empty()) return status;
  status = wbl_->Append(writing_.late_records, writing_.late_newest);
  if (!status) {
    MutexLock lock(mutex_);
    ++stats_.wal_failures;
    stats_.wal_samples_lost += writing_.late_samples;
  }
  return status;
}

/// Writes whatever waits, also of other threads: their turn then finds nothing and takes over the result.
Status Head::WriteLog() {
  MutexLock log(log_mutex_);
  RecordWriter repeated;
  {
    MutexLock lock(mutex_);
    if (pending_.empty()) return log_status_;
    TakeLogBatch(&repeated);
  }
  log_status_ = WriteRecords(repeated);
  writing_.Clear();
  return log_status_;
}

}  // namespace tickbird::tsdb
