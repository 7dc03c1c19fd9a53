#pragma once

#include <cstdint>
#include <vector>

#include "core/tsdb/head/head_chunk_record.h"

namespace tickbird::tsdb {

/// The chunks of one series that are on disk, by time and apart from each other.
using SpilledList = std::vector<SpilledChunk>;

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
