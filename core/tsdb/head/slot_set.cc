#include "core/tsdb/head/slot_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace tickbird::tsdb {
namespace {

constexpr std::uint32_t kRangeSlots = 1 << 16;
constexpr std::size_t kWords = kRangeSlots / 64;
// Above this many members an array is longer than a bitmap.
constexpr std::uint32_t kMostInRangeArray = 4096;

/// Moves the members into an array of twice the size.
template <class T>
T* Grown(const T* from, std::uint32_t size, std::uint32_t capacity) {
  T* const to = new T[capacity];
  std::copy_n(from, size, to);
  return to;
}

}  // namespace

/// The members that share their upper 16 bits.
struct SlotSet::Range {
  std::uint16_t key = 0;
  std::uint16_t capacity = 0;  // of the array; 0: it is a bitmap
  std::uint32_t size = 0;
  union {
    std::uint16_t* array = nullptr;
    std::uint64_t* bits;
  };

  Range() = default;
  explicit Range(std::uint16_t range_key) : key(range_key), capacity(8), array(new std::uint16_t[8]) {}
  Range(Range&& other) noexcept
      : key(other.key), capacity(other.capacity), size(other.size), array(std::exchange(other.array, nullptr)) {}
  Range& operator=(Range&& other) noexcept {
    std::swap(key, other.key);
    std::swap(capacity, other.capacity);
    std::swap(size, other.size);
    std::swap(array, other.array);
    return *this;
  }
  ~Range() {
    if (capacity == 0) {
      delete[] bits;
    } else {
      delete[] array;
    }
  }

  bool is_bitmap() const { return capacity == 0; }
  std::size_t ByteSize() const { return is_bitmap() ? kWords * sizeof *bits : capacity * sizeof *array; }

  bool Contains(std::uint16_t low) const {
    if (is_bitmap()) return (bits[low / 64] >> (low % 64) & 1) != 0;
    return std::binary_search(array, array + size, low);
  }
  bool Insert(std::uint16_t low) {
    if (!is_bitmap() && size == capacity) Grow();
    if (is_bitmap()) {
      std::uint64_t& word = bits[low / 64];
      const std::uint64_t bit = std::uint64_t{1} << (low % 64);
      if ((word & bit) != 0) return false;
      word |= bit;
    } else {
      std::uint16_t* const at = std::lower_bound(array, array + size, low);
      if (at != array + size && *at == low) return false;
      std::copy_backward(at, array + size, array + size + 1);
      *at = low;
    }
    ++size;
    return true;
  }
  bool Erase(std::uint16_t low) {
    if (!Contains(low)) return false;
    --size;
    if (is_bitmap()) {
      bits[low / 64] &= ~(std::uint64_t{1} << (low % 64));
      if (size < kMostInRangeArray / 2) MakeArray();
    } else {
      std::uint16_t* const at = std::lower_bound(array, array + size + 1, low);
      std::copy(at + 1, array + size + 1, at);
    }
    return true;
  }
  void Grow() {
    if (capacity < kMostInRangeArray) {
      const auto more = static_cast<std::uint16_t>(capacity * 2);
      std::uint16_t* const grown = Grown(array, size, more);
      delete[] std::exchange(array, grown);
      capacity = more;
      return;
    }
    auto* const made = new std::uint64_t[kWords]();
    for (std::uint32_t i = 0; i < size; ++i) made[array[i] / 64] |= std::uint64_t{1} << (array[i] % 64);
    delete[] array;
    bits = made;
    capacity = 0;
  }
  void MakeArray() {
    auto* const made = new std::uint16_t[kMostInRangeArray];
    std::uint32_t count = 0;
    Each(0, [&](std::uint16_t low) {
      made[count++] = low;
      return true;
    });
    delete[] bits;
    array = made;
    capacity = kMostInRangeArray;
  }
  /// Calls `use` for members from `low` on until it returns false; returns whether it never did.
  template <class Use>
  bool Each(std::uint16_t low, Use use) const {
    if (!is_bitmap()) {
      for (const std::uint16_t* at = std::lower_bound(array, array + size, low); at != array + size; ++at) {
        if (!use(*at)) return false;
      }
      return true;
    }
    std::uint64_t word = bits[low / 64] & ~std::uint64_t{0} << (low % 64);
    for (std::size_t at = low / 64;; word = bits[at]) {
      for (; word != 0; word &= word - 1) {
        if (!use(static_cast<std::uint16_t>(at * 64 + static_cast<unsigned>(std::countr_zero(word))))) return false;
      }
      if (++at == kWords) return true;
    }
  }
};

struct SlotSet::Ranges {
  std::vector<Range> list;  // by key

  auto Find(Slot slot) {
    return std::partition_point(list.begin(), list.end(), [&](const Range& range) { return range.key < slot >> 16; });
  }
};

void SlotSet::Free() {
  if (capacity_ == kIsRanges) {
    delete ranges_;
  } else if (capacity_ != 0) {
    delete[] array_;
  }
  size_ = 0;
  capacity_ = 0;
}

void SlotSet::MakeRanges() {
  const std::vector<Slot> members(array_, array_ + size_);
  auto* const made = new Ranges();
  Free();
  ranges_ = made;
  capacity_ = kIsRanges;
  for (const Slot slot : members) Insert(slot);
}

void SlotSet::MakeArray() {
  std::vector<Slot> members;
  CopyFrom(0, size_, &members);
  Free();
  array_ = new Slot[kMostInArray];
  capacity_ = kMostInArray;
  size_ = static_cast<std::uint32_t>(members.size());
  std::copy(members.begin(), members.end(), array_);
}

bool SlotSet::Insert(Slot slot) {
  if (capacity_ != kIsRanges && size_ == kMostInArray && !Contains(slot)) MakeRanges();
  if (capacity_ == kIsRanges) {
    auto range = ranges_->Find(slot);
    const auto key = static_cast<std::uint16_t>(slot >> 16);
    if (range == ranges_->list.end() || range->key != key) range = ranges_->list.insert(range, Range(key));
    if (!range->Insert(static_cast<std::uint16_t>(slot & 0xffff))) return false;
    ++size_;
    return true;
  }
  Slot* at = std::lower_bound(data(), data() + size_, slot);
  if (at != data() + size_ && *at == slot) return false;
  const std::ptrdiff_t index = at - data();
  if (size_ == std::max(capacity_, kInPlace)) {
    Slot* const grown = Grown(data(), size_, size_ * 2);
    if (capacity_ != 0) delete[] array_;
    array_ = grown;
    capacity_ = size_ * 2;
  }
  at = data() + index;
  std::copy_backward(at, data() + size_, data() + size_ + 1);
  *at = slot;
  ++size_;
  return true;
}

bool SlotSet::Erase(Slot slot) {
  if (capacity_ == kIsRanges) {
    const auto range = ranges_->Find(slot);
    if (range == ranges_->list.end() || range->key != slot >> 16 ||
        !range->Erase(static_cast<std::uint16_t>(slot & 0xffff)))
      return false;
    if (range->size == 0) ranges_->list.erase(range);
    if (--size_ <= kMostInArray / 2) MakeArray();
    return true;
  }
  Slot* const at = std::lower_bound(data(), data() + size_, slot);
  if (at == data() + size_ || *at != slot) return false;
  std::copy(at + 1, data() + size_, at);
  if (--size_ == 0) Free();
  return true;
}

bool SlotSet::Contains(Slot slot) const {
  if (capacity_ != kIsRanges) return std::binary_search(data(), data() + size_, slot);
  const auto range = ranges_->Find(slot);
  return range != ranges_->list.end() && range->key == slot >> 16 &&
         range->Contains(static_cast<std::uint16_t>(slot & 0xffff));
}

Slot SlotSet::First() const {
  std::vector<Slot> first;
  CopyFrom(0, 1, &first);
  return first.empty() ? kNoSlot : first.front();
}

Slot SlotSet::CopyFrom(Slot from, std::size_t limit, std::vector<Slot>* out) const {
  if (capacity_ != kIsRanges) {
    const Slot* at = std::lower_bound(data(), data() + size_, from);
    for (; at != data() + size_; ++at, --limit) {
      if (limit == 0) return *at;
      out->push_back(*at);
    }
    return kNoSlot;
  }
  Slot next = kNoSlot;
  for (auto range = ranges_->Find(from); range != ranges_->list.end(); ++range) {
    const Slot base = Slot{range->key} << 16;
    const std::uint16_t low = base >= from ? std::uint16_t{0} : static_cast<std::uint16_t>(from & 0xffff);
    const bool is_done = range->Each(low, [&](std::uint16_t member) {
      if (limit == 0) {
        next = base | member;
        return false;
      }
      out->push_back(base | member);
      --limit;
      return true;
    });
    if (!is_done) return next;
  }
  return kNoSlot;
}

std::size_t SlotSet::ByteSize() const {
  if (capacity_ != kIsRanges) return capacity_ * sizeof(Slot);
  std::size_t bytes = sizeof(Ranges) + ranges_->list.capacity() * sizeof(Range);
  for (const Range& range : ranges_->list) bytes += range.ByteSize();
  return bytes;
}

}  // namespace tickbird::tsdb
