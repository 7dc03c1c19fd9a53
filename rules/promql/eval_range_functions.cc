#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/base/number.h"
#include "core/base/strings.h"
#include "rules/promql/evaluator.h"

namespace tickbird::promql {
namespace {

constexpr std::size_t kMostParameters = 2;

bool LooksLikeCounter(std::string_view name) {
  return name.empty() || name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") ||
         name.ends_with("_bucket");
}

bool NeedsResets(Function function) {
  return function == Function::kRate || function == Function::kIncrease || function == Function::kResets;
}

/// Slides the window over the samples and writes what `function` makes of each.
void Slide(const SampleColumns& samples, const WindowPlacement& placement, const StepGrid& grid,
           WindowFunction function, const std::vector<ScalarColumn>& parameters, std::span<double> out) {
  std::array<double, kMostParameters> at_step{};
  std::size_t first = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < grid.count; ++i) {
    const TimestampMs end = placement.EndAt(i);
    const TimestampMs start = end - placement.range;
    while (last < samples.size() && samples.times[last] <= end) ++last;
    while (first < last && samples.times[first] <= start) ++first;
    if (first == last) continue;
    for (std::size_t p = 0; p < parameters.size(); ++p) at_step[p] = parameters[p][i];
    out[i] = function({samples, first, last, start, end, grid.At(i)}, {at_step.data(), parameters.size()});
  }
}

}  // namespace

Status Evaluator::CheckRangeParameters(const CallExpr& call, const std::vector<ScalarColumn>& parameters) {
  if (call.function->function == Function::kQuantileOverTime) {
    for (const double q : parameters[0]) {
      if (q >= 0 && q <= 1) continue;
      annotations_.Warn(*call.args[0],
                        fmt::format("quantile value should be between 0 and 1, got {}", FormatDouble(q)));
    }
  } else if (call.function->function == Function::kDoubleExponentialSmoothing) {
    for (std::size_t p = 0; p < 2; ++p) {
      for (const double factor : parameters[p]) {
        if (factor > 0 && factor < 1) continue;
        return ExecutionError(p == 0 ? fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", factor)
                                     : fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", factor));
      }
    }
  }
  return {};
}

Result<SeriesBlock> Evaluator::EvalRangeFunction(const CallExpr& call, std::size_t matrix_arg, const StepGrid& grid) {
  const Function which = call.function->function;
  const WindowFunction function = FindWindowFunction(which);
  if (!function) return Error{ErrorCode::kUnsupported, fmt::format("{}() is not evaluated", call.function->name)};
  std::vector<ScalarColumn> parameters;
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (i == matrix_arg) continue;
    TICKBIRD_ASSIGN_OR_RETURN(ScalarColumn column, EvalScalar(*call.args[i], grid));
    parameters.push_back(std::move(column));
  }
  TICKBIRD_RETURN_IF_ERROR(CheckRangeParameters(call, parameters));

  const bool wants_counter = which == Function::kRate || which == Function::kIncrease;
  SeriesBlock block = NewBlock(grid);
  WindowPlacement placement;
  const auto take = [&](const SeriesBlock::Row& row, SampleColumns& samples) -> Status {
    if (NeedsResets(which)) samples.FindResets();
    const auto out = block.AddRow(row.labels, row.drops_name);
    Slide(samples, placement, grid, function, parameters, out);
    if (std::all_of(out.begin(), out.end(), [](double value) { return IsAbsent(value); })) {
      block.PopRow();
    } else if (const std::string_view name = row.labels.MetricName(); wants_counter && !LooksLikeCounter(name)) {
      annotations_.Inform(
          *call.args[matrix_arg],
          fmt::format("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                      Quoted(name)));
    }
    return {};
  };
  TICKBIRD_RETURN_IF_ERROR(VisitWindows(*call.args[matrix_arg], grid, placement, take));
  const bool keeps_name = which == Function::kLastOverTime || which == Function::kFirstOverTime;
  if (!keeps_name) TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalAbsentOverTime(const CallExpr& call, const StepGrid& grid) {
  std::vector<bool> seen(grid.count);
  WindowPlacement placement;
  const auto take = [&](const SeriesBlock::Row&, SampleColumns& samples) -> Status {
    std::size_t next = 0;
    for (std::size_t i = 0; i < grid.count; ++i) {
      while (next < samples.size() && samples.times[next] <= placement.EndAt(i)) ++next;
      if (next > 0 && samples.times[next - 1] > placement.EndAt(i) - placement.range) seen[i] = true;
    }
    return {};
  };
  TICKBIRD_RETURN_IF_ERROR(VisitWindows(*call.args[0], grid, placement, take));
  SeriesBlock block = NewBlock(grid);
  const auto out = block.AddRow(LabelsOfAbsent(*call.args[0]));
  for (std::size_t i = 0; i < grid.count; ++i) {
    if (!seen[i]) out[i] = 1;
  }
  return block;
}

}  // namespace tickbird::promql
