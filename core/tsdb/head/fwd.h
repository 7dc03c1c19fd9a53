#pragma once

#include <cstdint>

namespace tickbird::tsdb {

/// Where a series stands in the head's table: dense, and used again after the series expired. Series references
/// (SeriesRef) are never used again, so what leaves the head is a reference and what stays inside is a slot.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = ~Slot{0};

class ChunkRef;
class Head;
class Postings;
class SeriesTable;
class Wal;
struct Series;

}  // namespace tickbird::tsdb
