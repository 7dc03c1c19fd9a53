#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

/// Algebra of ascending lists of numbers, as postings are.
namespace tickbird::tsdb {

/// What is in any of the lists. REQUIRES: no number is in two of them.
template <class Id>
std::vector<Id> DisjointUnion(std::vector<std::vector<Id>> lists) {
  if (lists.empty()) return {};
  if (lists.size() == 1) return std::move(lists.front());
  std::size_t size = 0;
  for (const auto& list : lists) size += list.size();
  std::vector<Id> all;
  all.reserve(size);
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  std::sort(all.begin(), all.end());
  return all;
}

/// Keeps in `selected` what is (or is not) in `list`. Searches forward from the last hit, in steps that double, so a
/// short selection costs little against a long list.
template <class Id>
void KeepMembers(std::vector<Id>* selected, const std::vector<Id>& list, bool keep_members) {
  auto at = list.begin();
  std::erase_if(*selected, [&](Id id) {
    std::ptrdiff_t step = 1;
    while (std::distance(at, list.end()) > step && *(at + step) < id) {
      at += step;
      step *= 2;
    }
    at = std::lower_bound(at, at + std::min(step + 1, std::distance(at, list.end())), id);
    const bool is_member = at != list.end() && *at == id;
    return is_member != keep_members;
  });
}

}  // namespace tickbird::tsdb
