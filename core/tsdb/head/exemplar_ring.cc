#include "core/tsdb/head/exemplar_ring.h"

#include <algorithm>
#include <string_view>

namespace tickbird::tsdb {

ExemplarRing::Outcome ExemplarRing::Check(SeriesRef series, const Exemplar& exemplar) const {
  const auto found = newest_.find(series);
  if (found == newest_.end()) return Outcome::kAdded;
  const Exemplar& newest = entries_[found->second].exemplar;
  if (newest == exemplar) return Outcome::kRepeated;
  return exemplar.timestamp < newest.timestamp ? Outcome::kOutOfOrder : Outcome::kAdded;
}

/// The oldest entry is also the oldest of its series.
void ExemplarRing::Unlink(Index oldest) {
  Entry& entry = entries_[oldest];
  label_bytes_ -= entry.exemplar.labels.ByteSize();
  if (entry.newer == kNone) {
    newest_.erase(entry.series);
  } else {
    entries_[entry.newer].older = kNone;
  }
}

/// A free place; the oldest one is made free when there is none.
ExemplarRing::Index ExemplarRing::Place() {
  if (entries_.size() < capacity_) {
    entries_.emplace_back();
    return static_cast<Index>(entries_.size() - 1);
  }
  const Index place = oldest_;
  Unlink(place);
  oldest_ = static_cast<Index>((oldest_ + 1) % capacity_);
  return place;
}

ExemplarRing::Outcome ExemplarRing::Add(SeriesRef series, const Exemplar& exemplar) {
  const Outcome outcome = Check(series, exemplar);
  if (outcome != Outcome::kAdded || capacity_ == 0) return outcome;
  const Index place = Place();
  // Looked up now: the one that went may have been of this series.
  const auto [newest, is_first] = newest_.try_emplace(series, place);
  const Index older = is_first ? kNone : newest->second;
  if (!is_first) entries_[older].newer = place;
  newest->second = place;
  entries_[place] = {.series = series, .exemplar = exemplar, .older = older};
  label_bytes_ += exemplar.labels.ByteSize();
  return outcome;
}

void ExemplarRing::Rename(SeriesRef series, SeriesRef other) {
  auto node = newest_.extract(series);
  if (node.empty()) return;
  for (Index at = node.mapped(); at != kNone; at = entries_[at].older) entries_[at].series = other;
  node.key() = other;
  newest_.insert(std::move(node));
}

std::vector<Exemplar> ExemplarRing::Of(SeriesRef series, TimestampMs min, TimestampMs max) const {
  std::vector<Exemplar> exemplars;
  const auto newest = newest_.find(series);
  Index at = newest == newest_.end() ? kNone : newest->second;
  for (; at != kNone && entries_[at].exemplar.timestamp >= min; at = entries_[at].older) {
    if (entries_[at].exemplar.timestamp <= max) exemplars.push_back(entries_[at].exemplar);
  }
  std::reverse(exemplars.begin(), exemplars.end());
  return exemplars;
}

std::size_t ExemplarRing::ByteSize() const {
  constexpr std::size_t kMapNodeBytes = 4 * sizeof(void*);
  return entries_.capacity() * sizeof(Entry) + label_bytes_ + newest_.size() * kMapNodeBytes;
}

std::size_t CountRunes(const Labels& labels) {
  const auto count = [](std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  };
  std::size_t runes = 0;
  for (const LabelView& label : labels) runes += count(label.name) + count(label.value);
  return runes;
}

}  // namespace tickbird::tsdb
