#include <algorithm>

#include "core/tsdb/head/head.h"
#include "core/tsdb/head/time_range.h"

namespace tickbird::tsdb {
namespace {

// Looked at under one hold of the lock: series, families of metadata.
constexpr Slot kSlice = 512;
constexpr int kFamilies = 64;
// Taking a series out of table and index costs some microseconds.
constexpr int kMostExpired = 32;

}  // namespace

std::size_t Head::DropChunks(Series* series, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) stats_.chunk_bytes -= static_cast<std::int64_t>(series->chunks[i].ByteSize());
  series->chunks.erase(series->chunks.begin(), series->chunks.begin() + static_cast<std::ptrdiff_t>(count));
  stats_.chunks -= static_cast<std::int64_t>(count);
  return count;
}

void Head::DropOldChunks(Series* series, TimestampMs keep_from) {
  std::size_t old = 0;
  while (old < series->chunks.size() && series->chunks[old].max_time() < keep_from) ++old;
  if (old > 0) DropChunks(series, old);
  const auto kept = FirstSpilledFrom(series->spilled, keep_from);
  stats_.spilled_chunks -= kept - series->spilled.begin();
  series->spilled.Erase(series->spilled.begin(), kept);
  if (!series->open.empty() && series->open.newest_time() < keep_from) {
    stats_.chunk_bytes -= static_cast<std::int64_t>(series->open.capacity());
    series->open.ClearAndFree();
  }
  if (series->histograms && series->open.newest_time() < keep_from) {
    stats_.chunk_bytes -= static_cast<std::int64_t>(series->histograms->ByteSize());
    series->histograms.reset();
  }
}

/// Looks at the slots from `begin` on; returns where to go on, kNoSlot at the end.
Slot Head::MaintainSlice(Slot begin, TimestampMs keep_from, TimestampMs* oldest) {
  mutex_.GiveWay();
  MutexLock lock(mutex_);
  int expired = 0;
  for (Slot slot = begin; slot < table_.slot_end(); ++slot) {
    if (slot == begin + kSlice || expired == kMostExpired) return slot;
    Series& series = table_.at(slot);
    if (series.ref == 0) continue;
    DropOldChunks(&series, keep_from);
    if (series.HasSamples()) {
      *oldest = *oldest == kNoTime ? series.oldest_time() : std::min(*oldest, series.oldest_time());
    } else if (series.pending_samples == 0 &&
               series.open.newest_time() < TimeBefore(keep_from, options_.series_expiry)) {
      ++expired;
      Expire(slot);
    }
  }
  return kNoSlot;
}

void Head::Expire(Slot slot) {
  const Series& series = table_.at(slot);
  if (series.name) postings_.Remove(slot, series.labels);
  stats_.chunk_bytes -= static_cast<std::int64_t>(series.open.capacity());
  --sources_[series.source].series;
  ForgetDeleted(slot);
  table_.Erase(slot);
  ++stats_.series_expired;
}

/// Drops the metadata of families that have no series left.
void Head::ForgetMetadata() {
  std::string after;
  for (bool has_more = true; has_more;) {
    mutex_.GiveWay();
    MutexLock lock(mutex_);
    auto at = after.empty() ? metadata_.begin() : metadata_.upper_bound(after);
    for (int i = 0; i < kFamilies && at != metadata_.end(); ++i) {
      after = at->first;
      at = FamilySeries(after) == kNoSlot ? metadata_.erase(at) : std::next(at);
    }
    has_more = at != metadata_.end();
  }
}

/// The next part of a checkpoint: the records of all series, then the metadata.
bool Head::FillCheckpoint(CheckpointState* state, RecordWriter* records) {
  mutex_.GiveWay();
  MutexLock lock(mutex_);
  if (state->next_slot < table_.slot_end()) {
    const Slot end = std::min(state->next_slot + kSlice, table_.slot_end());
    for (Slot slot = state->next_slot; slot < end; ++slot) {
      const Series& series = table_.at(slot);
      if (series.name) records->AddSeries(series.ref, series.labels);
    }
    state->next_slot = end;
    return true;
  }
  auto at = state->is_metadata_begun ? metadata_.upper_bound(state->family) : metadata_.begin();
  if (!state->is_metadata_begun) WriteDeletions(records);
  const bool is_done = state->is_metadata_begun && at == metadata_.end();
  state->is_metadata_begun = true;
  for (int i = 0; i < kFamilies && at != metadata_.end(); ++i, ++at) {
    state->family = at->first;
    if (const Slot slot = FamilySeries(at->first); slot != kNoSlot)
      records->AddMetadata(table_.at(slot).ref, at->first, at->second);
  }
  return !is_done;
}

void Head::DropBefore(TimestampMs time) {
  MutexLock maintain(maintain_mutex_);
  {
    MutexLock lock(mutex_);
    if (time <= min_valid_time_) return;
    min_valid_time_ = time;
  }
  DropOldSeries();
}

/// Goes through all series: drops what is older than min_valid_time_ and finds the oldest sample of the rest.
void Head::DropOldSeries() {
  std::int64_t expired_before = 0;
  TimestampMs keep_from = 0;
  {
    MutexLock lock(mutex_);
    keep_from = min_valid_time_;
    expired_before = stats_.series_expired;
    min_chunk_start_ = kNoTime;
  }
  TimestampMs oldest = kNoTime;
  for (Slot next = 0; next != kNoSlot;) next = MaintainSlice(next, keep_from, &oldest);
  bool has_expired = false;
  {
    MutexLock lock(mutex_);
    // Chunks that were begun in slices already seen.
    if (oldest == kNoTime || (min_chunk_start_ != kNoTime && min_chunk_start_ < oldest)) oldest = min_chunk_start_;
    min_time_ = oldest;
    ForgetDeletedBefore(keep_from);
    has_expired = stats_.series_expired != expired_before;
  }
  if (has_expired) ForgetMetadata();
}

void Head::Maintain(TimestampMs now) {
  MutexLock maintain(maintain_mutex_);
  {
    MutexLock lock(mutex_);
    now_ = now;
  }
  DropOldSeries();
  SpillOldChunks();
  TimestampMs truncate_before = kNoTime;
  TimestampMs keep_from = kNoTime;
  {
    MutexLock lock(mutex_);
    std::erase_if(unlogged_families_, [this](const std::string& family) TICKBIRD_REQUIRES(mutex_) {
      const auto known = metadata_.find(family);
      return known == metadata_.end() || LogFamily(family, known->second);
    });
    keep_from = min_valid_time_;
    truncate_before = std::max(keep_from, evicted_until_);
  }
  if (!wal_ || ShortenLogs(keep_from, truncate_before)) return;
  MutexLock lock(mutex_);
  ++stats_.truncate_failures;
}

/// Removes files of chunks and segments of the logs that are not needed.
Status Head::ShortenLogs(TimestampMs keep_from, TimestampMs truncate_before) {
  Status status = chunk_files_->RemoveBefore(keep_from);
  // What the log loses before its time is on disk alone.
  if (truncate_before > keep_from || wal_->stats().bytes > options_.wal.max_bytes) {
    TICKBIRD_RETURN_IF_ERROR(chunk_files_->Sync());
  }
  CheckpointState state;
  const Status truncated =
      wal_->Truncate(truncate_before, [&](RecordWriter* records) { return FillCheckpoint(&state, records); });
  if (status) status = truncated;
  const Status removed = wbl_->RemoveBefore(truncate_before);
  return status ? removed : status;
}

}  // namespace tickbird::tsdb
