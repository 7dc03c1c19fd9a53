#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/tsdb/head/head_chunk_record.h"

namespace tickbird::tsdb {

/// The chunks of one series that are on disk, by time and apart from each other. One pointer when it is empty, since
/// there may be a million of them. Not thread safe.
class SpilledList {
 public:
  using const_iterator = const SpilledChunk*;

  SpilledList() = default;
  SpilledList(SpilledList&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SpilledList& operator=(SpilledList&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SpilledList();

  bool empty() const { return !block_; }
  std::size_t size() const { return block_ ? block_->size : 0; }
  const_iterator begin() const { return data(); }
  const_iterator end() const { return data() + size(); }
  const SpilledChunk& front() const { return *data(); }
  const SpilledChunk& back() const { return data()[size() - 1]; }

  void Insert(const_iterator at, const SpilledChunk& chunk);
  void Erase(const_iterator first, const_iterator last);

 private:
  struct Block {
    std::uint32_t size;
    std::uint32_t capacity;
  };

  SpilledChunk* data() const { return reinterpret_cast<SpilledChunk*>(block_ ? block_ + 1 : nullptr); }
  void Resize(std::size_t capacity);

  Block* block_ = nullptr;  // null or not empty
};

/// Adds a chunk that was written later than those of the list: of those that it covers it takes the place. Where it
/// meets another in part, neither is trusted, both go, and the log has to fill the gap. Returns how many chunks went.
std::size_t AddSpilled(SpilledList* list, const SpilledChunk& chunk);
/// The first chunk that does not end before `time`.
SpilledList::const_iterator FirstSpilledFrom(const SpilledList& list, TimestampMs time);
/// Whether a chunk of the list spans `time`.
bool HoldsTime(const SpilledList& list, TimestampMs time);
/// Whether a chunk of the list starts after `from` and before `to`.
bool LiesBetween(const SpilledList& list, TimestampMs from, TimestampMs to);

}  // namespace tickbird::tsdb
