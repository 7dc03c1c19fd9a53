#include "rules/promql/evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include <fmt/core.h>

#include "rules/promql/operators.h"

namespace tickbird::promql {

Error ExecutionError(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

double MaxOrNan(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return std::max(a, b);
}

double MinOrNan(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return std::min(a, b);
}

bool IsStepInvariant(const Expr& expr) {
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) return selector->shift.at.has_value();
  if (const auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return matrix->selector.shift.at.has_value();
  if (const auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) return subquery->shift.at.has_value();
  if (const auto* call = std::get_if<CallExpr>(&expr.node)) {
    if (ReadsEvaluationTime(*call->function, call->args.size())) return false;
  }
  const auto children = Children(expr);
  return std::all_of(children.begin(), children.end(), [](const ExprPtr& child) { return IsStepInvariant(*child); });
}

Status Evaluator::Checkpoint() const {
  if (options_.cancelled && options_.cancelled->load(std::memory_order_relaxed)) {
    return Error{ErrorCode::kCancelled, "query was cancelled"};
  }
  if (budget_.Exceeded()) {
    return Error{
        ErrorCode::kTooLarge,
        fmt::format("query would hold more than {} samples at once: narrow the selectors, shorten the range or use a "
                    "larger step",
                    budget_.limit())};
  }
  return {};
}

Result<SeriesBlock> Evaluator::EvalToVector(const Expr& expr) {
  SeriesBlock block = NewBlock(query_);
  if (expr.type == ValueType::kScalar) {
    TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn column, EvalScalar(expr, query_));
    std::ranges::copy(column, block.AddRow({}).begin());
    return block;
  }
  TICKBIRD_ASSIGN_OR_RETURN(block, EvalVector(expr, query_));
  if (!options_.delayed_name_removal) return block;
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block.row(i).drops_name) block.row(i).labels = WithoutMetricName(block.row(i).labels);
  }
  TICKBIRD_RETURN_IF_ERROR(MergeSameLabels(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalVector(const Expr& expr, const StepGrid& grid) {
  TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  if (grid.count == 1 || !IsStepInvariant(expr)) return EvalVectorNode(expr, grid);
  TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock once, EvalVectorNode(expr, StepGrid{grid.start, grid.step, 1}));
  SeriesBlock block = NewBlock(grid);
  for (std::size_t i = 0; i < once.size(); ++i) {
    std::ranges::fill(block.AddRow(once.row(i).labels, once.row(i).drops_name), once.values(i)[0]);
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  }
  return block;
}

Result<SeriesBlock> Evaluator::EvalVectorNode(const Expr& expr, const StepGrid& grid) {
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) {
    return EvalSelector(*selector, grid, SelectorValue::kSample);
  }
  if (const auto* paren = std::get_if<ParenExpr>(&expr.node)) return EvalVectorNode(*paren->inner, grid);
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) return EvalUnary(*unary, grid);
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) return EvalBinary(*binary, grid);
  if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) return EvalAggregate(*aggregate, grid);
  if (const auto* call = std::get_if<CallExpr>(&expr.node)) return EvalCall(*call, grid);
  return Error{ErrorCode::kInternal,
               fmt::format("{} where an instant vector was checked for", ValueTypeName(expr.type))};
}

Result<SeriesBlock> Evaluator::EvalUnary(const UnaryExpr& unary, const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(*unary.operand, grid));
  if (!unary.negate) return block;
  for (double& value : block.all_values()) {
    if (!IsAbsent(value)) value = -value;
  }
  TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Status Evaluator::DropNames(SeriesBlock& block) {
  if (options_.delayed_name_removal) {
    for (std::size_t i = 0; i < block.size(); ++i) block.row(i).drops_name = true;
    return {};
  }
  // Rows that had the same name had different other labels, and still do.
  bool one_name = true;
  std::string first_name;
  for (std::size_t i = 0; i < block.size(); ++i) {
    Labels& labels = block.row(i).labels;
    if (i == 0) first_name = labels.MetricName();
    one_name = one_name && labels.MetricName() == first_name && !labels.Has("__type__") && !labels.Has("__unit__");
    labels = WithoutMetricName(labels);
  }
  return one_name ? Status() : MergeSameLabels(block);
}

Result<std::string> Evaluator::EvalString(const Expr& expr) {
  if (const auto* literal = std::get_if<StringLiteral>(&StripParens(expr).node)) return literal->value;
  return Error{ErrorCode::kInternal, "no string where a string was checked for"};
}

Result<ScalarColumn> Evaluator::EvalScalar(const Expr& expr, const StepGrid& grid) {
  const Expr& inner = StripParens(expr);
  if (const auto* number = std::get_if<NumberLiteral>(&inner.node)) return ScalarColumn(grid.count, number->value);
  if (const auto* call = std::get_if<CallExpr>(&inner.node)) return EvalScalarCall(*call, grid);
  if (const auto* unary = std::get_if<UnaryExpr>(&inner.node)) {
    TICKBIRD_ASSIGN_OR_RETURN(ScalarColumn column, EvalScalar(*unary->operand, grid));
    if (unary->negate) {
      for (double& value : column) value = -value;
    }
    return column;
  }
  const auto* binary = std::get_if<BinaryExpr>(&inner.node);
  if (!binary)
    return Error{ErrorCode::kInternal, fmt::format("{} where a scalar was checked for", ValueTypeName(expr.type))};
  TICKBIRD_ASSIGN_OR_RETURN(ScalarColumn lhs, EvalScalar(*binary->lhs, grid));
  TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn rhs, EvalScalar(*binary->rhs, grid));
  WithOperator(binary->op, [&](auto apply) {
    for (std::size_t i = 0; i < lhs.size(); ++i) lhs[i] = static_cast<double>(apply(lhs[i], rhs[i]));
  });
  return lhs;
}

Result<ScalarColumn> Evaluator::EvalScalarCall(const CallExpr& call, const StepGrid& grid) {
  ScalarColumn column(grid.count);
  const auto seconds = [](DurationMs ms) { return static_cast<double>(ms) / 1000; };
  switch (call.function->function) {
    case Function::kTime:
      for (std::size_t i = 0; i < grid.count; ++i) column[i] = seconds(grid.At(i));
      return column;
    case Function::kPi:
      return ScalarColumn(grid.count, std::numbers::pi);
    case Function::kStart:
      return ScalarColumn(grid.count, seconds(query_.start));
    case Function::kEnd:
      return ScalarColumn(grid.count, seconds(query_end_));
    case Function::kRange:
      return ScalarColumn(grid.count, seconds(query_end_ - query_.start));
    case Function::kStep:
      return ScalarColumn(grid.count, seconds(query_step_));
    case Function::kMinOf:
    case Function::kMaxOf: {
      TICKBIRD_ASSIGN_OR_RETURN(column, EvalScalar(*call.args[0], grid));
      TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn other, EvalScalar(*call.args[1], grid));
      const bool is_min = call.function->function == Function::kMinOf;
      for (std::size_t i = 0; i < grid.count; ++i) {
        column[i] = is_min ? MinOrNan(column[i], other[i]) : MaxOrNan(column[i], other[i]);
      }
      return column;
    }
    case Function::kScalar: {
      TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock block, EvalVector(*call.args[0], grid));
      for (std::size_t i = 0; i < grid.count; ++i) {
        std::size_t present = 0;
        for (std::size_t row = 0; row < block.size(); ++row) {
          if (IsAbsent(block.values(row)[i])) continue;
          ++present;
          column[i] = block.values(row)[i];
        }
        if (present != 1) column[i] = std::numeric_limits<double>::quiet_NaN();
      }
      return column;
    }
    default:
      return Error{ErrorCode::kInternal, fmt::format("{}() does not give a scalar", call.function->name)};
  }
}

Result<SeriesBlock> Evaluator::EvalCall(const CallExpr& call, const StepGrid& grid) {
  const FunctionInfo& info = *call.function;
  if (info.function == Function::kAbsentOverTime) return EvalAbsentOverTime(call, grid);
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (info.ArgType(i) == ValueType::kMatrix) return EvalRangeFunction(call, i, grid);
  }
  switch (info.function) {
    case Function::kAbsent:
      return EvalAbsent(call, grid);
    case Function::kTimestamp:
      return EvalTimestamp(call, grid);
    case Function::kLabelReplace:
      return EvalLabelReplace(call, grid);
    case Function::kLabelJoin:
      return EvalLabelJoin(call, grid);
    case Function::kSort:
    case Function::kSortDesc:
    case Function::kSortByLabel:
    case Function::kSortByLabelDesc:
      return EvalSort(call, grid);
    case Function::kHistogramQuantile:
      return EvalHistogramQuantile(call, grid);
    case Function::kClamp:
    case Function::kClampMin:
    case Function::kClampMax:
      return EvalClamp(call, grid);
    case Function::kDayOfMonth:
    case Function::kDayOfWeek:
    case Function::kDayOfYear:
    case Function::kDaysInMonth:
    case Function::kHour:
    case Function::kMinute:
    case Function::kMonth:
    case Function::kYear:
      return EvalDate(call, grid);
    default:
      return EvalInstantFunction(call, grid);
  }
}

}  // namespace tickbird::promql
