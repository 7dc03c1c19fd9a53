#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/tsdb/head/fwd.h"

namespace tickbird::tsdb {

/// A sorted set of slots that is small at every size: two slots in place, then an array, then ranges of 65536 slots
/// that are arrays of 16 bits or, when they are full, bitmaps; so a set of all series costs a bit each. Adding and
/// removing moves at most 8 KiB. After Roaring bitmaps (Chambi, Lemire, Kaser, Godin: Better bitmap performance with
/// Roaring bitmaps, 2016). Stays where it is. Not thread safe.
class SlotSet {
 public:
  SlotSet() = default;
  ~SlotSet() { Free(); }
  SlotSet(const SlotSet&) = delete;
  SlotSet& operator=(const SlotSet&) = delete;

  /// False when it was in already.
  bool Insert(Slot slot);
  /// False when it was not in.
  bool Erase(Slot slot);
  bool Contains(Slot slot) const;
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// kNoSlot when empty.
  Slot First() const;
  /// Appends at most `limit` members from `from` on to `out`. Returns where to go on; kNoSlot at the end.
  Slot CopyFrom(Slot from, std::size_t limit, std::vector<Slot>* out) const;
  /// Bytes on the heap.
  std::size_t ByteSize() const;

 private:
  struct Range;
  struct Ranges;

  static constexpr std::uint32_t kInPlace = 2;
  static constexpr std::uint32_t kMostInArray = 64;
  static constexpr std::uint32_t kIsRanges = ~std::uint32_t{0};

  Slot* data() { return capacity_ == 0 ? in_place_ : array_; }
  const Slot* data() const { return capacity_ == 0 ? in_place_ : array_; }
  void Free();
  void MakeRanges();
  void MakeArray();

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  // of array_; 0: in place; kIsRanges: ranges_
  union {
    Slot in_place_[kInPlace] = {};
    Slot* array_;
    Ranges* ranges_;
  };
};

}  // namespace tickbird::tsdb
