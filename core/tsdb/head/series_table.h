#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/model/appender.h"
#include "core/model/labels.h"
#include "core/tsdb/chunk/xor_chunk.h"
#include "core/tsdb/head/fwd.h"
#include "core/tsdb/head/open_histograms.h"
#include "core/tsdb/head/spilled_list.h"

namespace tickbird::tsdb {

/// One series of the head. Every byte here counts: there may be a million of them.
struct Series {
  SeriesRef ref = 0;  ///< 0: the slot is free.
  Labels labels;
  SpilledList spilled;           ///< Finished chunks on disk. Mostly, not always, older than those in memory.
  std::vector<ChunkRef> chunks;  ///< Finished ones in memory, oldest first.
  /// The open chunk of floats. Its newest time is that of the series, whatever kind the newest sample is of, and its
  /// newest value the sum of a histogram.
  XorAppender open;
  std::unique_ptr<OpenHistograms> histograms;  ///< Instead; null while floats come. One of the two is empty.
  /// The metric name as the postings hold it; null until the first sample is committed, and only then is the series in
  /// the postings and in the log.
  const std::string* name = nullptr;
  std::uint32_t batch = 0;            ///< The open batch that holds the newest uncommitted sample; 0: none.
  std::uint32_t batch_index = 0;      ///< Where it stands in that batch.
  std::uint32_t pending_samples = 0;  ///< In all open batches: the series may not expire before they are gone.
  std::uint8_t source = 0;            ///< Who made it, as the head numbers them.
  ChunkEncoding newest_kind = ChunkEncoding::kXor;  ///< Of the newest sample.

  /// Brings what it points to into the cache: the newest finished chunk and the open one.
  void Prefetch() const {
    if (!chunks.empty()) chunks.back().Prefetch();
    open.Prefetch();
  }
  bool HasOpen() const { return !open.empty() || (histograms && !histograms->empty()); }
  /// Of the open chunk. REQUIRES: HasOpen().
  TimestampMs open_oldest_time() const { return open.empty() ? histograms->oldest_time() : open.oldest_time(); }
  ChunkRef OpenSnapshot() const { return open.empty() ? histograms->Snapshot() : open.Snapshot(); }
  bool HasSamples() const { return !chunks.empty() || !spilled.empty() || HasOpen(); }
  /// Of the samples held. REQUIRES: HasSamples().
  TimestampMs oldest_time() const {
    TimestampMs oldest = std::numeric_limits<TimestampMs>::max();
    if (HasOpen()) oldest = open_oldest_time();
    if (!chunks.empty()) oldest = std::min(oldest, chunks.front().min_time());
    if (!spilled.empty()) oldest = std::min(oldest, spilled.front().min_time);
    return oldest;
  }
};

/// An open-addressing hash set of slots, four bytes a cell, at most three quarters full. What a slot is hashed by is
/// the owner's affair.
class SlotIndex {
 public:
  /// The slot with this hash for which `matches(slot)` holds, or kNoSlot.
  template <class Matches>
  Slot Find(std::uint64_t hash, Matches matches) const {
    if (cells_.empty()) return kNoSlot;
    for (std::size_t at = Home(hash);; at = Next(at)) {
      if (cells_[at] == kNoSlot) return kNoSlot;
      if (matches(cells_[at])) return cells_[at];
    }
  }
  /// `hash_of(slot)` gives the hash of a slot that is in already.
  template <class HashOf>
  void Insert(std::uint64_t hash, Slot slot, HashOf hash_of) {
    if ((count_ + 1) * 4 > cells_.size() * 3) Grow(hash_of);
    Place(hash, slot);
    ++count_;
  }
  template <class HashOf>
  void Erase(std::uint64_t hash, Slot slot, HashOf hash_of) {
    if (cells_.empty()) return;
    std::size_t hole = Home(hash);
    while (cells_[hole] != slot) {
      if (cells_[hole] == kNoSlot) return;
      hole = Next(hole);
    }
    --count_;
    // Close the gap: move back whoever would not be found past it.
    for (std::size_t at = Next(hole); cells_[at] != kNoSlot; at = Next(at)) {
      const std::size_t home = Home(hash_of(cells_[at]));
      const std::size_t mask = cells_.size() - 1;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = kNoSlot;
  }
  std::size_t ByteSize() const { return cells_.capacity() * sizeof(Slot); }

 private:
  std::size_t Home(std::uint64_t hash) const { return (hash * 0x9e3779b97f4a7c15) >> shift_; }
  std::size_t Next(std::size_t at) const { return (at + 1) & (cells_.size() - 1); }
  void Place(std::uint64_t hash, Slot slot) {
    std::size_t at = Home(hash);
    while (cells_[at] != kNoSlot) at = Next(at);
    cells_[at] = slot;
  }
  template <class HashOf>
  void Grow(HashOf hash_of) {
    const std::size_t size = cells_.empty() ? 64 : cells_.size() * 2;
    std::vector<Slot> before(size, kNoSlot);
    before.swap(cells_);
    shift_ = 64 - __builtin_ctzll(size);
    for (const Slot slot : before) {
      if (slot != kNoSlot) Place(hash_of(slot), slot);
    }
  }

  std::vector<Slot> cells_;
  std::size_t count_ = 0;
  int shift_ = 0;
};

/// All series of the head by slot, by reference and by labels. Series do not move in memory. Not thread safe.
class SeriesTable {
 public:
  /// REQUIRES: slot < slot_end().
  Series& at(Slot slot) { return (*blocks_[slot / kBlock])[slot % kBlock]; }
  const Series& at(Slot slot) const { return (*blocks_[slot / kBlock])[slot % kBlock]; }
  /// Brings the series into the cache, for callers that go through many.
  void Prefetch(Slot slot) const {
    const char* const series = reinterpret_cast<const char*>(&at(slot));
    __builtin_prefetch(series, 1);
    __builtin_prefetch(series + sizeof(Series) - 1, 1);
  }
  /// Slots run from 0 to slot_end() - 1; those of Series::ref 0 are free.
  Slot slot_end() const { return slot_end_; }
  std::size_t size() const { return size_; }

  Slot FindRef(SeriesRef ref) const;
  Slot Find(const Labels& labels) const;
  /// REQUIRES: neither is there.
  Slot Insert(SeriesRef ref, const Labels& labels);
  /// Gives the series another reference. REQUIRES: `ref` is not there.
  void Rebind(Slot slot, SeriesRef ref);
  void Erase(Slot slot);

  /// How often a slot was freed: as long as this stays the same, a slot holds the same series.
  std::uint64_t erasures() const { return erasures_; }

  /// Bytes of labels on the heap.
  std::size_t label_bytes() const { return label_bytes_; }
  std::size_t index_bytes() const {
    return by_ref_.ByteSize() + by_labels_.ByteSize() + blocks_.size() * sizeof(Block) +
           free_.capacity() * sizeof(Slot);
  }

 private:
  static constexpr std::size_t kBlock = 128;
  using Block = std::array<Series, kBlock>;

  auto RefOf() const {
    return [this](Slot slot) { return at(slot).ref; };
  }
  auto HashOf() const {
    return [this](Slot slot) { return at(slot).labels.Hash(); };
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Slot> free_;
  Slot slot_end_ = 0;
  std::size_t size_ = 0;
  std::size_t label_bytes_ = 0;
  std::uint64_t erasures_ = 0;
  SlotIndex by_ref_;
  SlotIndex by_labels_;
};

}  // namespace tickbird::tsdb
