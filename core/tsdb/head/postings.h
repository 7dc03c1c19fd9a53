#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/strings.h"
#include "core/model/labels.h"
#include "core/model/matcher.h"
#include "core/tsdb/head/fwd.h"

namespace tickbird::tsdb {

/// The inverted index: for each label name and value the sorted slots of the series that have it. Sized by the series,
/// which the head limits. Not thread safe.
class Postings {
 public:
  using LabelsOf = std::function<const Labels&(Slot)>;

  /// REQUIRES: the slot is not in. Returns the metric name as it stands in the index; it lives until the last series of
  /// that name is removed. Null when there is no name.
  const std::string* Add(Slot slot, const Labels& labels);
  /// Removes sorted slots; one pass over each list that is touched, so batches are cheaper than single calls.
  void Remove(std::span<const Slot> slots, const LabelsOf& labels_of);

  /// The sorted slots of the series that all matchers match; a missing label counts as "". No matchers: all. The cost
  /// follows the most selective equality or literal alternation, when there is one.
  std::vector<Slot> Select(std::span<const Matcher> matchers, const LabelsOf& labels_of) const;

  /// The first series with this label value, or kNoSlot.
  Slot First(std::string_view name, std::string_view value) const;
  /// Sorted.
  std::vector<std::string> Names() const;
  std::vector<std::string> Values(std::string_view name) const;

  /// Bytes on the heap, estimated from what the lists and maps hold.
  std::size_t ByteSize() const { return bytes_; }

 private:
  using List = std::vector<Slot>;
  using ValueLists = std::unordered_map<std::string, List, StringHash, std::equal_to<>>;

  const List* Find(std::string_view name, std::string_view value) const;
  std::vector<const List*> Exceptions(const Matcher& matcher) const;
  std::size_t ValueCount(std::string_view name) const;
  void Apply(const Matcher& matcher, const LabelsOf& labels_of, List* selected) const;

  List all_;
  std::map<std::string, ValueLists, std::less<>> names_;
  std::size_t bytes_ = 0;
};

}  // namespace tickbird::tsdb
