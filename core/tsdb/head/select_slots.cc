#include "core/tsdb/head/select_slots.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tickbird::tsdb {
namespace {

// What is done under one hold of the lock.
constexpr std::size_t kValuesPerLock = 256;
constexpr std::size_t kSlotsPerLock = 8192;
constexpr std::size_t kTestsPerLock = 2048;
constexpr std::size_t kLabelsPerLock = 256;
// Reading the labels of a series costs about as much as this many members of a list.
constexpr std::size_t kLabelsCost = 16;

using Values = std::vector<std::string>;

bool IsLookup(const Matcher& matcher) {
  if (matcher.type() == Matcher::Type::kEqual || matcher.type() == Matcher::Type::kNotEqual)
    return !matcher.value().empty();
  const auto& literals = matcher.literals();
  return !literals.empty() && std::find(literals.begin(), literals.end(), "") == literals.end();
}

/// The values that a look-up names. REQUIRES: IsLookup(matcher).
Values LookupValues(const Matcher& matcher) {
  if (matcher.literals().empty()) return {matcher.value()};
  Values values = matcher.literals();
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

/// Calls `use` with each part of all values of a name.
template <class Use>
void EachPartOfValues(const LockedIndex& index, std::string_view name, Use use) {
  std::string after;
  bool has_more = true;
  while (has_more) {
    Values part;
    index.read([&](const Postings& postings) { has_more = postings.CopyValues(name, after, kValuesPerLock, &part); });
    if (has_more) after = part.back();
    use(part);
  }
}

/// The values that a matcher treats otherwise than the missing label: what it keeps when it does not match "", what it
/// drops when it does.
Values Exceptions(const LockedIndex& index, const Matcher& matcher) {
  if (IsLookup(matcher)) return LookupValues(matcher);
  const bool matches_empty = matcher.MatchesEmpty();
  Values values;
  EachPartOfValues(index, matcher.name(), [&](Values& part) {
    std::copy_if(std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()), std::back_inserter(values),
                 [&](const std::string& value) { return matcher.Matches(value) != matches_empty; });
  });
  return values;
}

/// How many series have one of the values.
std::size_t CountSeries(const LockedIndex& index, const std::string& name, const Values& values) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < values.size();) {
    index.read([&](const Postings& postings) {
      for (const std::size_t end = std::min(i + kValuesPerLock, values.size()); i < end; ++i) {
        if (const SlotSet* const set = postings.Find(name, values[i])) count += set->size();
      }
    });
  }
  return count;
}

void SortSlots(std::vector<Slot>* slots) {
  std::sort(slots->begin(), slots->end());
  slots->erase(std::unique(slots->begin(), slots->end()), slots->end());
}

/// Sorts through a bitmap where that is dense.
void SortManySlots(std::vector<Slot>* slots) {
  if (slots->empty()) return;
  const Slot end = *std::max_element(slots->begin(), slots->end()) + 1;
  if (slots->size() < 1024 || end / 64 > slots->size()) return SortSlots(slots);
  std::vector<std::uint64_t> bits(end / 64 + 1);
  for (const Slot slot : *slots) bits[slot / 64] |= std::uint64_t{1} << (slot % 64);
  slots->clear();
  for (std::size_t at = 0; at < bits.size(); ++at) {
    for (std::uint64_t word = bits[at]; word != 0; word &= word - 1) {
      slots->push_back(static_cast<Slot>(at * 64 + static_cast<unsigned>(__builtin_ctzll(word))));
    }
  }
}

/// The series that have one of the values, sorted.
std::vector<Slot> Union(const LockedIndex& index, const std::string& name, const Values& values) {
  std::vector<Slot> slots;
  Slot from = 0;
  for (std::size_t i = 0; i < values.size();) {
    index.read([&](const Postings& postings) {
      std::size_t room = kSlotsPerLock;
      for (std::size_t lookups = 0; i < values.size() && room > 0 && lookups < kValuesPerLock; ++lookups) {
        const std::size_t before = slots.size();
        const SlotSet* const set = postings.Find(name, values[i]);
        const Slot next = set ? set->CopyFrom(from, room, &slots) : kNoSlot;
        room -= slots.size() - before;
        from = next == kNoSlot ? 0 : next;
        if (next == kNoSlot) ++i;
      }
    });
  }
  if (values.size() > 1) SortManySlots(&slots);
  return slots;
}

std::vector<Slot> AllSlots(const LockedIndex& index) {
  std::vector<Slot> slots;
  Slot from = 0;
  while (from != kNoSlot) {
    index.read([&](const Postings& postings) { from = postings.all().CopyFrom(from, kSlotsPerLock, &slots); });
  }
  return slots;
}

/// Keeps in `selected` what has (or has not) the value.
void FilterByValue(const LockedIndex& index, const std::string& name, const std::string& value, bool keep_members,
                   std::vector<Slot>* selected) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < selected->size();) {
    index.read([&](const Postings& postings) {
      const SlotSet* const set = postings.Find(name, value);
      for (const std::size_t end = std::min(i + kTestsPerLock, selected->size()); i < end; ++i) {
        const Slot slot = (*selected)[i];
        if ((set && set->Contains(slot)) == keep_members) (*selected)[kept++] = slot;
      }
    });
  }
  selected->resize(kept);
}

void FilterByLabels(const LockedIndex& index, const Matcher& matcher, std::vector<Slot>* selected) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < selected->size();) {
    const auto part = std::span(*selected).subspan(i, std::min(kLabelsPerLock, selected->size() - i));
    const std::vector<Labels> labels = index.labels_of(part);
    for (const Labels& of_slot : labels) {
      const Slot slot = (*selected)[i++];
      if (matcher.Matches(of_slot)) (*selected)[kept++] = slot;
    }
  }
  selected->resize(kept);
}

/// Narrows the selection by one matcher: over the values of its label or over the selected series, whichever costs
/// less.
void Apply(const LockedIndex& index, const Matcher& matcher, std::vector<Slot>* selected) {
  if (!IsLookup(matcher)) {
    std::size_t value_count = 0;
    index.read([&](const Postings& postings) { value_count = postings.ValueCount(matcher.name()); });
    if (value_count > selected->size()) return FilterByLabels(index, matcher, selected);
  }
  const Values values = Exceptions(index, matcher);
  const bool keep_members = !matcher.MatchesEmpty();
  if (values.size() == 1) return FilterByValue(index, matcher.name(), values[0], keep_members, selected);
  if (CountSeries(index, matcher.name(), values) / kLabelsCost > selected->size())
    return FilterByLabels(index, matcher, selected);
  const std::vector<Slot> members = Union(index, matcher.name(), values);
  std::vector<Slot> kept;
  if (keep_members) {
    std::set_intersection(selected->begin(), selected->end(), members.begin(), members.end(), std::back_inserter(kept));
  } else {
    std::set_difference(selected->begin(), selected->end(), members.begin(), members.end(), std::back_inserter(kept));
  }
  *selected = std::move(kept);
}

/// In the order in which to apply them: look-ups that name what they keep, the fewest series first; without such, any
/// other that wants its label present.
std::vector<const Matcher*> Ordered(const LockedIndex& index, std::span<const Matcher> matchers) {
  std::vector<std::pair<std::size_t, const Matcher*>> lookups;
  std::vector<const Matcher*> present;
  std::vector<const Matcher*> rest;
  for (const Matcher& matcher : matchers) {
    if (matcher.MatchesEmpty()) {
      rest.push_back(&matcher);
    } else if (!IsLookup(matcher)) {
      present.push_back(&matcher);
    } else {
      lookups.emplace_back(CountSeries(index, matcher.name(), LookupValues(matcher)), &matcher);
    }
  }
  std::sort(lookups.begin(), lookups.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Matcher*> ordered;
  for (const auto& [count, matcher] : lookups) ordered.push_back(matcher);
  ordered.insert(ordered.end(), present.begin(), present.end());
  ordered.insert(ordered.end(), rest.begin(), rest.end());
  return ordered;
}

}  // namespace

std::vector<Slot> SelectSlots(const LockedIndex& index, std::span<const Matcher> matchers) {
  const std::vector<const Matcher*> ordered = Ordered(index, matchers);
  auto next = ordered.begin();
  std::vector<Slot> selected;
  if (next != ordered.end() && !(*next)->MatchesEmpty()) {
    selected = Union(index, (*next)->name(), Exceptions(index, **next));
    ++next;
  } else {
    selected = AllSlots(index);
  }
  for (; next != ordered.end() && !selected.empty(); ++next) Apply(index, **next, &selected);
  return selected;
}

std::vector<std::string> AllNames(const LockedIndex& index) {
  std::vector<std::string> names;
  std::string after;
  bool has_more = true;
  while (has_more) {
    index.read([&](const Postings& postings) { has_more = postings.CopyNames(after, kValuesPerLock, &names); });
    if (has_more) after = names.back();
  }
  return names;
}

std::vector<std::string> AllValues(const LockedIndex& index, std::string_view name) {
  std::vector<std::string> values;
  EachPartOfValues(index, name, [&](Values& part) {
    values.insert(values.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  });
  return values;
}

}  // namespace tickbird::tsdb
