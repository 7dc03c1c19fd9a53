#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/queryable.h"
#include "rules/promql/annotations.h"
#include "rules/promql/ast.h"
#include "rules/promql/engine.h"
#include "rules/promql/function_table.h"
#include "rules/promql/label_subset.h"
#include "rules/promql/series_block.h"
#include "rules/promql/window.h"

namespace tickbird::promql {

/// One query while it runs: walks the tree and gives each node a column per series over all steps, so that a selector
/// is read once, groups are found once per series, and the inner loops run over plain numbers. Each family of nodes has
/// its own eval_*.cc. Not thread safe.
class Evaluator {
 public:
  /// `query`: all steps. `query_end` and `query_step` as they were asked for (an end off the grid, 0 for an instant
  /// query): @ end(), range() and step() read them.
  Evaluator(const Queryable& data, const QueryOptions& options, const StepGrid& query, TimestampMs query_end,
            DurationMs query_step)
      : data_(data),
        options_(options),
        query_(query),
        query_end_(query_end),
        query_step_(query_step),
        budget_(options.max_samples) {}

  /// An instant vector or a scalar (as a vector without labels) at each step. Names that go away are gone.
  Result<SeriesBlock> EvalToVector(const Expr& expr);
  Result<ScalarColumn> EvalScalar(const Expr& expr, const StepGrid& grid);
  /// A range vector at the time of an instant query.
  Result<Matrix> EvalMatrix(const Expr& expr);

  Annotations& annotations() { return annotations_; }

 private:
  using WindowVisitor = std::function<Status(const SeriesBlock::Row&, SampleColumns&)>;

  // evaluator.cc: the walk
  Result<SeriesBlock> EvalVector(const Expr& expr, const StepGrid& grid);
  Result<SeriesBlock> EvalVectorNode(const Expr& expr, const StepGrid& grid);
  Result<SeriesBlock> EvalUnary(const UnaryExpr& unary, const StepGrid& grid);
  Result<ScalarColumn> EvalScalarCall(const CallExpr& call, const StepGrid& grid);
  Result<std::string> EvalString(const Expr& expr);
  /// Cancelled, or too many samples.
  Status Checkpoint() const;
  /// Drops the metric names of all rows, now or (delayed name removal) at the end.
  Status DropNames(SeriesBlock& block);
  SeriesBlock NewBlock(const StepGrid& grid) { return SeriesBlock(grid.count, budget_); }

  // eval_selectors.cc
  enum class SelectorValue { kSample, kTimestamp };
  Result<SeriesBlock> EvalSelector(const VectorSelector& selector, const StepGrid& grid, SelectorValue wanted);
  void ReadSeries(const SelectedSeries& series, const Selection& selection, bool with_stale, SampleColumns& out);
  Result<DurationMs> Resolve(const DurationValue& duration) const;
  /// The grid of a selector or subquery after @ and offset; one step when @ fixes it.
  Result<StepGrid> Shifted(const TimeShift& shift, const StepGrid& grid) const;
  /// Calls `visit` for each series of a range selector or subquery with all samples that any window on `grid` may hold,
  /// in time order and without stale markers, and sets where the windows lie.
  Status VisitWindows(const Expr& expr, const StepGrid& grid, WindowPlacement& placement, const WindowVisitor& visit);
  Status VisitMatrix(const MatrixSelector& matrix, const StepGrid& grid, WindowPlacement& placement,
                     const WindowVisitor& visit);
  Status VisitSubquery(const SubqueryExpr& subquery, const StepGrid& grid, WindowPlacement& placement,
                       const WindowVisitor& visit);

  // eval_binary.cc
  Result<SeriesBlock> EvalBinary(const BinaryExpr& binary, const StepGrid& grid);
  Result<SeriesBlock> EvalVectorScalar(const BinaryExpr& binary, const StepGrid& grid);
  Result<SeriesBlock> EvalSetOperator(const BinaryExpr& binary, SeriesBlock lhs, SeriesBlock rhs);
  // eval_matching.cc
  Result<SeriesBlock> EvalMatched(const BinaryExpr& binary, const SeriesBlock& lhs, const SeriesBlock& rhs);

  // eval_aggregate.cc
  Result<SeriesBlock> EvalAggregate(const AggregateExpr& aggregate, const StepGrid& grid);
  Result<SeriesBlock> EvalRanked(const AggregateExpr& aggregate, const SeriesBlock& operand, const StepGrid& grid);
  Result<SeriesBlock> EvalQuantile(const AggregateExpr& aggregate, const SeriesBlock& operand, const StepGrid& grid);
  Result<SeriesBlock> EvalCountValues(const AggregateExpr& aggregate, const SeriesBlock& operand);

  // eval_range_functions.cc, eval_instant_functions.cc, eval_label_functions.cc, eval_histogram.cc
  Result<SeriesBlock> EvalCall(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalRangeFunction(const CallExpr& call, std::size_t matrix_arg, const StepGrid& grid);
  Result<SeriesBlock> EvalAbsentOverTime(const CallExpr& call, const StepGrid& grid);
  Status CheckRangeParameters(const CallExpr& call, const std::vector<ScalarColumn>& parameters);
  Result<SeriesBlock> EvalInstantFunction(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalAbsent(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalTimestamp(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalDate(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalClamp(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalLabelReplace(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalLabelJoin(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalSort(const CallExpr& call, const StepGrid& grid);
  Result<SeriesBlock> EvalHistogramQuantile(const CallExpr& call, const StepGrid& grid);

  const Queryable& data_;
  const QueryOptions& options_;
  const StepGrid query_;
  const TimestampMs query_end_;
  const DurationMs query_step_;
  SampleBudget budget_;
  Annotations annotations_;
};

/// The value is the same at every step, whatever the grid: such parts are evaluated once.
bool IsStepInvariant(const Expr& expr);

/// What absent() of this gives its element: the equalities of the selector, where a label has only one.
Labels LabelsOfAbsent(const Expr& expr);

/// Go's math.Max and math.Min: NaN when either is.
double MaxOrNan(double a, double b);
double MinOrNan(double a, double b);

/// An execution error.
Error ExecutionError(std::string message);

}  // namespace tickbird::promql
