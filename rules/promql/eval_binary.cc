#include <utility>
#include <vector>

#include "rules/promql/evaluator.h"
#include "rules/promql/operators.h"

namespace tickbird::promql {
namespace {

/// For each group of matching labels and step: whether an element is there.
class Presence {
 public:
  Presence(std::size_t groups, std::size_t steps) : steps_(steps), present_(groups * steps) {}

  void Add(std::uint32_t group, std::span<const double> values) {
    char* const at = present_.data() + group * steps_;
    for (std::size_t i = 0; i < steps_; ++i) at[i] = static_cast<char>(at[i] | !IsAbsent(values[i]));
  }
  /// Keeps the values where the group's presence is `wanted`.
  void Mask(std::uint32_t group, bool wanted, std::span<double> values) const {
    const char* const at = present_.data() + group * steps_;
    for (std::size_t i = 0; i < steps_; ++i) {
      if ((at[i] != 0) != wanted) values[i] = Absent();
    }
  }

 private:
  std::size_t steps_;
  std::vector<char> present_;
};

}  // namespace

Result<SeriesBlock> Evaluator::EvalBinary(const BinaryExpr& binary, const StepGrid& grid) {
  if (binary.lhs->type == ValueType::kScalar || binary.rhs->type == ValueType::kScalar)
    return EvalVectorScalar(binary, grid);
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock lhs, EvalVector(*binary.lhs, grid));
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock rhs, EvalVector(*binary.rhs, grid));
  if (IsSetOperator(binary.op)) return EvalSetOperator(binary, std::move(lhs), std::move(rhs));
  return EvalMatched(binary, lhs, rhs);
}

Result<SeriesBlock> Evaluator::EvalVectorScalar(const BinaryExpr& binary, const StepGrid& grid) {
  const bool scalar_left = binary.lhs->type == ValueType::kScalar;
  TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn scalar, EvalScalar(scalar_left ? *binary.lhs : *binary.rhs, grid));
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(scalar_left ? *binary.rhs : *binary.lhs, grid));
  const bool filters = IsComparison(binary.op) && !binary.return_bool;
  WithOperator(binary.op, [&](auto apply) {
    for (std::size_t row = 0; row < block.size(); ++row) {
      const auto values = block.values(row);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (IsAbsent(values[i])) continue;
        const auto result = scalar_left ? apply(scalar[i], values[i]) : apply(values[i], scalar[i]);
        if (!filters) {
          values[i] = static_cast<double>(result);
        } else if (!static_cast<bool>(result)) {
          values[i] = Absent();
        }
      }
    }
  });
  if (!filters) TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalSetOperator(const BinaryExpr& binary, SeriesBlock lhs, SeriesBlock rhs) {
  const LabelSubset subset =
      binary.matching.on ? LabelSubset::Only(binary.matching.labels) : LabelSubset::AllBut(binary.matching.labels);
  GroupIndex index;
  std::vector<std::uint32_t> left_groups;
  std::vector<std::uint32_t> right_groups;
  for (std::size_t i = 0; i < lhs.size(); ++i) left_groups.push_back(index.Find(subset, lhs.row(i).labels));
  for (std::size_t i = 0; i < rhs.size(); ++i) right_groups.push_back(index.Find(subset, rhs.row(i).labels));

  const bool is_or = binary.op == BinaryOp::kOr;
  Presence presence(index.size(), lhs.steps());
  if (!is_or) {
    for (std::size_t i = 0; i < rhs.size(); ++i) presence.Add(right_groups[i], rhs.values(i));
    for (std::size_t i = 0; i < lhs.size(); ++i)
      presence.Mask(left_groups[i], binary.op == BinaryOp::kAnd, lhs.values(i));
    return lhs;
  }
  for (std::size_t i = 0; i < lhs.size(); ++i) presence.Add(left_groups[i], lhs.values(i));
  for (std::size_t i = 0; i < rhs.size(); ++i) {
    const auto out = lhs.AddRow(rhs.row(i).labels, rhs.row(i).drops_name);
    std::ranges::copy(rhs.values(i), out.begin());
    presence.Mask(right_groups[i], false, out);
  }
  TICKBIRD_RETURN_IF_ERROR(MergeSameLabels(lhs));
  return lhs;
}

}  // namespace tickbird::promql
