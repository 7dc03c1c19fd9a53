// What goes from the head into a block.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/tsdb/chunk/chunk_merge.h"
#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {
namespace {

// Series looked at under one hold of the lock.
constexpr Slot kSlice = 512;

}  // namespace

/// The series of a head in the order of their labels. Knows them by reference until their turn comes.
class Head::SeriesSource final : public ChunkSeriesSource {
 public:
  SeriesSource(const Head& head, TimestampMs min, TimestampMs end) : head_(head), min_(min), end_(end) {}

  void Collect() {
    for (Slot begin = 0; head_.CollectSeries(begin, min_, end_, &entries_); begin += kSlice) {
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const SeriesEntry& a, const SeriesEntry& b) { return a.labels < b.labels; });
  }

  Result<bool> Next(ChunkSeries* series) override {
    while (next_ < entries_.size()) {
      SeriesEntry entry = std::move(entries_[next_++]);
      series->labels = std::move(entry.labels);
      Intervals deleted;
      const Status read = head_.ChunksOf(entry.ref, min_, end_ - 1, &series->chunks, &deleted);
      if (!deleted.empty() || !IsWithin(series->chunks)) Clip(&series->chunks, std::move(deleted));
      if (!read) return WithContext(series->labels.ToString(), read.error());
      if (!series->chunks.empty()) return true;
    }
    return false;
  }

 private:
  bool IsWithin(const std::vector<ChunkRef>& chunks) const {
    return std::all_of(chunks.begin(), chunks.end(),
                       [&](const ChunkRef& chunk) { return chunk.min_time() >= min_ && chunk.max_time() < end_; });
  }
  void Clip(std::vector<ChunkRef>* chunks, Intervals outside) const {
    if (min_ > kNoTime) AddInterval(&outside, {kNoTime, min_ - 1});
    AddInterval(&outside, {end_, std::numeric_limits<TimestampMs>::max()});
    *chunks = MergeChunks(*chunks, outside);
  }

  const Head& head_;
  const TimestampMs min_;
  const TimestampMs end_;
  std::vector<SeriesEntry> entries_;
  std::size_t next_ = 0;
};

/// Looks at the slots from `begin` on, one slice of them; false when there are none.
bool Head::CollectSeries(Slot begin, TimestampMs min, TimestampMs end, std::vector<SeriesEntry>* entries) const {
  mutex_.GiveWay();
  MutexLock lock(mutex_);
  if (begin >= table_.slot_end()) return false;
  for (Slot slot = begin; slot < std::min(begin + kSlice, table_.slot_end()); ++slot) {
    const Series& series = table_.at(slot);
    if (series.ref == 0 || !series.HasSamples()) continue;
    if (series.oldest_time() < end && series.open.newest_time() >= min) entries->push_back({series.labels, series.ref});
  }
  return true;
}

/// kCorruption and others: some could not be read; `*chunks` are the rest.
Status Head::ChunksOf(SeriesRef ref, TimestampMs min, TimestampMs max, std::vector<ChunkRef>* chunks,
                      Intervals* deleted) const {
  FilePins pins(chunk_files_.get());
  MixedChunks mixed;
  {
    MutexLock lock(mutex_);
    const Slot slot = table_.FindRef(ref);
    if (slot != kNoSlot) mixed = ChunksBetween(table_.at(slot), min, max, &pins);
    if (slot != kNoSlot) *deleted = DeletedOf(slot);
  }
  Status status;
  *chunks = ReadMixedChunks(std::move(mixed), pins, &status);
  return status;
}

std::unique_ptr<ChunkSeriesSource> Head::SeriesIn(TimestampMs min, TimestampMs end) {
  auto source = std::make_unique<SeriesSource>(*this, min, end);
  source->Collect();
  return source;
}

}  // namespace tickbird::tsdb
