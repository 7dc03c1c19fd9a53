#include "core/tsdb/block/series_selector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/tsdb/block/sorted_ids.h"

namespace tickbird::tsdb {
namespace {

/// A list that is longer than the selection by more than this is not read: the labels tell as well.
constexpr std::uint64_t kLongerList = 64;

bool IsIndexLookup(const Matcher& matcher) {
  if (matcher.type() == Matcher::Type::kEqual || matcher.type() == Matcher::Type::kNotEqual)
    return !matcher.value().empty();
  const auto& literals = matcher.literals();
  return !literals.empty() && std::find(literals.begin(), literals.end(), "") == literals.end();
}

/// The lists of the values that a matcher treats otherwise than the missing label: what it keeps when it does not match
/// "", what it drops when it does.
struct Exceptions {
  const Matcher* matcher = nullptr;
  bool keeps = false;                                 // the exceptions
  std::optional<std::vector<std::uint64_t>> offsets;  // once they were looked up
  std::uint64_t series = 0;                           // in those lists
};

class Selector {
 public:
  Selector(const IndexReader& index, const std::function<void()>& damaged) : index_(index), damaged_(damaged) {}

  Result<SeriesCandidates> Select(std::span<const Matcher> matchers) {
    std::vector<Exceptions> rest;
    for (const Matcher& matcher : matchers) rest.push_back({.matcher = &matcher, .keeps = !matcher.MatchesEmpty()});
    for (Exceptions& exceptions : rest) {
      if (IsIndexLookup(*exceptions.matcher)) TICKBIRD_RETURN_IF_ERROR(LookUp(&exceptions));
    }
    // From the shortest list that a lookup gives; else from a positive regular expression; else from all.
    std::sort(rest.begin(), rest.end(), [](const Exceptions& a, const Exceptions& b) { return Rank(a) < Rank(b); });
    auto next = rest.begin();
    TICKBIRD_ASSIGN_OR_RETURN(const bool started, Start(rest));
    if (started) ++next;
    for (; next != rest.end() && !selected_.ids.empty(); ++next) TICKBIRD_RETURN_IF_ERROR(Apply(&*next));
    return std::move(selected_);
  }

 private:
  static std::pair<int, std::uint64_t> Rank(const Exceptions& exceptions) {
    if (exceptions.keeps) return {exceptions.offsets ? 0 : 1, exceptions.series};
    return {2, 0};
  }

  /// Whether damage and not the disk was the reason; it is counted then.
  bool IsDamage(const Error& error) {
    if (error.code != ErrorCode::kCorruption) return false;
    damaged_();
    return true;
  }

  /// Fills the offsets; leaves them empty when they cannot be read.
  Status LookUp(Exceptions* exceptions) {
    Status found = FindOffsets(exceptions);
    if (found) return {};
    exceptions->offsets.reset();
    if (!IsDamage(found.error())) return found;
    return {};
  }

  Status FindOffsets(Exceptions* exceptions) {
    const Matcher& matcher = *exceptions->matcher;
    auto& offsets = exceptions->offsets.emplace();
    if (!IsIndexLookup(matcher)) {
      return index_.table().Visit(matcher.name(), [&](std::string_view value, std::uint64_t offset) {
        if (matcher.Matches(value) == exceptions->keeps) offsets.push_back(offset);
      });
    }
    std::vector<std::string> values = matcher.literals();
    if (values.empty()) values.push_back(matcher.value());
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (const std::string& value : values) {
      TICKBIRD_ASSIGN_OR_RETURN(const auto offset, index_.table().Find(matcher.name(), value));
      if (!offset) continue;
      offsets.push_back(*offset);
      TICKBIRD_ASSIGN_OR_RETURN(const std::uint32_t series, index_.PostingsCount(*offset));
      exceptions->series += series;
    }
    return {};
  }

  /// The union of the lists; nothing when one of them is damaged.
  Result<std::optional<std::vector<std::uint32_t>>> Read(const std::vector<std::uint64_t>& offsets) {
    std::vector<std::vector<std::uint32_t>> lists;
    for (const std::uint64_t offset : offsets) {
      auto list = index_.Postings(offset);
      if (!list && !IsDamage(list.error())) return Error{std::move(list.error())};
      if (!list) return std::optional<std::vector<std::uint32_t>>();
      lists.push_back(std::move(*list));
    }
    return std::optional(DisjointUnion(std::move(lists)));
  }

  /// False: nothing was taken from the matchers, the selection is all series.
  Result<bool> Start(std::vector<Exceptions>& rest) {
    if (!rest.empty() && rest.front().keeps) {
      Exceptions& first = rest.front();
      if (!first.offsets) TICKBIRD_RETURN_IF_ERROR(LookUp(&first));
      if (first.offsets) {
        TICKBIRD_ASSIGN_OR_RETURN(auto ids, Read(*first.offsets));
        if (ids) {
          selected_.ids = std::move(*ids);
          return true;
        }
      }
    }
    TICKBIRD_ASSIGN_OR_RETURN(selected_.ids, index_.AllSeries(damaged_));
    return false;
  }

  /// Narrows the selection by one matcher, by its lists or later by the labels, whichever is less to read.
  Status Apply(Exceptions* exceptions) {
    const auto ask_labels = [&] { selected_.residual.push_back(*exceptions->matcher); };
    const std::size_t selected = selected_.ids.size();
    if (!exceptions->offsets) {
      if (index_.table().ValueCount(exceptions->matcher->name()) > selected) return ask_labels(), Status();
      TICKBIRD_RETURN_IF_ERROR(LookUp(exceptions));
    }
    if (!exceptions->offsets || exceptions->series > kLongerList * selected) return ask_labels(), Status();
    TICKBIRD_ASSIGN_OR_RETURN(const auto ids, Read(*exceptions->offsets));
    if (!ids) return ask_labels(), Status();
    KeepMembers(&selected_.ids, *ids, exceptions->keeps);
    return {};
  }

  const IndexReader& index_;
  const std::function<void()>& damaged_;
  SeriesCandidates selected_;
};

}  // namespace

Result<SeriesCandidates> SelectSeries(const IndexReader& index, std::span<const Matcher> matchers,
                                      const std::function<void()>& damaged) {
  return Selector(index, damaged).Select(matchers);
}

}  // namespace tickbird::tsdb
