#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "rules/promql/evaluator.h"
#include "rules/promql/operators.h"

namespace tickbird::promql {
namespace {

using Cardinality = VectorMatching::Cardinality;
constexpr std::uint32_t kNone = ~std::uint32_t{0};

/// The rows of both sides whose matching labels are equal.
struct MatchGroup {
  std::vector<std::uint32_t> many;
  std::vector<std::uint32_t> one;
};

/// A binary operation between two vectors. The "many" side is the one whose labels the result takes; for one-to-one the
/// left. Which rows belong together is found once; the steps only decide who is present.
class Matching {
 public:
  Matching(const BinaryExpr& binary, bool delayed_names, const SeriesBlock& lhs, const SeriesBlock& rhs,
           SeriesBlock& out)
      : binary_(binary),
        swapped_(binary.matching.cardinality == Cardinality::kOneToMany),
        many_(swapped_ ? rhs : lhs),
        one_(swapped_ ? lhs : rhs),
        fill_many_(swapped_ ? binary.matching.fill_right : binary.matching.fill_left),
        fill_one_(swapped_ ? binary.matching.fill_left : binary.matching.fill_right),
        filters_(IsComparison(binary.op) && !binary.return_bool),
        delayed_names_(delayed_names),
        subset_(binary.matching.on ? LabelSubset::Only(binary.matching.labels)
                                   : LabelSubset::AllBut(binary.matching.labels)),
        out_(out) {}

  /// `checkpoint` is asked between groups.
  Status Run(const std::function<Status()>& checkpoint) {
    GroupIndex index;
    std::vector<MatchGroup> groups;
    const auto group_of = [&](const Labels& labels) -> MatchGroup& {
      const std::uint32_t group = index.Find(subset_, labels);
      if (group == groups.size()) groups.emplace_back();
      return groups[group];
    };
    for (std::uint32_t i = 0; i < one_.size(); ++i) group_of(one_.row(i).labels).one.push_back(i);
    for (std::uint32_t i = 0; i < many_.size(); ++i) group_of(many_.row(i).labels).many.push_back(i);
    for (const MatchGroup& group : groups) {
      TICKBIRD_RETURN_IF_ERROR(checkpoint());
      TICKBIRD_RETURN_IF_ERROR(RunGroup(group));
    }
    return {};
  }

 private:
  std::size_t steps() const { return many_.steps(); }

  Status RunGroup(const MatchGroup& group) {
    TICKBIRD_RETURN_IF_ERROR(FindOnePerStep(group));
    if (group.many.size() > 1 && binary_.matching.cardinality == Cardinality::kOneToOne) {
      TICKBIRD_RETURN_IF_ERROR(CheckOneToOne(group));
    }
    produced_.clear();
    for (const std::uint32_t many : group.many) {
      for (const std::uint32_t one : group.one) TICKBIRD_RETURN_IF_ERROR(RunPair(group, many, one));
      if (fill_one_) TICKBIRD_RETURN_IF_ERROR(RunPair(group, many, kNone));
    }
    if (!fill_many_) return {};
    for (const std::uint32_t one : group.one) TICKBIRD_RETURN_IF_ERROR(RunPair(group, kNone, one));
    return {};
  }

  /// Sets which row of the one side is present at each step; two at a step are an error if there is anything to match
  /// at all.
  Status FindOnePerStep(const MatchGroup& group) {
    one_at_.assign(steps(), kNone);
    for (const std::uint32_t row : group.one) {
      const auto values = one_.values(row);
      for (std::size_t i = 0; i < steps(); ++i) {
        if (IsAbsent(values[i])) continue;
        if (one_at_[i] == kNone) {
          one_at_[i] = row;
        } else if (fill_many_ || AnyManyAt(i)) {
          return ManyToManyError(one_at_[i], row);
        }
      }
    }
    return {};
  }

  bool AnyManyAt(std::size_t step) const {
    for (std::size_t row = 0; row < many_.size(); ++row) {
      if (!IsAbsent(many_.values(row)[step])) return true;
    }
    return false;
  }

  Error ManyToManyError(std::uint32_t first, std::uint32_t second) const {
    return ExecutionError(
        fmt::format("found duplicate series for the match group {} on the {} hand-side of the operation: [{}, "
                    "{}];many-to-many matching not "
                    "allowed: matching labels must be unique on one side",
                    subset_.Of(one_.row(first).labels).ToString(), swapped_ ? "left" : "right",
                    one_.row(first).labels.ToString(), one_.row(second).labels.ToString()));
  }

  Status CheckOneToOne(const MatchGroup& group) const {
    for (std::size_t i = 0; i < steps(); ++i) {
      if (one_at_[i] == kNone && !fill_one_) continue;
      const auto present =
          std::ranges::count_if(group.many, [&](std::uint32_t row) { return !IsAbsent(many_.values(row)[i]); });
      if (present > 1) {
        return ExecutionError(
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
      }
    }
    return {};
  }

  bool AnyOfGroupAt(const MatchGroup& group, std::size_t step) const {
    return std::ranges::any_of(group.many, [&](std::uint32_t row) { return !IsAbsent(many_.values(row)[step]); });
  }

  /// The result of one row of each side, or of a row and what fills for the other (kNone).
  Status RunPair(const MatchGroup& group, std::uint32_t many, std::uint32_t one) {
    many_values_.assign(steps(), Absent());
    one_values_.assign(steps(), Absent());
    bool any = false;
    for (std::size_t i = 0; i < steps(); ++i) {
      if (one_at_[i] != one) continue;
      const bool wanted = many == kNone ? !AnyOfGroupAt(group, i) : !IsAbsent(many_.values(many)[i]);
      if (!wanted) continue;
      many_values_[i] = many == kNone ? *fill_many_ : many_.values(many)[i];
      one_values_[i] = one == kNone ? *fill_one_ : one_.values(one)[i];
      any = true;
    }
    if (!any) return {};
    const Labels base = many == kNone ? subset_.Of(one_.row(one).labels) : many_.row(many).labels;
    Labels labels = ResultLabels(base, one == kNone ? nullptr : &one_.row(one).labels);
    if (group.many.size() > 1) TICKBIRD_RETURN_IF_ERROR(CheckUnique(labels));
    const bool drops_name = delayed_names_ && (!filters_ || (many != kNone && many_.row(many).drops_name));
    Compute(out_.AddRow(std::move(labels), drops_name));
    return {};
  }

  /// Elements of one group may not become the same series at a step, even where a comparison then drops them.
  Status CheckUnique(const Labels& labels) {
    auto& present = produced_.try_emplace(labels, std::vector<bool>(steps())).first->second;
    for (std::size_t i = 0; i < steps(); ++i) {
      if (IsAbsent(many_values_[i])) continue;
      if (present[i]) return ExecutionError("multiple matches for labels: grouping labels must ensure unique matches");
      present[i] = true;
    }
    return {};
  }

  void Compute(std::span<double> out) const {
    const auto& lhs = swapped_ ? one_values_ : many_values_;
    const auto& rhs = swapped_ ? many_values_ : one_values_;
    WithOperator(binary_.op, [&](auto apply) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        if (IsAbsent(lhs[i])) continue;
        const auto result = apply(lhs[i], rhs[i]);
        if (!filters_) {
          out[i] = static_cast<double>(result);
        } else if (static_cast<bool>(result)) {
          out[i] = lhs[i];
        }
      }
    });
  }

  Labels ResultLabels(const Labels& many, const Labels* one) const {
    const VectorMatching& matching = binary_.matching;
    LabelsBuilder builder(filters_ || delayed_names_ ? many : WithoutMetricName(many));
    if (matching.cardinality == Cardinality::kOneToOne) {
      if (matching.on) return subset_.Of(many);
      for (const std::string& name : matching.labels) builder.Remove(name);
    }
    for (const std::string& name : matching.include) builder.Set(name, one ? one->Get(name) : std::string_view());
    return builder.Build();
  }

  const BinaryExpr& binary_;
  const bool swapped_;
  const SeriesBlock& many_;
  const SeriesBlock& one_;
  const std::optional<double> fill_many_;
  const std::optional<double> fill_one_;
  const bool filters_;
  const bool delayed_names_;
  const LabelSubset subset_;
  SeriesBlock& out_;

  // Scratch of one group.
  std::vector<std::uint32_t> one_at_;
  std::vector<double> many_values_;
  std::vector<double> one_values_;
  std::unordered_map<Labels, std::vector<bool>> produced_;
};

}  // namespace

Result<SeriesBlock> Evaluator::EvalMatched(const BinaryExpr& binary, const SeriesBlock& lhs, const SeriesBlock& rhs) {
  SeriesBlock out(lhs.steps(), budget_);
  TICKBIRD_RETURN_IF_ERROR(
      Matching(binary, options_.delayed_name_removal, lhs, rhs, out).Run([this] { return Checkpoint(); }));
  TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  TICKBIRD_RETURN_IF_ERROR(MergeSameLabels(out));
  return out;
}

}  // namespace tickbird::promql
