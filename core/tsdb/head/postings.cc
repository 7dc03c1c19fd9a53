#include "core/tsdb/head/postings.h"

#include <algorithm>

namespace tickbird::tsdb {
namespace {

// A node of the map: its links and colour, the string, the set, and the allocator's header.
constexpr std::size_t kValueOverhead = 32 + sizeof(std::string) + sizeof(SlotSet) + 8;

std::size_t BytesOf(const std::string& value) {
  constexpr std::size_t kInPlace = 15;
  return kValueOverhead + (value.size() > kInPlace ? value.size() + 1 : 0);
}

template <class Map>
bool CopyKeys(const Map& map, std::string_view after, std::size_t limit, std::vector<std::string>* out) {
  auto at = after.empty() ? map.begin() : map.upper_bound(after);
  for (; at != map.end() && limit > 0; ++at, --limit) out->push_back(at->first);
  return at != map.end();
}

}  // namespace

const std::string* Postings::Add(Slot slot, const Labels& labels) {
  all_.Insert(slot);
  const std::string* metric_name = nullptr;
  for (const LabelView& label : labels) {
    auto name = names_.find(label.name);
    if (name == names_.end()) name = names_.emplace(label.name, Values()).first;
    auto value = name->second.find(label.value);
    if (value == name->second.end()) {
      value = name->second.try_emplace(std::string(label.value)).first;
      bytes_ += BytesOf(value->first);
    }
    bytes_ -= value->second.ByteSize();
    value->second.Insert(slot);
    bytes_ += value->second.ByteSize();
    if (label.name == kMetricNameLabel) metric_name = &value->first;
  }
  return metric_name;
}

void Postings::Remove(Slot slot, const Labels& labels) {
  all_.Erase(slot);
  for (const LabelView& label : labels) {
    const auto name = names_.find(label.name);
    if (name == names_.end()) continue;
    const auto value = name->second.find(label.value);
    if (value == name->second.end()) continue;
    bytes_ -= value->second.ByteSize();
    value->second.Erase(slot);
    bytes_ += value->second.ByteSize();
    if (!value->second.empty()) continue;
    bytes_ -= BytesOf(value->first);
    name->second.erase(value);
    if (name->second.empty()) names_.erase(name);
  }
}

const SlotSet* Postings::Find(std::string_view name, std::string_view value) const {
  const auto values = names_.find(name);
  if (values == names_.end()) return nullptr;
  const auto set = values->second.find(value);
  return set == values->second.end() ? nullptr : &set->second;
}

Slot Postings::First(std::string_view name, std::string_view value) const {
  const SlotSet* const set = Find(name, value);
  return set ? set->First() : kNoSlot;
}

std::size_t Postings::ValueCount(std::string_view name) const {
  const auto values = names_.find(name);
  return values == names_.end() ? 0 : values->second.size();
}

bool Postings::CopyNames(std::string_view after, std::size_t limit, std::vector<std::string>* out) const {
  return CopyKeys(names_, after, limit, out);
}

bool Postings::CopyValues(std::string_view name, std::string_view after, std::size_t limit,
                          std::vector<std::string>* out) const {
  const auto values = names_.find(name);
  return values != names_.end() && CopyKeys(values->second, after, limit, out);
}

}  // namespace tickbird::tsdb
