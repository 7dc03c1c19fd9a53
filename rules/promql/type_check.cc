#include <algorithm>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "rules/promql/parser_impl.h"

namespace tickbird::promql {
namespace {

void CheckMatchingLabels(const BinaryExpr& binary, std::vector<std::string>& problems) {
  const VectorMatching& matching = binary.matching;
  if (!matching.on) return;
  for (const std::string& label : matching.include) {
    if (std::find(matching.labels.begin(), matching.labels.end(), label) != matching.labels.end()) {
      problems.push_back(fmt::format("label \"{}\" must not occur in ON and GROUP clause at once", label));
    }
  }
}

void CheckOperandsOfVectors(const BinaryExpr& binary, std::vector<std::string>& problems) {
  const VectorMatching& matching = binary.matching;
  const bool fills = matching.fill_left || matching.fill_right;
  if (binary.lhs->type == ValueType::kVector && binary.rhs->type == ValueType::kVector) {
    if (fills && IsSetOperator(binary.op)) {
      problems.push_back(fmt::format("filling in missing series is not allowed for \"{}\"", BinaryOpText(binary.op)));
    }
    return;
  }
  if (matching.on || !matching.labels.empty() || matching.cardinality == VectorMatching::Cardinality::kManyToOne ||
      matching.cardinality == VectorMatching::Cardinality::kOneToMany) {
    problems.push_back("vector matching only allowed between instant vectors");
  }
  if (fills) problems.push_back("filling in missing series only allowed between instant vectors");
  if (IsSetOperator(binary.op)) {
    problems.push_back(
        fmt::format("set operator \"{}\" not allowed in binary scalar expression: both sides must be instant vectors",
                    BinaryOpText(binary.op)));
  }
}

}  // namespace

std::vector<std::string> CheckBinary(const BinaryExpr& binary) {
  std::vector<std::string> problems;
  if (binary.return_bool && !IsComparison(binary.op)) {
    problems.push_back("bool modifier can only be used on comparison operators");
  }
  const ValueType lhs = binary.lhs->type;
  const ValueType rhs = binary.rhs->type;
  if (lhs == ValueType::kScalar && rhs == ValueType::kScalar && IsComparison(binary.op) && !binary.return_bool) {
    problems.push_back(fmt::format("comparisons between scalars must use the bool modifier: write \"{} bool\"",
                                   BinaryOpText(binary.op)));
  }
  for (const ValueType type : {lhs, rhs}) {
    if (type == ValueType::kScalar || type == ValueType::kVector) continue;
    problems.push_back(fmt::format("binary expression must contain only scalar and instant vector types, got {}",
                                   ValueTypeName(type)));
    return problems;
  }
  CheckMatchingLabels(binary, problems);
  CheckOperandsOfVectors(binary, problems);
  return problems;
}

std::vector<std::string> CheckAggregate(const AggregateExpr& aggregate) {
  std::vector<std::string> problems;
  if (aggregate.operand->type != ValueType::kVector) {
    problems.push_back(fmt::format("expected type instant vector in aggregation expression, got {}",
                                   ValueTypeName(aggregate.operand->type)));
  }
  if (aggregate.parameter) {
    const ValueType wanted = aggregate.op == AggregateOp::kCountValues ? ValueType::kString : ValueType::kScalar;
    if (aggregate.parameter->type != wanted) {
      problems.push_back(fmt::format("expected type {} as the parameter of \"{}\", got {}", ValueTypeName(wanted),
                                     AggregateOpText(aggregate.op), ValueTypeName(aggregate.parameter->type)));
    }
  }
  return problems;
}

}  // namespace tickbird::promql
