#include "core/tsdb/head/spilled_list.h"

#include <algorithm>

namespace tickbird::tsdb {

std::size_t AddSpilled(SpilledList* list, const SpilledChunk& chunk) {
  if (list->empty() || list->back().max_time < chunk.min_time) {
    list->push_back(chunk);
    return 0;
  }
  const auto first = list->begin() + (FirstSpilledFrom(*list, chunk.min_time) - list->cbegin());
  const auto last = std::partition_point(first, list->end(),
                                         [&](const SpilledChunk& other) { return other.min_time <= chunk.max_time; });
  const auto met = static_cast<std::size_t>(last - first);
  const bool is_covered = met == 0 || (chunk.min_time <= first->min_time && chunk.max_time >= (last - 1)->max_time);
  const auto gap = list->erase(first, last);
  if (!is_covered) return met + 1;
  list->insert(gap, chunk);
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
