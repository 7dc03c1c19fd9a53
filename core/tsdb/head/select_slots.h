#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/labels.h"
#include "core/model/matcher.h"
#include "core/tsdb/head/fwd.h"
#include "core/tsdb/head/postings.h"

/// Selection over an index that others change meanwhile: the lock is held for pieces of some ten microseconds, and
/// regular expressions run between them.
namespace tickbird::tsdb {

/// An index behind a lock.
struct LockedIndex {
  /// Calls the function with the lock held.
  std::function<void(const std::function<void(const Postings&)>&)> read;
  /// The labels of the series in these slots (empty: there is none); takes the lock.
  std::function<std::vector<Labels>(std::span<const Slot>)> labels_of;
};

/// The sorted slots of the series that all matchers match; a missing label counts as "". No matchers: all. The cost
/// follows the most selective equality or literal alternation, when there is one. Exact if nothing changed meanwhile;
/// else a series that was there all along and matches is in, and a slot may hold another series by now: the caller
/// checks again when slots were freed.
std::vector<Slot> SelectSlots(const LockedIndex& index, std::span<const Matcher> matchers);

/// All label names; all values of one. Sorted.
std::vector<std::string> AllNames(const LockedIndex& index);
std::vector<std::string> AllValues(const LockedIndex& index, std::string_view name);

}  // namespace tickbird::tsdb
