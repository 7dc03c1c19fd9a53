#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "rules/promql/evaluator.h"
#include "rules/promql/parser_impl.h"

namespace tickbird::promql {
namespace {

constexpr std::size_t kReadBlock = 128;

/// The newest multiple of `step` that is not above `time`.
TimestampMs FloorTo(TimestampMs time, DurationMs step) {
  const TimestampMs rest = time % step;
  return rest < 0 ? time - rest - step : time - rest;
}

/// What an instant selector sees at each step: the newest sample in (time - lookback, time], unless that is a stale
/// marker.
void LookBack(const SampleColumns& samples, const StepGrid& grid, DurationMs lookback, bool timestamps,
              std::span<double> out) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < grid.count; ++i) {
    const TimestampMs time = grid.At(i);
    while (next < samples.size() && samples.times[next] <= time) ++next;
    if (next == 0 || samples.times[next - 1] <= time - lookback || IsStaleMarker(samples.values[next - 1])) continue;
    out[i] = timestamps ? static_cast<double>(samples.times[next - 1]) / 1000 : samples.values[next - 1];
  }
}

bool IsEmptyRow(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return IsAbsent(value); });
}

}  // namespace

Result<DurationMs> Evaluator::Resolve(const DurationValue& duration) const {
  if (!duration.needs_query) return duration.ms;
  const double step = static_cast<double>(query_step_) / 1000;
  const double range = static_cast<double>(query_end_ - query_.start) / 1000;
  TICKBIRD_ASSIGN_OR_RETURN(const double seconds, EvalDurationExpr(*duration.expr, step, range));
  if (!(std::abs(seconds * 1000) <= static_cast<double>(kMaxDuration)))
    return ExecutionError("duration is out of range");
  return static_cast<DurationMs>(std::round(seconds * 1000));
}

Result<StepGrid> Evaluator::Shifted(const TimeShift& shift, const StepGrid& grid) const {
  TICKBIRD_ASSIGN_OR_RETURN(const DurationMs offset, Resolve(shift.offset));
  if (!shift.at) return StepGrid{grid.start - offset, grid.step, grid.count};
  TimestampMs time = shift.at->timestamp;
  if (shift.at->kind == AtModifier::Kind::kStart) time = query_.start;
  if (shift.at->kind == AtModifier::Kind::kEnd) time = query_end_;
  return StepGrid{time - offset, grid.step, 1};
}

/// Appends the samples of a series that lie in the selection, and says what is missing from them.
void Evaluator::ReadSeries(const SelectedSeries& series, const Selection& selection, bool with_stale,
                           SampleColumns& out) {
  std::array<TimestampMs, kReadBlock> times;
  std::array<double, kReadBlock> values;
  TimestampMs histogram_time = 0;
  FloatHistogram histogram;
  SeriesCursor& cursor = *series.cursor;
  while (true) {
    const std::size_t count = cursor.Read(times, values);
    if (count == 0 && !cursor.ReadHistogram(&histogram_time, &histogram)) break;
    if (count == 0)
      annotations_.Warn("native histograms are not evaluated by this version: their samples are left out");
    for (std::size_t i = 0; i < count; ++i) {
      if (times[i] < selection.min || times[i] > selection.max) continue;
      if (!with_stale && IsStaleMarker(values[i])) continue;
      out.times.push_back(times[i]);
      out.values.push_back(values[i]);
    }
  }
  if (const Status read = cursor.status(); !read) {
    annotations_.Warn(fmt::format("samples of {} are missing: {}", series.labels.ToString(), read.error().message));
  }
}

Result<SeriesBlock> Evaluator::EvalSelector(const VectorSelector& selector, const StepGrid& grid,
                                            SelectorValue wanted) {
  TICKBIRD_ASSIGN_OR_RETURN(const StepGrid times, Shifted(selector.shift, grid));
  const Selection selection{selector.matchers, times.start - options_.lookback + 1, times.Last(), times.count == 1};
  TICKBIRD_ASSIGN_OR_RETURN(auto selected, data_.Select(selection));
  SeriesBlock block = NewBlock(grid);
  SampleColumns samples;
  for (SelectedSeries& series : selected) {
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
    samples.Clear();
    ReadSeries(series, selection, true, samples);
    series.cursor.reset();
    if (samples.size() == 0) continue;
    const auto out = block.AddRow(std::move(series.labels));
    LookBack(samples, times, options_.lookback, wanted == SelectorValue::kTimestamp, out.first(times.count));
    if (times.count < grid.count) std::ranges::fill(out, out[0]);
    if (IsEmptyRow(out)) block.PopRow();
  }
  TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  return block;
}

Status Evaluator::VisitWindows(const Expr& expr, const StepGrid& grid, WindowPlacement& placement,
                               const WindowVisitor& visit) {
  const Expr& inner = StripParens(expr);
  if (const auto* matrix = std::get_if<MatrixSelector>(&inner.node))
    return VisitMatrix(*matrix, grid, placement, visit);
  if (const auto* subquery = std::get_if<SubqueryExpr>(&inner.node))
    return VisitSubquery(*subquery, grid, placement, visit);
  return Error{ErrorCode::kInternal, "no range vector where one was checked for"};
}

Status Evaluator::VisitMatrix(const MatrixSelector& matrix, const StepGrid& grid, WindowPlacement& placement,
                              const WindowVisitor& visit) {
  TICKBIRD_ASSIGN_OR_RETURN(placement.ends, Shifted(matrix.selector.shift, grid));
  TICKBIRD_ASSIGN_OR_RETURN(placement.range, Resolve(matrix.range));
  if (placement.range <= 0) return ExecutionError("duration must be greater than 0");
  const Selection selection{matrix.selector.matchers, placement.ends.start - placement.range + 1, placement.ends.Last(),
                            false};
  TICKBIRD_ASSIGN_OR_RETURN(auto selected, data_.Select(selection));
  SampleColumns samples;
  for (SelectedSeries& series : selected) {
    samples.Clear();
    ReadSeries(series, selection, false, samples);
    series.cursor.reset();
    if (samples.size() == 0) continue;
    const std::size_t decoded = samples.size();
    budget_.Take(decoded);
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
    TICKBIRD_RETURN_IF_ERROR(visit({std::move(series.labels), false}, samples));
    budget_.GiveBack(decoded);
  }
  return {};
}

Status Evaluator::VisitSubquery(const SubqueryExpr& subquery, const StepGrid& grid, WindowPlacement& placement,
                                const WindowVisitor& visit) {
  TICKBIRD_ASSIGN_OR_RETURN(placement.ends, Shifted(subquery.shift, grid));
  TICKBIRD_ASSIGN_OR_RETURN(placement.range, Resolve(subquery.range));
  DurationMs step = options_.default_subquery_step;
  if (subquery.step) {
    TICKBIRD_ASSIGN_OR_RETURN(step, Resolve(*subquery.step));
  }
  if (placement.range <= 0 || step <= 0) return ExecutionError("duration must be greater than 0");
  // Steps are multiples of `step` whatever the query's start, so that results do not depend on when they are asked for.
  const TimestampMs first = FloorTo(placement.ends.start - placement.range, step) + step;
  if (first > placement.ends.Last()) return {};
  const auto count = static_cast<std::size_t>((placement.ends.Last() - first) / step) + 1;
  if (count > options_.max_samples) {
    return Error{ErrorCode::kTooLarge, fmt::format("subquery has more than {} steps", options_.max_samples)};
  }
  const StepGrid inner{first, step, count};
  TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock block, EvalVector(*subquery.inner, inner));
  SampleColumns samples;
  for (std::size_t row = 0; row < block.size(); ++row) {
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
    samples.Clear();
    for (std::size_t i = 0; i < count; ++i) {
      if (IsAbsent(block.values(row)[i])) continue;
      samples.times.push_back(inner.At(i));
      samples.values.push_back(block.values(row)[i]);
    }
    if (samples.size() > 0) TICKBIRD_RETURN_IF_ERROR(visit(block.row(row), samples));
  }
  return {};
}

Result<Matrix> Evaluator::EvalMatrix(const Expr& expr) {
  Matrix matrix;
  WindowPlacement placement;
  const auto take = [&](const SeriesBlock::Row& row, SampleColumns& samples) -> Status {
    SeriesPoints points{row.drops_name ? WithoutMetricName(row.labels) : row.labels, {}};
    const TimestampMs end = placement.EndAt(0);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (samples.times[i] <= end - placement.range || samples.times[i] > end) continue;
      points.samples.push_back({samples.times[i], samples.values[i]});
    }
    budget_.Take(points.samples.size());
    if (!points.samples.empty()) matrix.push_back(std::move(points));
    return {};
  };
  TICKBIRD_RETURN_IF_ERROR(VisitWindows(expr, query_, placement, take));
  TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  std::sort(matrix.begin(), matrix.end(),
            [](const SeriesPoints& a, const SeriesPoints& b) { return a.labels < b.labels; });
  return matrix;
}

}  // namespace tickbird::promql
