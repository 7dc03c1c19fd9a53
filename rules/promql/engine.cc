#include "rules/promql/engine.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "rules/promql/evaluator.h"

namespace tickbird::promql {
namespace {

Status RefuseUnsupported(const Expr& expr) {
  const auto unsupported = CheckSupported(expr);
  if (unsupported.empty()) return {};
  return Error{ErrorCode::kUnsupported, unsupported.front().message, unsupported.front().position};
}

Status CheckTime(TimestampMs time) {
  if (time >= -kMaxTimestamp && time <= kMaxTimestamp) return {};
  return Error{ErrorCode::kInvalidArgument, fmt::format("time {} is out of bounds", time)};
}

Vector ToVector(const SeriesBlock& block, TimestampMs at) {
  Vector vector{at, {}};
  for (std::size_t row = 0; row < block.size(); ++row) {
    const double value = block.values(row)[0];
    if (!IsAbsent(value)) vector.elements.push_back({block.row(row).labels, value});
  }
  return vector;
}

Matrix ToMatrix(const SeriesBlock& block, const StepGrid& grid) {
  Matrix matrix;
  for (std::size_t row = 0; row < block.size(); ++row) {
    SeriesPoints points{block.row(row).labels, {}};
    const auto values = block.values(row);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!IsAbsent(values[i])) points.samples.push_back({grid.At(i), values[i]});
    }
    if (!points.samples.empty()) matrix.push_back(std::move(points));
  }
  std::sort(matrix.begin(), matrix.end(),
            [](const SeriesPoints& a, const SeriesPoints& b) { return a.labels < b.labels; });
  return matrix;
}

Result<Value> InstantValue(Evaluator& evaluator, const Expr& expr, TimestampMs at) {
  const StepGrid grid{at, 1, 1};
  switch (expr.type) {
    case ValueType::kString:
      return Value(std::get<StringLiteral>(StripParens(expr).node).value);
    case ValueType::kMatrix: {
      TICKBIRD_ASSIGN_OR_RETURN(Matrix matrix, evaluator.EvalMatrix(expr));
      return Value(std::move(matrix));
    }
    case ValueType::kScalar: {
      TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn column, evaluator.EvalScalar(expr, grid));
      return Value(Scalar{at, column[0]});
    }
    case ValueType::kVector:
      break;
  }
  TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock block, evaluator.EvalToVector(expr));
  return Value(ToVector(block, at));
}

}  // namespace

Result<QueryResult> EvalInstant(const Expr& expr, const Queryable& data, TimestampMs at, const QueryOptions& options) {
  TICKBIRD_RETURN_IF_ERROR(CheckTime(at));
  TICKBIRD_RETURN_IF_ERROR(RefuseUnsupported(expr));
  Evaluator evaluator(data, options, StepGrid{at, 1, 1}, at, 0);
  TICKBIRD_ASSIGN_OR_RETURN(Value value, InstantValue(evaluator, expr, at));
  return QueryResult{std::move(value), evaluator.annotations().TakeWarnings(), evaluator.annotations().TakeInfos()};
}

Result<QueryResult> EvalRange(const Expr& expr, const Queryable& data, TimestampMs start, TimestampMs end,
                              DurationMs step, const QueryOptions& options) {
  TICKBIRD_RETURN_IF_ERROR(CheckTime(start));
  TICKBIRD_RETURN_IF_ERROR(CheckTime(end));
  if (step <= 0) return Error{ErrorCode::kInvalidArgument, "the step of a range query must be greater than 0"};
  if (end < start) return Error{ErrorCode::kInvalidArgument, "end timestamp must not be before start time"};
  if (expr.type != ValueType::kScalar && expr.type != ValueType::kVector) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
                             ValueTypeName(expr.type))};
  }
  TICKBIRD_RETURN_IF_ERROR(RefuseUnsupported(expr));
  const auto count = static_cast<std::size_t>((end - start) / step) + 1;
  if (count > options.max_samples) {
    return Error{ErrorCode::kTooLarge, fmt::format("query has more than {} steps", options.max_samples)};
  }
  const StepGrid grid{start, step, count};
  Evaluator evaluator(data, options, grid, end, step);
  TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock block, evaluator.EvalToVector(expr));
  return QueryResult{ToMatrix(block, grid), evaluator.annotations().TakeWarnings(),
                     evaluator.annotations().TakeInfos()};
}

}  // namespace tickbird::promql
