// Finished chunks on their way from memory to disk, and back at a start; and what goes when neither has room.
#include <algorithm>
#include <array>
#include <utility>

#include "core/tsdb/chunk/chunk_reader.h"
#include "core/tsdb/head/head.h"
#include "core/tsdb/head/late_samples.h"
#include "core/tsdb/head/time_range.h"

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kChunksName = "chunks_head";
// Series looked at under one hold of the lock.
constexpr Slot kSlice = 512;
// Written at once.
constexpr std::int64_t kBatchBytes = std::int64_t{1} << 20;
// Above this part of a limit chunks go to disk before their time, so that commits do not have to see to it.
constexpr std::int64_t kNear(std::int64_t limit) {
  return limit - limit / 8;
}
// Eviction makes this part of the limit free, so that it does not come with every commit.
constexpr std::int64_t kFreedPart = 16;
constexpr TimestampMs kEvictionSteps = 16;
// Whatever else the memory is full of, chunks get this part of their own limit.
constexpr std::int64_t kLeastPart = 8;

/// The newest sample of a chunk; kNoTime when it cannot be decoded to its end.
Sample NewestOf(const ChunkRef& chunk) {
  ChunkReader reader(chunk);
  std::array<TimestampMs, 128> timestamps;
  std::array<double, 128> values;
  Sample newest{kNoTime, 0};
  FloatHistogram histogram;
  while (const std::size_t got = reader.Read(timestamps, values)) newest = {timestamps[got - 1], values[got - 1]};
  while (reader.ReadHistogram(&newest.timestamp, &histogram)) newest.value = histogram.sum;
  return reader.damaged() || newest.timestamp != chunk.max_time() ? Sample{kNoTime, 0} : newest;
}

}  // namespace

std::int64_t Head::MemoryBytes() const {
  return static_cast<std::int64_t>(exemplars_.ByteSize()) + stats_.chunk_bytes +
         stats_.spilled_chunks * static_cast<std::int64_t>(sizeof(SpilledChunk)) +
         static_cast<std::int64_t>(table_.label_bytes() + table_.index_bytes() + postings_.ByteSize());
}

/// What chunks in memory may have now.
std::int64_t Head::ChunkLimit() const {
  const std::int64_t rest = options_.max_memory_bytes - (MemoryBytes() - stats_.chunk_bytes);
  return std::clamp(rest, options_.max_chunk_bytes / kLeastPart, options_.max_chunk_bytes);
}

/// Chunks that end before this are final: nothing that comes late belongs into them, although a batch may be under way
/// that saw an older newest sample.
TimestampMs Head::SpillableUntil() const {
  return TimeBefore(max_time_, 2 * std::max<DurationMs>(options_.out_of_order_window, 0));
}

// To disk.

/// Looks at the slots from `begin` on, one slice of them; false when there are none.
bool Head::CollectSpill(Slot begin, TimestampMs before, std::vector<SpillItem>* items) const {
  mutex_.GiveWay();
  MutexLock lock(mutex_);
  if (begin >= table_.slot_end()) return false;
  for (Slot slot = begin; slot < std::min(begin + kSlice, table_.slot_end()); ++slot) {
    const Series& series = table_.at(slot);
    for (const ChunkRef& chunk : series.chunks) {
      if (chunk.max_time() >= before) break;
      items->push_back({slot, series.ref, chunk});
    }
  }
  return true;
}

/// The chunk of the series that is this very one is on disk now. One that was replaced meanwhile stays, and comes
/// again.
void Head::SwapSpilled(const SpillItem& item, const SpilledChunk& place) {
  Series& series = table_.at(item.slot);
  if (series.ref != item.ref) return;
  const auto found = std::find_if(series.chunks.begin(), series.chunks.end(), [&](const ChunkRef& chunk) {
    return chunk.bytes().data() == item.chunk.bytes().data();
  });
  if (found == series.chunks.end()) return;
  stats_.chunk_bytes -= static_cast<std::int64_t>(found->ByteSize());
  --stats_.chunks;
  ++stats_.chunks_spilled;
  series.chunks.erase(found);
  if (series.chunks.empty()) series.chunks.shrink_to_fit();
  stats_.spilled_chunks += 1 - static_cast<std::int64_t>(AddSpilled(&series.spilled, place));
}

bool Head::WriteSpill(std::vector<SpillItem>* items) {
  if (items->empty()) return true;
  std::vector<HeadChunkFiles::NewChunk> chunks;
  chunks.reserve(items->size());
  for (const SpillItem& item : *items) chunks.push_back({item.ref, item.chunk});
  const auto places = chunk_files_->Append(chunks);
  for (std::size_t at = 0; places && at < items->size();) {
    mutex_.GiveWay();
    MutexLock lock(mutex_);
    for (const std::size_t end = std::min(at + kSlice, items->size()); at < end; ++at) {
      SwapSpilled((*items)[at], (*places)[at]);
    }
  }
  items->clear();
  return places.has_value();
}

/// Writes what ends before `before` to disk. False when that refuses: the rest stays in memory.
bool Head::Spill(TimestampMs before) {
  std::vector<SpillItem> items;
  std::int64_t bytes = 0;
  for (Slot begin = 0;; begin += kSlice) {
    const std::size_t seen = items.size();
    if (!CollectSpill(begin, before, &items)) break;
    for (std::size_t i = seen; i < items.size(); ++i) bytes += static_cast<std::int64_t>(items[i].chunk.ByteSize());
    if (bytes < kBatchBytes) continue;
    if (!WriteSpill(&items)) return false;
    bytes = 0;
  }
  return WriteSpill(&items);
}

void Head::SpillOldChunks() {
  if (!chunk_files_) return;
  MutexLock relief(relief_mutex_);
  TimestampMs before = kNoTime;
  {
    MutexLock lock(mutex_);
    before = SpillableUntil();
    const bool is_near = stats_.chunk_bytes > kNear(ChunkLimit());
    if (!is_near) before = std::min(before, TimeBefore(now_, options_.memory_window));
  }
  Spill(before);
}

// Away.

bool Head::IsOverLimit() const {
  return stats_.chunk_bytes > ChunkLimit() && stats_.chunks > 0;
}

/// Makes room when there are too many bytes of chunks: on disk, or by taking the oldest away.
void Head::RelieveMemory() {
  MutexLock relief(relief_mutex_);
  std::int64_t target = 0;
  TimestampMs before = kNoTime;
  {
    MutexLock lock(mutex_);
    if (!IsOverLimit()) return;
    target = ChunkLimit() - ChunkLimit() / kFreedPart;
    before = SpillableUntil();
  }
  if (chunk_files_) Spill(before);
  while (EvictOldest(target)) {
  }
}

/// Takes a sixteenth of the time away from the old end of all series. False when that is enough.
bool Head::EvictOldest(std::int64_t target) {
  TimestampMs oldest = kNoTime;
  TimestampMs newest = kNoTime;
  {
    MutexLock lock(mutex_);
    if (stats_.chunk_bytes <= target || stats_.chunks == 0) return false;
    oldest = newest = max_time_;
  }
  for (Slot begin = 0; OldestChunkEnd(begin, &oldest); begin += kSlice) {
  }
  const TimestampMs until = oldest + (newest - oldest) / kEvictionSteps;
  for (Slot begin = 0; EvictSlice(begin, until); begin += kSlice) {
  }
  MutexLock lock(mutex_);
  evicted_until_ = std::max(evicted_until_, until);
  return true;
}

bool Head::OldestChunkEnd(Slot begin, TimestampMs* oldest) const {
  mutex_.GiveWay();
  MutexLock lock(mutex_);
  if (begin >= table_.slot_end()) return false;
  for (Slot slot = begin; slot < std::min(begin + kSlice, table_.slot_end()); ++slot) {
    const Series& series = table_.at(slot);
    if (!series.chunks.empty()) *oldest = std::min(*oldest, series.chunks.front().max_time());
  }
  return true;
}

bool Head::EvictSlice(Slot begin, TimestampMs until) {
  mutex_.GiveWay();
  MutexLock lock(mutex_);
  if (begin >= table_.slot_end()) return false;
  for (Slot slot = begin; slot < std::min(begin + kSlice, table_.slot_end()); ++slot) {
    Series& series = table_.at(slot);
    std::size_t old = 0;
    while (old < series.chunks.size() && series.chunks[old].max_time() <= until) ++old;
    if (old > 0) stats_.chunks_evicted += static_cast<std::int64_t>(DropChunks(&series, old));
  }
  return true;
}

// Back.

Status Head::OpenChunkFiles(const std::string& directory) {
  const auto found = [this](SeriesRef series, const SpilledChunk& chunk) {
    MutexLock lock(mutex_);
    if (chunk.max_time < min_valid_time_) return;
    stats_.replay.chunks_dropped += static_cast<std::int64_t>(AddSpilled(&found_chunks_[series], chunk));
  };
  HeadChunkFacts facts;
  TICKBIRD_ASSIGN_OR_RETURN(chunk_files_, HeadChunkFiles::Open(fs_, JoinPath(directory, kChunksName), found, &facts));
  MutexLock lock(mutex_);
  stats_.replay.head_chunks = std::move(facts);
  return {};
}

/// Gives the series the chunks that were written under this reference.
void Head::AttachSpilled(Slot slot, SeriesRef ref) {
  const auto found = found_chunks_.find(ref);
  if (found == found_chunks_.end()) return;
  SpilledList chunks = std::move(found->second);
  found_chunks_.erase(found);
  if (chunks.empty()) return;
  Series& series = table_.at(slot);
  stats_.spilled_chunks -= static_cast<std::int64_t>(series.spilled.size());
  if (series.spilled.empty()) {
    series.spilled = std::move(chunks);
  } else {
    for (const SpilledChunk& chunk : chunks) AddSpilled(&series.spilled, chunk);
  }
  stats_.spilled_chunks += static_cast<std::int64_t>(series.spilled.size());
  if (!series.name) series.name = postings_.Add(slot, series.labels);
  if (series.spilled.empty()) return;
  NoteStart(series.spilled.front().min_time);
  max_time_ = std::max(max_time_, series.spilled.back().max_time);
}

/// Of a sample of the log that is newer than what was replayed of its series: whether a chunk on disk holds it.
bool Head::IsSpilled(Series* series, TimestampMs timestamp, double value) {
  XorAppender& open = series->open;
  const bool is_held = HoldsTime(series->spilled, timestamp);
  const bool is_last = is_held && timestamp == series->spilled.back().max_time;
  // Damage left a gap between chunks, which the log fills: what is in front of the next chunk ends there.
  if (series->HasOpen() && (is_last || (!is_held && LiesBetween(series->spilled, open.newest_time(), timestamp))))
    FinishOpen(series);
  if (is_last) open.Resume(timestamp, value);
  return is_held;
}

/// Brings chunks back into memory where the log has late samples that did not get into them.
void Head::Unspill(Series* series, std::span<const Sample> samples) {
  while (!samples.empty()) {
    const auto place = FirstSpilledFrom(series->spilled, samples.front().timestamp);
    if (place == series->spilled.end()) return;
    const SpilledChunk spilled = *place;
    const auto by_time = [](const Sample& sample, TimestampMs time) { return sample.timestamp < time; };
    const auto first = std::lower_bound(samples.begin(), samples.end(), spilled.min_time, by_time);
    const auto last = std::partition_point(first, samples.end(),
                                           [&](const Sample& sample) { return sample.timestamp <= spilled.max_time; });
    samples = {last, samples.end()};
    std::vector<ChunkRef> chunks;
    const auto file = chunk_files_->Pin(spilled.file);
    if (first == last || !file || !file->Read(std::span(&spilled, 1), &chunks)) continue;
    const std::vector<Sample> held = DecodeFloats(chunks.front());
    const bool has_all = std::all_of(first, last, [&](const Sample& sample) {
      const auto found = std::lower_bound(held.begin(), held.end(), sample.timestamp, by_time);
      return found != held.end() && found->timestamp == sample.timestamp;
    });
    if (held.empty() || has_all) continue;
    series->spilled.Erase(place, place + 1);
    --stats_.spilled_chunks;
    ++stats_.chunks;
    stats_.chunk_bytes += static_cast<std::int64_t>(chunks.front().ByteSize());
    const auto at = std::partition_point(series->chunks.begin(), series->chunks.end(),
                                         [&](const ChunkRef& chunk) { return chunk.min_time() < spilled.min_time; });
    series->chunks.insert(at, std::move(chunks.front()));
  }
}

/// Lets go of chunks whose series nobody knows, and of those at the end of a series that cannot be read: a series must
/// know its newest sample.
void Head::FinishAttaching() {
  MutexLock lock(mutex_);
  for (const auto& [ref, chunks] : found_chunks_)
    stats_.replay.chunks_dropped += static_cast<std::int64_t>(chunks.size());
  found_chunks_ = std::unordered_map<SeriesRef, SpilledList>();
  for (Slot slot = 0; slot < table_.slot_end(); ++slot) {
    Series& series = table_.at(slot);
    while (!series.spilled.empty() && series.open.newest_time() < series.spilled.back().max_time) {
      const SpilledChunk last = series.spilled.back();
      std::vector<ChunkRef> chunks;
      const auto file = chunk_files_->Pin(last.file);
      const Sample newest =
          file && file->Read(std::span(&last, 1), &chunks) ? NewestOf(chunks.front()) : Sample{kNoTime, 0};
      if (newest.timestamp != kNoTime) {
        if (series.HasOpen()) FinishOpen(&series);
        series.open.Resume(newest.timestamp, newest.value);
        series.newest_kind = chunks.front().encoding();
      } else {
        series.spilled.Erase(series.spilled.end() - 1, series.spilled.end());
        --stats_.spilled_chunks;
        ++stats_.replay.chunks_dropped;
      }
    }
  }
}

}  // namespace tickbird::tsdb
