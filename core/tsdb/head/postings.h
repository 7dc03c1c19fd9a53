#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/labels.h"
#include "core/tsdb/head/fwd.h"
#include "core/tsdb/head/slot_set.h"

namespace tickbird::tsdb {

/// The inverted index: for each label name and value the slots of the series that have it. Sized by the series, which
/// the head limits. Everything is ordered, so a reader can let go of the lock, come back and go on behind the name, the
/// value or the slot where it was, whatever has changed: see SelectSlots. Not thread safe.
class Postings {
 public:
  /// REQUIRES: the slot is not in. Returns the metric name as it stands in the index; it lives until the last series of
  /// that name is removed. Null when there is no name.
  const std::string* Add(Slot slot, const Labels& labels);
  /// REQUIRES: the slot is in with these labels.
  void Remove(Slot slot, const Labels& labels);

  const SlotSet& all() const { return all_; }
  /// Null when no series has it.
  const SlotSet* Find(std::string_view name, std::string_view value) const;
  /// The first series with this label value, or kNoSlot.
  Slot First(std::string_view name, std::string_view value) const;
  std::size_t ValueCount(std::string_view name) const;
  /// Appends at most `limit` names (values of a name) behind `after` to `out`, in order; "" stands before all. Returns
  /// false when there are no more.
  bool CopyNames(std::string_view after, std::size_t limit, std::vector<std::string>* out) const;
  bool CopyValues(std::string_view name, std::string_view after, std::size_t limit,
                  std::vector<std::string>* out) const;

  /// Bytes on the heap, estimated from what the sets and maps hold.
  std::size_t ByteSize() const { return bytes_ + all_.ByteSize(); }

 private:
  using Values = std::map<std::string, SlotSet, std::less<>>;

  SlotSet all_;
  std::map<std::string, Values, std::less<>> names_;
  std::size_t bytes_ = 0;  // of values and their sets
};

}  // namespace tickbird::tsdb
