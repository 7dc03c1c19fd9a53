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
      return ErrorCode::kTooLarge;
    case RefusedReason::kNoName:
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
    if (!batch_.samples.empty()) Rollback();
  }
  HeadAppender(const HeadAppender&) = delete;
  HeadAppender& operator=(const HeadAppender&) = delete;

  Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value) override {
    return head_.AppendTo(&batch_, ref, labels, timestamp, value);
  }
  void SetSource(std::string_view) override {}
  Result<SeriesRef> AppendHistogram(SeriesRef, const Labels&, TimestampMs, const Histogram&) override {
    return Error{ErrorCode::kUnsupported, "the head holds no native histograms yet"};
  }
  Result<SeriesRef> AppendHistogram(SeriesRef, const Labels&, TimestampMs, const FloatHistogram&) override {
    return Error{ErrorCode::kUnsupported, "the head holds no native histograms yet"};
  }
  Status AppendExemplar(SeriesRef, const Labels&, const Exemplar&) override {
    return Error{ErrorCode::kUnsupported, "the head holds no exemplars yet"};
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
      why = "older than the newest sample of its series";
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
    case RefusedReason::kNoName:
      why = "without a metric name (label __name__)";
      break;
  }
  return Error{CodeOf(reason), fmt::format("sample of {} at {}: {}", labels.ToString(), timestamp, why)};
}

Result<Slot> Head::FindOrCreate(SeriesRef ref, const Labels& labels, TimestampMs timestamp) {
  Slot slot = ref == 0 ? kNoSlot : table_.FindRef(ref);
  if (slot == kNoSlot) slot = table_.Find(labels);
  if (slot != kNoSlot) return slot;
  if (labels.MetricName().empty()) return Refuse(RefusedReason::kNoName, labels, timestamp);
  if (table_.size() >= options_.max_series) return Refuse(RefusedReason::kSeriesLimit, labels, timestamp);
  ++stats_.series_created;
  return table_.Insert(++last_ref_, labels);
}

Result<SeriesRef> Head::AppendTo(Batch* batch, SeriesRef ref, const Labels& labels, TimestampMs timestamp,
                                 double value) {
  MutexLock lock(mutex_);
  if (timestamp > now_ + options_.max_future) return Refuse(RefusedReason::kTooFarInFuture, labels, timestamp);
  if (timestamp < min_valid_time_) return Refuse(RefusedReason::kTooOld, labels, timestamp);
  TICKBIRD_ASSIGN_OR_RETURN(const Slot slot, FindOrCreate(ref, labels, timestamp));
  Series& series = table_.at(slot);
  Sample newest{series.open.newest_time(), series.open.newest_value()};
  if (series.batch == batch->id) {
    const BatchSample& before = batch->samples[series.batch_index];
    newest = {before.timestamp, before.value};
  }
  if (timestamp < newest.timestamp) return Refuse(RefusedReason::kOutOfOrder, series.labels, timestamp);
  if (timestamp == newest.timestamp) {
    if (IsSameValue(value, newest.value)) return series.ref;
    return Refuse(RefusedReason::kDuplicate, series.labels, timestamp);
  }
  if (!series.name) batch->new_slots.push_back(slot);
  series.batch = batch->id;
  series.batch_index = static_cast<std::uint32_t>(batch->samples.size());
  ++series.pending_samples;
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
  if (!batch->samples.empty()) {
    MutexLock lock(mutex_);
    for (const BatchSample& sample : batch->samples) {
      Series& series = table_.at(sample.slot);
      --series.pending_samples;
      if (series.batch == batch->id) series.batch = 0;
    }
  }
  batch->samples.clear();
  batch->new_slots.clear();
  batch->metadata.clear();
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
  const bool is_complete = (open.count() >= kTargetSamples && open.size() >= kSmallChunkBytes) ||
                           open.count() >= kMostSamples || open.full() ||
                           (!open.empty() && !IsInOneRange(open.oldest_time(), timestamp));
  if (is_complete) FinishChunk(series);
  if (open.empty()) {
    const auto earlier = [timestamp](TimestampMs* oldest) {
      if (timestamp < *oldest || *oldest == kNoTime) *oldest = timestamp;
    };
    earlier(&min_time_);
    earlier(&min_chunk_start_);
  }
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

/// False when a batch that was committed in between had a newer sample for the series.
bool Head::CommitSample(const BatchSample& sample, std::uint32_t batch_id) {
  Series& series = table_.at(sample.slot);
  --series.pending_samples;
  if (series.batch == batch_id) series.batch = 0;
  const TimestampMs newest = series.open.newest_time();
  if (sample.timestamp <= newest) {
    const bool is_repeated = sample.timestamp == newest && IsSameValue(sample.value, series.open.newest_value());
    const RefusedReason reason = sample.timestamp == newest ? RefusedReason::kDuplicate : RefusedReason::kOutOfOrder;
    if (!is_repeated) ++stats_.samples_refused[static_cast<std::size_t>(reason)];
    return false;
  }
  Store(&series, sample.timestamp, sample.value);
  ++stats_.samples_appended;
  if (wal_) {
    pending_.records.AddSample(series.ref, sample.timestamp, sample.value);
    pending_.newest = std::max(pending_.newest, sample.timestamp);
    ++pending_.samples;
  }
  return true;
}

Status Head::Commit(Batch* batch) {
  std::shared_ptr<const CommitListener> listener;
  std::vector<Labels> names;  // keep the views below alive after the lock is gone
  TimestampMs newest = kNoTime;
  bool has_log = false;
  {
    MutexLock lock(mutex_);
    listener = listener_;
    for (const Slot slot : batch->new_slots) {
      Series& series = table_.at(slot);
      if (series.name) continue;
      series.name = postings_.Add(slot, series.labels);
      if (!wal_) continue;
      pending_.records.AddSeries(series.ref, series.labels);
      pending_.series.push_back(series.ref);
    }
    const std::string* last_name = nullptr;
    for (std::size_t i = 0; i < batch->samples.size(); ++i) {
      const BatchSample& sample = batch->samples[i];
      PrefetchAhead(batch->samples, i);
      if (!CommitSample(sample, batch->id)) continue;
      newest = std::max(newest, sample.timestamp);
      const Series& series = table_.at(sample.slot);
      if (!listener || series.name == last_name) continue;
      last_name = series.name;
      names.push_back(series.labels);
    }
    CommitMetadata(batch);
    EvictOverLimit();
    has_log = !pending_.records.empty();
  }
  batch->samples.clear();
  batch->new_slots.clear();
  batch->metadata.clear();
  Status logged = has_log ? WriteLog() : Status();
  if (listener && newest != kNoTime) {
    std::vector<std::string_view> views;
    views.reserve(names.size());
    for (const Labels& labels : names) views.push_back(labels.MetricName());
    (*listener)({.newest = newest, .metric_names = views});
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

void Head::LogBatch::Clear() {
  records.Clear();
  series.clear();
  families.clear();
  samples = 0;
  newest = kNoTime;
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
  stats_.wal_samples_lost += writing_.samples;
  if (lost_series_.size() <= options_.max_series) return;
  std::erase_if(lost_series_,
                [this](SeriesRef ref) TICKBIRD_REQUIRES(mutex_) { return table_.FindRef(ref) == kNoSlot; });
  std::erase_if(lost_families_,
                [this](const std::string& family) TICKBIRD_REQUIRES(mutex_) { return !metadata_.contains(family); });
}

/// Writes whatever waits, also of other threads: their turn then finds nothing and takes over the result.
Status Head::WriteLog() {
  MutexLock log(log_mutex_);
  RecordWriter repeated;
  {
    MutexLock lock(mutex_);
    if (pending_.records.empty()) return log_status_;
    TakeLogBatch(&repeated);
  }
  if (closed_) {
    log_status_ = Error{ErrorCode::kUnavailable, "the store is closed"};
  } else {
    log_status_ = repeated.empty() ? Status() : wal_->Append(repeated, kNoTime);
    if (log_status_) {
      lost_series_.clear();
      lost_families_.clear();
      log_status_ = wal_->Append(writing_.records, writing_.newest);
    }
  }
  if (!log_status_) {
    CountLogFailure();
  }
  writing_.Clear();
  return log_status_;
}

}  // namespace tickbird::tsdb
