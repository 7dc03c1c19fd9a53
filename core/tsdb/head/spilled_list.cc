#include "core/tsdb/head/spilled_list.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace tickbird::tsdb {

SpilledList::~SpilledList() {
  std::free(block_);
}

void SpilledList::Resize(std::size_t capacity) {
  const std::size_t size = this->size();
  void* const memory = std::realloc(block_, sizeof(Block) + capacity * sizeof(SpilledChunk));
  if (!memory) throw std::bad_alloc();
  block_ = static_cast<Block*>(memory);
  block_->size = static_cast<std::uint32_t>(size);
  block_->capacity = static_cast<std::uint32_t>(capacity);
}

void SpilledList::Insert(const_iterator at, const SpilledChunk& chunk) {
  const std::ptrdiff_t index = at - begin();
  const SpilledChunk added = chunk;
  if (!block_ || block_->size == block_->capacity) Resize(size() + size() / 4 + 2);
  SpilledChunk* const place = data() + index;
  std::copy_backward(place, data() + size(), data() + size() + 1);
  *place = added;
  ++block_->size;
}

void SpilledList::Erase(const_iterator first, const_iterator last) {
  if (first == last) return;
  SpilledChunk* const place = data() + (first - begin());
  std::copy(last, end(), place);
  block_->size -= static_cast<std::uint32_t>(last - first);
  if (block_->size == 0) {
    std::free(std::exchange(block_, nullptr));
  } else if (block_->size < block_->capacity / 2) {
    Resize(block_->size);
  }
}

std::size_t AddSpilled(SpilledList* list, const SpilledChunk& chunk) {
  const auto first = FirstSpilledFrom(*list, chunk.min_time);
  const auto last = std::partition_point(first, list->end(),
                                         [&](const SpilledChunk& other) { return other.min_time <= chunk.max_time; });
  const auto met = static_cast<std::size_t>(last - first);
  const bool is_covered = met == 0 || (chunk.min_time <= first->min_time && chunk.max_time >= (last - 1)->max_time);
  const std::ptrdiff_t index = first - list->begin();
  list->Erase(first, last);
  if (!is_covered) return met + 1;
  list->Insert(list->begin() + index, chunk);
  return met;
}

SpilledList::const_iterator FirstSpilledFrom(const SpilledList& list, TimestampMs time) {
  return std::partition_point(list.begin(), list.end(),
                              [&](const SpilledChunk& chunk) { return chunk.max_time < time; });
}

bool HoldsTime(const SpilledList& list, TimestampMs time) {
  const auto chunk = FirstSpilledFrom(list, time);
  return chunk != list.end() && chunk->min_time <= time;
}

bool LiesBetween(const SpilledList& list, TimestampMs from, TimestampMs to) {
  const auto chunk =
      std::partition_point(list.begin(), list.end(), [&](const SpilledChunk& other) { return other.min_time <= from; });
  return chunk != list.end() && chunk->min_time < to;
}

}  // namespace tickbird::tsdb
