#include <algorithm>
#include <utility>

#include "core/tsdb/head/head.h"
#include "core/tsdb/head/late_samples.h"
#include "core/tsdb/head/time_range.h"

/// Samples that are older than the newest of their series: they go where they belong, into the chunks that are there.
namespace tickbird::tsdb {
namespace {

// Each costs the decoding and encoding of a chunk, some ten microseconds: the lock is held for about a millisecond.
constexpr std::size_t kSeriesPerLock = 128;

/// How many of the samples, from the front, are not newer than `last`.
std::size_t CountUpTo(std::span<const Sample> samples, TimestampMs last) {
  const auto end = std::partition_point(samples.begin(), samples.end(),
                                        [&](const Sample& sample) { return sample.timestamp <= last; });
  return static_cast<std::size_t>(end - samples.begin());
}

bool IsFloats(const ChunkRef& chunk) {
  return chunk.encoding() == ChunkEncoding::kXor;
}

}  // namespace

/// What Append still takes when it is older than the newest of its series.
TimestampMs Head::LateFrom() const {
  if (options_.out_of_order_window <= 0) return std::numeric_limits<TimestampMs>::max();
  return TimeBefore(max_time_, options_.out_of_order_window);
}

void Head::CountRefused(RefusedReason reason, std::int64_t count) {
  stats_.samples_refused[static_cast<std::size_t>(reason)] += count;
}

void Head::NoteStart(TimestampMs start) {
  if (start < min_time_ || min_time_ == kNoTime) min_time_ = start;
  if (start < min_chunk_start_ || min_chunk_start_ == kNoTime) min_chunk_start_ = start;
}

/// Puts finished chunks in the place of `count` others.
void Head::ReplaceChunks(Series* series, std::size_t at, std::size_t count, std::vector<ChunkRef> chunks) {
  const auto first = series->chunks.begin() + static_cast<std::ptrdiff_t>(at);
  const auto last = first + static_cast<std::ptrdiff_t>(count);
  for (auto chunk = first; chunk != last; ++chunk) stats_.chunk_bytes -= static_cast<std::int64_t>(chunk->ByteSize());
  for (const ChunkRef& chunk : chunks) stats_.chunk_bytes += static_cast<std::int64_t>(chunk.ByteSize());
  stats_.chunks += static_cast<std::int64_t>(chunks.size()) - static_cast<std::int64_t>(count);
  if (!chunks.empty()) NoteStart(chunks.front().min_time());
  const auto gap = series->chunks.erase(first, last);
  series->chunks.insert(gap, std::make_move_iterator(chunks.begin()), std::make_move_iterator(chunks.end()));
}

/// Starts the open chunk again with these samples; a front part that is too long becomes finished chunks.
void Head::ReopenWith(Series* series, std::span<const Sample> samples) {
  XorAppender& open = series->open;
  stats_.chunk_bytes -= static_cast<std::int64_t>(open.capacity());
  open = XorAppender();
  NoteStart(samples.front().timestamp);
  for (const Sample& sample : samples) {
    if (open.full()) FinishChunk(series);
    open.Append(sample.timestamp, sample.value);
  }
  stats_.chunk_bytes += static_cast<std::int64_t>(open.capacity());
}

/// The chunk that samples from `time` on belong to. Chunks follow each other in time and none crosses a block range, so
/// that is the first one that does not end before `time`, or the one in front of it, or a new one in between. Those on
/// disk do not change, and nothing grows past them.
Head::LatePlace Head::FindLatePlace(const Series& series, TimestampMs time) const {
  const auto& chunks = series.chunks;
  const auto next = std::partition_point(chunks.begin(), chunks.end(),
                                         [&](const ChunkRef& chunk) { return chunk.max_time() < time; });
  const auto at = static_cast<std::size_t>(next - chunks.begin());
  Interval range = RangeAround(time, options_.block_range);
  const auto on_disk = FirstSpilledFrom(series.spilled, time);
  if (on_disk != series.spilled.end()) {
    if (on_disk->min_time <= time) return {.kind = LatePlace::Kind::kNone, .at = at, .last = on_disk->max_time};
    range.max = std::min(range.max, on_disk->min_time - 1);
  }
  if (on_disk != series.spilled.begin()) range.min = std::max(range.min, (on_disk - 1)->max_time + 1);
  LatePlace place{.kind = LatePlace::Kind::kNew, .at = at, .last = range.max};
  if (next != chunks.end() || series.HasOpen()) {
    const bool is_finished = next != chunks.end();
    const TimestampMs start = is_finished ? next->min_time() : series.open_oldest_time();
    const TimestampMs end = is_finished ? next->max_time() : series.open.newest_time();
    const bool is_floats = is_finished ? IsFloats(*next) : !series.open.empty();
    if (is_floats && start <= range.max) {
      place.kind = is_finished ? LatePlace::Kind::kFinished : LatePlace::Kind::kOpen;
      place.last = end;
      return place;
    }
    if (start <= time) return {.kind = LatePlace::Kind::kNone, .at = at, .last = end};
    place.last = std::min(place.last, start - 1);
  }
  if (at > 0 && IsFloats(chunks[at - 1]) && chunks[at - 1].max_time() >= range.min) {
    place.kind = LatePlace::Kind::kFinished;
    place.at = at - 1;
  }
  return place;
}

/// Puts samples, which are in the order of time and not newer than the newest of the series, where they belong. Returns
/// those that were not there already.
std::vector<Sample> Head::InsertLate(Series* series, std::span<const Sample> samples, LateCounts* counts) {
  std::vector<Sample> added;
  while (!samples.empty()) {
    const LatePlace place = FindLatePlace(*series, samples.front().timestamp);
    const auto group = samples.first(CountUpTo(samples, place.last));
    samples = samples.subspan(group.size());
    const bool is_open = place.kind == LatePlace::Kind::kOpen;
    std::vector<Sample> held;
    if (is_open) held = DecodeFloats(series->open.Snapshot());
    if (place.kind == LatePlace::Kind::kFinished) held = DecodeFloats(series->chunks[place.at]);
    if (place.kind != LatePlace::Kind::kNew && held.empty()) {
      counts->misplaced += static_cast<std::int64_t>(group.size());
      continue;
    }
    const MergedSamples merged = MergeLate(held, group);
    counts->duplicates += merged.duplicates;
    if (merged.added.empty()) continue;
    added.insert(added.end(), merged.added.begin(), merged.added.end());
    if (is_open) {
      ReopenWith(series, merged.all);
    } else {
      ReplaceChunks(series, place.at, held.empty() ? 0 : 1, EncodeFloats(merged.all));
    }
  }
  return added;
}

/// The late samples of one series of a batch. Returns whether any was taken.
bool Head::CommitLateSeries(Slot slot, std::span<const Sample> samples, TimestampMs from) {
  Series& series = table_.at(slot);
  series.pending_samples -= static_cast<std::uint32_t>(samples.size());
  const std::size_t too_late = CountUpTo(samples, TimeBefore(from, 1));
  LateCounts counts;
  const std::vector<Sample> added = InsertLate(&series, samples.subspan(too_late), &counts);
  CountRefused(RefusedReason::kOutOfOrder, static_cast<std::int64_t>(too_late) + counts.misplaced);
  CountRefused(RefusedReason::kDuplicate, counts.duplicates);
  stats_.samples_appended += static_cast<std::int64_t>(added.size());
  stats_.samples_out_of_order += static_cast<std::int64_t>(added.size());
  if (!wbl_ || added.empty()) return !added.empty();
  for (const Sample& sample : added) pending_.late_records.AddSample(series.ref, sample.timestamp, sample.value);
  pending_.late_newest = std::max(pending_.late_newest, added.back().timestamp);
  pending_.late_samples += static_cast<std::int64_t>(added.size());
  return true;
}

/// Takes up to `limit` series off the span. Returns whether any sample was taken.
bool Head::CommitLateSlice(std::span<const LateSample>* late, std::size_t limit, TimestampMs from, Changes* changes) {
  bool is_any_taken = false;
  for (std::size_t i = 0; i < limit && !late->empty(); ++i) {
    const Slot slot = late->front().slot;
    const std::vector<Sample> samples = TakeFirstSeries(late);
    if (!CommitLateSeries(slot, samples, from)) continue;
    changes->Add(table_.at(slot), samples.back().timestamp);
    is_any_taken = true;
  }
  return is_any_taken;
}

/// Those that the batch's own newer samples make too old: oldest_taken() promises that none of them comes later.
void Head::CommitOldestLate(Batch* batch, TimestampMs from, Changes* changes) {
  const TimestampMs oldest = OldestTaken();
  const auto first = std::partition(batch->late.begin(), batch->late.end(),
                                    [&](const LateSample& late) { return late.sample.timestamp >= oldest; });
  if (first == batch->late.end()) return;
  std::vector<LateSample> old(first, batch->late.end());
  batch->late.erase(first, batch->late.end());
  SortLate(&old);
  std::span<const LateSample> rest = old;
  CommitLateSlice(&rest, old.size(), std::max(from, min_valid_time_), changes);
}

bool Head::CommitLate(Batch* batch, TimestampMs from, Changes* changes) {
  SortLate(&batch->late);
  bool is_any_taken = false;
  for (std::span<const LateSample> rest = batch->late; !rest.empty();) {
    MutexLock lock(mutex_);
    is_any_taken |= CommitLateSlice(&rest, kSeriesPerLock, std::max(from, OldestTaken()), changes);
  }
  batch->late.clear();
  return is_any_taken;
}

/// Samples of wbl/: of any age, perhaps newer than what wal/ brought back when that lost its end.
void Head::ReplayLate(std::span<const DecodedRecord::SampleEntry> entries) {
  std::vector<LateSample> late;
  for (const auto& entry : entries) {
    NoteReplayedRef(entry.ref);
    const Slot slot = ReplaySlot(entry.ref);
    if (slot == kNoSlot) {
      ++stats_.replay.unknown_samples;
    } else if (entry.timestamp < min_valid_time_) {
      ++stats_.replay.old_samples;
    } else {
      late.push_back({slot, static_cast<std::uint32_t>(late.size()), {entry.timestamp, entry.value}});
    }
  }
  SortLate(&late);
  for (std::span<const LateSample> rest = late; !rest.empty();) {
    const Slot slot = rest.front().slot;
    ReplayLateSeries(slot, TakeFirstSeries(&rest));
  }
}

void Head::ReplayLateSeries(Slot slot, std::span<const Sample> samples) {
  Series& series = table_.at(slot);
  const std::size_t late = CountUpTo(samples, series.open.newest_time());
  Unspill(&series, samples.first(late));
  LateCounts counts;
  const std::vector<Sample> added = InsertLate(&series, samples.first(late), &counts);
  if (!added.empty() && !series.name) series.name = postings_.Add(slot, series.labels);
  stats_.replay.samples += static_cast<std::int64_t>(added.size());
  stats_.replay.repeated_samples += static_cast<std::int64_t>(late - added.size());
  for (const Sample& sample : samples.subspan(late)) ReplaySample(slot, sample.timestamp, sample.value);
}

}  // namespace tickbird::tsdb
