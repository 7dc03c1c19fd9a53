#include "core/tsdb/head/postings.h"

#include <algorithm>
#include <iterator>

namespace tickbird::tsdb {
namespace {

// A node of the hash map: its link, hash, key and list, and the allocator's header.
constexpr std::size_t kValueOverhead = 112;

/// Slots mostly come in rising order, so the end is tried first.
void InsertSorted(std::vector<Slot>* list, Slot slot) {
  if (list->empty() || list->back() < slot) {
    list->push_back(slot);
  } else {
    list->insert(std::lower_bound(list->begin(), list->end(), slot), slot);
  }
}

std::vector<Slot> Union(const std::vector<const std::vector<Slot>*>& lists) {
  std::vector<Slot> all;
  std::size_t size = 0;
  for (const auto* list : lists) size += list->size();
  all.reserve(size);
  for (const auto* list : lists) all.insert(all.end(), list->begin(), list->end());
  // A series has one value for a name: no slot comes twice.
  if (lists.size() > 1) std::sort(all.begin(), all.end());
  return all;
}

/// Keeps in `selected` what is (or is not) in `list`. Searches forward from the last hit, so a short selection costs
/// little against a long list.
void Filter(std::vector<Slot>* selected, const std::vector<Slot>& list, bool keep_members) {
  auto at = list.begin();
  std::erase_if(*selected, [&](Slot slot) {
    std::ptrdiff_t step = 1;
    while (std::distance(at, list.end()) > step && *(at + step) < slot) {
      at += step;
      step *= 2;
    }
    at = std::lower_bound(at, at + std::min(step + 1, std::distance(at, list.end())), slot);
    const bool is_member = at != list.end() && *at == slot;
    return is_member != keep_members;
  });
}

bool IsIndexLookup(const Matcher& matcher) {
  if (matcher.type() == Matcher::Type::kEqual || matcher.type() == Matcher::Type::kNotEqual)
    return !matcher.value().empty();
  const auto& literals = matcher.literals();
  return !literals.empty() && std::find(literals.begin(), literals.end(), "") == literals.end();
}

}  // namespace

const std::string* Postings::Add(Slot slot, const Labels& labels) {
  InsertSorted(&all_, slot);
  bytes_ += sizeof(Slot);
  const std::string* metric_name = nullptr;
  for (const LabelView& label : labels) {
    auto name = names_.find(label.name);
    if (name == names_.end()) name = names_.emplace(label.name, ValueLists()).first;
    auto value = name->second.find(label.value);
    if (value == name->second.end()) {
      value = name->second.emplace(label.value, List()).first;
      bytes_ += kValueOverhead + label.value.size();
    }
    InsertSorted(&value->second, slot);
    bytes_ += sizeof(Slot);
    if (label.name == kMetricNameLabel) metric_name = &value->first;
  }
  return metric_name;
}

void Postings::Remove(std::span<const Slot> slots, const LabelsOf& labels_of) {
  const auto is_removed = [&](Slot slot) { return std::binary_search(slots.begin(), slots.end(), slot); };
  bytes_ -= std::erase_if(all_, is_removed) * sizeof(Slot);
  for (const Slot slot : slots) {
    for (const LabelView& label : labels_of(slot)) {
      const auto name = names_.find(label.name);
      if (name == names_.end()) continue;
      const auto value = name->second.find(label.value);
      // A neighbour in this batch with the same label emptied the list already, or took this slot out with its own.
      if (value == name->second.end()) continue;
      if (!std::binary_search(value->second.begin(), value->second.end(), slot)) continue;
      bytes_ -= std::erase_if(value->second, is_removed) * sizeof(Slot);
      if (!value->second.empty()) continue;
      bytes_ -= kValueOverhead + label.value.size();
      name->second.erase(value);
      if (name->second.empty()) names_.erase(name);
    }
  }
}

const Postings::List* Postings::Find(std::string_view name, std::string_view value) const {
  const auto lists = names_.find(name);
  if (lists == names_.end()) return nullptr;
  const auto list = lists->second.find(value);
  return list == lists->second.end() ? nullptr : &list->second;
}

std::size_t Postings::ValueCount(std::string_view name) const {
  const auto lists = names_.find(name);
  return lists == names_.end() ? 0 : lists->second.size();
}

/// The lists of the values that a matcher treats otherwise than the missing label: what it keeps when it does not match
/// "", what it drops when it does.
std::vector<const Postings::List*> Postings::Exceptions(const Matcher& matcher) const {
  std::vector<const List*> lists;
  const auto add = [&](const std::string& value) {
    if (const List* list = Find(matcher.name(), value)) lists.push_back(list);
  };
  if (IsIndexLookup(matcher)) {
    if (matcher.literals().empty()) {
      add(matcher.value());
    } else {
      std::vector<std::string> literals = matcher.literals();
      std::sort(literals.begin(), literals.end());
      literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
      for (const std::string& literal : literals) add(literal);
    }
    return lists;
  }
  const auto values = names_.find(matcher.name());
  if (values == names_.end()) return lists;
  const bool matches_empty = matcher.MatchesEmpty();
  for (const auto& [value, list] : values->second) {
    if (matcher.Matches(value) != matches_empty) lists.push_back(&list);
  }
  return lists;
}

/// Narrows the selection by one matcher, over the values of its label or over the selected series, whichever are fewer.
void Postings::Apply(const Matcher& matcher, const LabelsOf& labels_of, List* selected) const {
  if (!IsIndexLookup(matcher) && ValueCount(matcher.name()) > selected->size()) {
    std::erase_if(*selected, [&](Slot slot) { return !matcher.Matches(labels_of(slot)); });
    return;
  }
  const auto lists = Exceptions(matcher);
  const bool keep_members = !matcher.MatchesEmpty();
  if (lists.size() == 1) {
    Filter(selected, *lists.front(), keep_members);
  } else {
    Filter(selected, Union(lists), keep_members);
  }
}

std::vector<Slot> Postings::Select(std::span<const Matcher> matchers, const LabelsOf& labels_of) const {
  std::vector<const Matcher*> rest;
  rest.reserve(matchers.size());
  for (const Matcher& matcher : matchers) rest.push_back(&matcher);

  // Start from the shortest list that a lookup gives; else from a positive regular expression; else from all.
  const auto is_positive_lookup = [](const Matcher* matcher) {
    return IsIndexLookup(*matcher) && !matcher->MatchesEmpty();
  };
  const auto size_of = [&](const Matcher* matcher) {
    std::size_t size = 0;
    for (const List* list : Exceptions(*matcher)) size += list->size();
    return size;
  };
  const auto lookups_end = std::partition(rest.begin(), rest.end(), is_positive_lookup);
  std::sort(rest.begin(), lookups_end, [&](const Matcher* a, const Matcher* b) { return size_of(a) < size_of(b); });
  if (lookups_end == rest.begin()) {
    std::partition(rest.begin(), rest.end(), [](const Matcher* matcher) { return !matcher->MatchesEmpty(); });
  }

  std::vector<Slot> selected;
  auto next = rest.begin();
  if (next != rest.end() && !(*next)->MatchesEmpty()) {
    selected = Union(Exceptions(**next));
    ++next;
  } else {
    selected = all_;
  }
  for (; next != rest.end() && !selected.empty(); ++next) Apply(**next, labels_of, &selected);
  return selected;
}

Slot Postings::First(std::string_view name, std::string_view value) const {
  const List* const list = Find(name, value);
  return list ? list->front() : kNoSlot;
}

std::vector<std::string> Postings::Names() const {
  std::vector<std::string> names;
  names.reserve(names_.size());
  for (const auto& [name, lists] : names_) names.push_back(name);
  return names;
}

std::vector<std::string> Postings::Values(std::string_view name) const {
  std::vector<std::string> values;
  const auto lists = names_.find(name);
  if (lists == names_.end()) return values;
  values.reserve(lists->second.size());
  for (const auto& [value, list] : lists->second) values.push_back(value);
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace tickbird::tsdb
