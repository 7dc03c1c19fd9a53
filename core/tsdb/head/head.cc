#include "core/tsdb/head/head.h"

#include <algorithm>

#include <fmt/core.h>

namespace tickbird::tsdb {
namespace {

// As Prometheus names them.
constexpr std::string_view kWalName = "wal";
constexpr std::string_view kWblName = "wbl";

/// The family that a series of this name belongs to, for records of programs that do not write it down.
std::string_view FamilyOf(std::string_view metric_name, MetricType type) {
  const auto without = [&](std::initializer_list<std::string_view> suffixes) {
    for (const std::string_view suffix : suffixes) {
      if (metric_name.size() > suffix.size() && metric_name.ends_with(suffix)) {
        return metric_name.substr(0, metric_name.size() - suffix.size());
      }
    }
    return metric_name;
  };
  switch (type) {
    case MetricType::kHistogram:
      return without({"_bucket", "_count", "_sum"});
    case MetricType::kGaugeHistogram:
      return without({"_bucket", "_gcount", "_gsum"});
    case MetricType::kSummary:
      return without({"_count", "_sum"});
    default:
      return metric_name;
  }
}

}  // namespace

std::string_view RefusedReasonName(RefusedReason reason) {
  constexpr std::array<std::string_view, kRefusedReasons> kNames = {
      "out_of_order", "duplicate", "too_far_in_future", "too_old",
      "series_limit", "no_name",   "invalid_histogram", "memory_limit"};
  return kNames[static_cast<std::size_t>(reason)];
}

Result<std::unique_ptr<Head>> Head::Open(Fs& fs, const HeadOptions& options, const std::string& directory,
                                         TimestampMs min_valid_time, TimestampMs now) {
  std::unique_ptr<Head> head(new Head(fs, options));
  {
    MutexLock lock(head->mutex_);
    head->now_ = now;
    head->min_valid_time_ = min_valid_time;
  }
  if (!directory.empty()) {
    const HeadOptions& known = head->options_;
    TICKBIRD_RETURN_IF_ERROR(head->OpenChunkFiles(directory));
    TICKBIRD_ASSIGN_OR_RETURN(head->wal_, Wal::Open(fs, JoinPath(directory, kWalName), known.wal));
    TICKBIRD_ASSIGN_OR_RETURN(head->wbl_,
                              Wal::Open(fs, JoinPath(directory, kWblName), known.wal, Wal::Directory::kMadeLater));
    TICKBIRD_RETURN_IF_ERROR(head->ReplayLogs());
  }
  return head;
}

Head::~Head() = default;

Status Head::ReplayLogs() {
  WalReplay wal;
  WalReplay wbl;
  TICKBIRD_RETURN_IF_ERROR(ReplayLog(wal_.get(), false, &wal));
  FinishAttaching();
  TICKBIRD_RETURN_IF_ERROR(ReplayLog(wbl_.get(), true, &wbl));
  // Only now is it known that nothing speaks against starting here.
  wal_->Repair(&wal);
  wbl_->Repair(&wbl);
  MutexLock lock(mutex_);
  replay_aliases_ = {};
  stats_.replay.wal = std::move(wal);
  stats_.replay.wbl = std::move(wbl);
  stats_.replay.series = static_cast<std::int64_t>(table_.size());
  return {};
}

Status Head::ReplayLog(Wal* wal, bool is_late, WalReplay* facts) {
  DecodedRecord decoded;
  const auto use = [&](std::string_view bytes) -> Result<TimestampMs> {
    TICKBIRD_RETURN_IF_ERROR(DecodeRecord(bytes, &decoded));
    return ReplayRecord(decoded, is_late);
  };
  return wal->Replay(use, facts);
}

Result<TimestampMs> Head::ReplayRecord(const DecodedRecord& record, bool is_late) {
  bool is_over_limit = false;
  TICKBIRD_ASSIGN_OR_RETURN(const TimestampMs newest, ReplayDecoded(record, is_late, &is_over_limit));
  if (is_over_limit) RelieveMemory();
  return newest;
}

Result<TimestampMs> Head::ReplayDecoded(const DecodedRecord& record, bool is_late, bool* is_over_limit) {
  MutexLock lock(mutex_);
  for (const auto& entry : record.series) TICKBIRD_RETURN_IF_ERROR(ReplaySeries(entry));
  TimestampMs newest = kNoTime;
  if (is_late) {
    ReplayLate(record.samples);
  } else {
    ReplaySamples(record.samples);
  }
  for (const auto& entry : record.samples) newest = std::max(newest, entry.timestamp);
  newest = std::max(
      {newest, ReplayHistograms(record), ReplayExemplars(record.exemplars), ReplayDeletions(record.tombstones)});
  for (const auto& entry : record.metadata) ReplayMetadata(entry);
  // A clock that ran ahead may not make all that comes too old.
  if (record.min_valid_time && *record.min_valid_time <= now_) {
    min_valid_time_ = std::max(min_valid_time_, *record.min_valid_time);
  }
  *is_over_limit = IsOverLimit();
  return newest;
}

Slot Head::ReplaySlot(SeriesRef ref) const {
  const Slot slot = table_.FindRef(ref);
  if (slot != kNoSlot || replay_aliases_.empty()) return slot;
  const auto alias = replay_aliases_.find(ref);
  return alias == replay_aliases_.end() ? kNoSlot : alias->second;
}

Status Head::ReplaySeries(const DecodedRecord::SeriesEntry& entry) {
  if (entry.ref == 0 || entry.ref > kMaxReplayedRef) {
    return Error{ErrorCode::kCorruption, fmt::format("series reference {} is out of range", entry.ref)};
  }
  last_ref_ = std::max(last_ref_, entry.ref);
  if (const Slot known = ReplaySlot(entry.ref); known != kNoSlot) {
    if (table_.at(known).labels != entry.labels) {
      ++stats_.replay.refused_series;
    } else {
      AttachSpilled(known, entry.ref);
    }
    return {};
  }
  // A series that expired and came back: samples of either reference are its own.
  if (const Slot same = table_.Find(entry.labels); same != kNoSlot) {
    replay_aliases_.emplace(table_.at(same).ref, same);
    exemplars_.Rename(table_.at(same).ref, entry.ref);
    table_.Rebind(same, entry.ref);
    AttachSpilled(same, entry.ref);
    return {};
  }
  if (table_.size() >= options_.max_series || entry.labels.MetricName().empty()) {
    ++stats_.replay.refused_series;
    return {};
  }
  ++sources_.front().series;
  AttachSpilled(table_.Insert(entry.ref, entry.labels), entry.ref);
  return {};
}

/// In groups: the look-ups of a group wait for memory together, and so do the ends of its open chunks.
void Head::ReplaySamples(std::span<const DecodedRecord::SampleEntry> entries) {
  constexpr std::size_t kGroup = 32;
  std::array<Slot, kGroup> slots;
  for (; !entries.empty(); entries = entries.subspan(std::min(kGroup, entries.size()))) {
    const auto group = entries.first(std::min(kGroup, entries.size()));
    for (std::size_t i = 0; i < group.size(); ++i) {
      NoteReplayedRef(group[i].ref);
      slots[i] = ReplaySlot(group[i].ref);
      if (slots[i] != kNoSlot) table_.at(slots[i]).open.Prefetch();
    }
    for (std::size_t i = 0; i < group.size(); ++i) ReplaySample(slots[i], group[i].timestamp, group[i].value);
  }
}

/// Whether a sample of the log is to be stored; counts it when it is not. For histograms the value is the sum.
bool Head::IsReplayed(Slot slot, TimestampMs timestamp, double value, ChunkEncoding kind) {
  if (slot == kNoSlot) {
    ++stats_.replay.unknown_samples;
    return false;
  }
  if (timestamp < min_valid_time_) {
    ++stats_.replay.old_samples;
    return false;
  }
  Series& series = table_.at(slot);
  const TimestampMs newest = series.open.newest_time();
  const bool is_among_spilled = !series.spilled.empty() && newest < series.spilled.back().max_time;
  if (timestamp <= newest || (is_among_spilled && IsSpilled(&series, timestamp, value))) {
    if (series.open.newest_time() == timestamp && timestamp > newest) series.newest_kind = kind;
    ++stats_.replay.repeated_samples;
    return false;
  }
  return true;
}

void Head::ReplaySample(Slot slot, TimestampMs timestamp, double value) {
  if (!IsReplayed(slot, timestamp, value, ChunkEncoding::kXor)) return;
  Series& series = table_.at(slot);
  // As a start that reads this of Prometheus' log; our own says already which kind is meant.
  if (series.newest_kind != ChunkEncoding::kXor && IsStaleMarker(value)) {
    ReplayStale(&series, timestamp);
    return;
  }
  if (!series.name) series.name = postings_.Add(slot, series.labels);
  Store(&series, timestamp, value);
  ++stats_.replay.samples;
}

void Head::ReplayMetadata(const DecodedRecord::MetadataEntry& entry) {
  const Slot slot = ReplaySlot(entry.ref);
  std::string_view family = entry.family;
  if (family.empty() && slot != kNoSlot) family = FamilyOf(table_.at(slot).labels.MetricName(), entry.metadata.type);
  if (family.empty() || (metadata_.size() >= options_.max_series && !metadata_.contains(family))) return;
  metadata_.insert_or_assign(std::string(family), entry.metadata);
}

std::uint32_t Head::NextBatchId() {
  MutexLock lock(mutex_);
  if (++last_batch_ == 0) ++last_batch_;
  return last_batch_;
}

void Head::SetCommitListener(CommitListener listener) {
  auto shared = listener ? std::make_shared<const CommitListener>(std::move(listener)) : nullptr;
  MutexLock lock(mutex_);
  listener_ = std::move(shared);
}

Status Head::Sync() {
  if (!wal_) return {};
  Status status = wal_->Sync();
  if (const Status late = wbl_->Sync(); status) status = late;
  if (!status) {
    MutexLock lock(mutex_);
    ++stats_.sync_failures;
  }
  return status;
}

Status Head::Close() {
  {
    MutexLock log(log_mutex_);
    closed_ = true;
  }
  return Sync();
}

TimestampMs Head::min_time() const {
  MutexLock lock(mutex_);
  return min_time_;
}

TimestampMs Head::max_time() const {
  MutexLock lock(mutex_);
  return max_time_;
}

TimestampMs Head::min_valid_time() const {
  MutexLock lock(mutex_);
  return min_valid_time_;
}

TimestampMs Head::oldest_taken() const {
  MutexLock lock(mutex_);
  return OldestTaken();
}

HeadStats Head::Stats() const {
  HeadStats stats;
  {
    MutexLock lock(mutex_);
    stats = stats_;
    stats.min_time = min_time_ == kNoTime ? 0 : min_time_;
    stats.max_time = max_time_ == kNoTime ? 0 : max_time_;
    stats.series = static_cast<std::int64_t>(table_.size());
    stats.label_bytes = static_cast<std::int64_t>(table_.label_bytes());
    stats.index_bytes = static_cast<std::int64_t>(table_.index_bytes() + postings_.ByteSize());
    stats.memory_bytes = MemoryBytes();
    stats.sources = sources_;
    stats.exemplars = static_cast<std::int64_t>(exemplars_.size());
    stats.exemplar_bytes = static_cast<std::int64_t>(exemplars_.ByteSize());
    stats.deletions = static_cast<std::int64_t>(deletions_);
    stats.metadata = static_cast<std::int64_t>(metadata_.size());
  }
  if (!wal_) return stats;
  stats.wal = wal_->stats();
  stats.wbl = wbl_->stats();
  stats.head_chunks = chunk_files_->stats();
  return stats;
}

}  // namespace tickbird::tsdb
