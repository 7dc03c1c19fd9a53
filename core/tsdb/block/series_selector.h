#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/model/matcher.h"
#include "core/tsdb/block/index_reader.h"

namespace tickbird::tsdb {

/// Series of an index that may match, and what is still to be asked of their labels.
struct SeriesCandidates {
  std::vector<std::uint32_t> ids;  ///< Ascending.
  /// Matchers that cost less on the labels, which are read anyway, than on the index; and those whose lists are
  /// damaged.
  std::vector<Matcher> residual;

  bool Matches(const Labels& labels) const {
    return std::all_of(residual.begin(), residual.end(),
                       [&](const Matcher& matcher) { return matcher.Matches(labels); });
  }
};

/// The series that all matchers match (no matchers: all); a missing label counts as "". The cost follows the most
/// selective equality or literal alternation, when there is one. A damaged list is told to `damaged` and replaced by a
/// look at the labels; kCorruption only when no list tells which series there are. Other errors are the disk's.
Result<SeriesCandidates> SelectSeries(const IndexReader& index, std::span<const Matcher> matchers,
                                      const std::function<void()>& damaged);

}  // namespace tickbird::tsdb
