#include "core/tsdb/head/series_table.h"

namespace tickbird::tsdb {

Slot SeriesTable::FindRef(SeriesRef ref) const {
  return by_ref_.Find(ref, [&](Slot slot) { return at(slot).ref == ref; });
}

Slot SeriesTable::Find(const Labels& labels) const {
  return by_labels_.Find(labels.Hash(), [&](Slot slot) { return at(slot).labels == labels; });
}

Slot SeriesTable::Insert(SeriesRef ref, const Labels& labels) {
  Slot slot = 0;
  if (free_.empty()) {
    slot = slot_end_++;
    if (slot / kBlock == blocks_.size()) blocks_.push_back(std::make_unique<Block>());
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Series& series = at(slot);
  series.ref = ref;
  series.labels = labels;
  by_ref_.Insert(ref, slot, RefOf());
  by_labels_.Insert(labels.Hash(), slot, HashOf());
  label_bytes_ += labels.ByteSize();
  ++size_;
  return slot;
}

void SeriesTable::Rebind(Slot slot, SeriesRef ref) {
  Series& series = at(slot);
  by_ref_.Erase(series.ref, slot, RefOf());
  series.ref = ref;
  by_ref_.Insert(ref, slot, RefOf());
}

void SeriesTable::Erase(Slot slot) {
  Series& series = at(slot);
  by_ref_.Erase(series.ref, slot, RefOf());
  by_labels_.Erase(series.labels.Hash(), slot, HashOf());
  label_bytes_ -= series.labels.ByteSize();
  series = Series();
  free_.push_back(slot);
  --size_;
  ++erasures_;
}

}  // namespace tickbird::tsdb
