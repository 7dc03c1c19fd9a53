// Deletions: samples that are hidden until a block is made without them.
#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

// Intervals of all series: a few megabytes.
constexpr std::size_t kMostDeletions = 200'000;
// Series hidden under one hold of the lock.
constexpr std::size_t kSlice = 256;

}  // namespace

const Intervals& Head::DeletedOf(Slot slot) const {
  static const Intervals kNone;
  if (deleted_.empty()) return kNone;
  const auto found = deleted_.find(slot);
  return found == deleted_.end() ? kNone : found->second;
}

void Head::Hide(Slot slot, Interval interval) {
  Intervals& intervals = deleted_[slot];
  deletions_ -= intervals.size();
  AddInterval(&intervals, interval);
  deletions_ += intervals.size();
}

void Head::ForgetDeleted(Slot slot) {
  const auto found = deleted_.find(slot);
  if (found == deleted_.end()) return;
  deletions_ -= found->second.size();
  deleted_.erase(found);
}

void Head::ForgetDeletedBefore(TimestampMs time) {
  for (auto entry = deleted_.begin(); entry != deleted_.end();) {
    deletions_ -= std::erase_if(entry->second, [&](const Interval& interval) { return interval.max < time; });
    entry = entry->second.empty() ? deleted_.erase(entry) : std::next(entry);
  }
}

/// What of the interval the series has samples in: nothing that comes later is hidden unless it comes out of order.
std::optional<Interval> Head::HeldPart(const Series& series, Interval interval) {
  if (!series.HasSamples()) return std::nullopt;
  interval.min = std::max(interval.min, series.oldest_time());
  interval.max = std::min(interval.max, series.open.newest_time());
  if (interval.min > interval.max) return std::nullopt;
  return interval;
}

Result<std::int64_t> Head::Delete(const std::vector<Matcher>& matchers, Interval interval) {
  std::vector<std::pair<SeriesRef, Interval>> parts;
  EachOf(Find(matchers), [&](Slot, const Series& series) {
    if (const auto part = HeldPart(series, interval)) parts.emplace_back(series.ref, *part);
  });
  for (std::size_t i = 0; i < parts.size();) {
    mutex_.GiveWay();
    MutexLock lock(mutex_);
    if (i == 0 && deletions_ + parts.size() > kMostDeletions) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("{} deletions more than the {} that wait to be done already, the limit is {}: try again "
                               "after the next block was written",
                               parts.size(), deletions_, kMostDeletions)};
    }
    for (const std::size_t end = std::min(i + kSlice, parts.size()); i < end; ++i) {
      const auto& [ref, part] = parts[i];
      const Slot slot = table_.FindRef(ref);
      if (slot == kNoSlot) continue;
      Hide(slot, part);
      if (!wal_) continue;
      pending_.records.AddTombstone(ref, part);
      pending_.newest = std::max(pending_.newest, part.max);
    }
  }
  if (wal_ && !parts.empty()) TICKBIRD_RETURN_IF_ERROR(WriteLog());
  return static_cast<std::int64_t>(parts.size());
}

TimestampMs Head::ReplayDeletions(std::span<const DecodedRecord::TombstoneEntry> entries) {
  TimestampMs newest = kNoTime;
  for (const auto& entry : entries) {
    NoteReplayedRef(entry.ref);
    const Slot slot = ReplaySlot(entry.ref);
    if (slot == kNoSlot || entry.deleted.max < min_valid_time_) continue;
    std::optional<Interval> part = entry.deleted;
    // Prometheus 3 deletes a whole series with all times there are; what comes after that is not meant.
    if (part->max == std::numeric_limits<TimestampMs>::max()) part = HeldPart(table_.at(slot), entry.deleted);
    if (!part) continue;
    newest = std::max(newest, part->max);
    if (deletions_ < kMostDeletions) {
      Hide(slot, *part);
    } else {
      ++stats_.replay.deletions_dropped;
    }
  }
  return newest;
}

/// For a checkpoint: the segments with the records may be gone before the chunks are.
void Head::WriteDeletions(RecordWriter* records) const {
  for (const auto& [slot, intervals] : deleted_) {
    for (const Interval& interval : intervals) records->AddTombstone(table_.at(slot).ref, interval);
  }
}

}  // namespace tickbird::tsdb
