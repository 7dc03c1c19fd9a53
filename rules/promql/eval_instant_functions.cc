#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "rules/promql/evaluator.h"

namespace tickbird::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double Sgn(double value) {
  return value < 0 ? -1 : value > 0 ? 1 : value;
}

using UnaryFunction = double (*)(double);

UnaryFunction FindUnaryFunction(Function function) {
  switch (function) {
    case Function::kAbs:
      return [](double v) { return std::abs(v); };
    case Function::kCeil:
      return [](double v) { return std::ceil(v); };
    case Function::kFloor:
      return [](double v) { return std::floor(v); };
    case Function::kExp:
      return [](double v) { return std::exp(v); };
    case Function::kLn:
      return [](double v) { return std::log(v); };
    case Function::kLog2:
      return [](double v) { return std::log2(v); };
    case Function::kLog10:
      return [](double v) { return std::log10(v); };
    case Function::kSqrt:
      return [](double v) { return std::sqrt(v); };
    case Function::kSgn:
      return Sgn;
    case Function::kSin:
      return [](double v) { return std::sin(v); };
    case Function::kCos:
      return [](double v) { return std::cos(v); };
    case Function::kTan:
      return [](double v) { return std::tan(v); };
    case Function::kAsin:
      return [](double v) { return std::asin(v); };
    case Function::kAcos:
      return [](double v) { return std::acos(v); };
    case Function::kAtan:
      return [](double v) { return std::atan(v); };
    case Function::kSinh:
      return [](double v) { return std::sinh(v); };
    case Function::kCosh:
      return [](double v) { return std::cosh(v); };
    case Function::kTanh:
      return [](double v) { return std::tanh(v); };
    case Function::kAsinh:
      return [](double v) { return std::asinh(v); };
    case Function::kAcosh:
      return [](double v) { return std::acosh(v); };
    case Function::kAtanh:
      return [](double v) { return std::atanh(v); };
    case Function::kRad:
      return [](double v) { return v * std::numbers::pi / 180; };
    case Function::kDeg:
      return [](double v) { return v * 180 / std::numbers::pi; };
    default:
      return nullptr;
  }
}

/// A part of the UTC date of a Unix time; NaN for what is no time.
double DatePart(Function part, double unix_seconds) {
  using namespace std::chrono;
  constexpr double kLimit = 9.7e11;  // the year 32,700: std::chrono counts years in 16 bits
  if (!(std::abs(unix_seconds) < kLimit)) return kNan;
  const sys_seconds time{seconds(static_cast<std::int64_t>(unix_seconds))};
  const sys_days day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  switch (part) {
    case Function::kMinute:
      return static_cast<double>(clock.minutes().count());
    case Function::kHour:
      return static_cast<double>(clock.hours().count());
    case Function::kDayOfWeek:
      return weekday{day}.c_encoding();
    case Function::kDayOfMonth:
      return static_cast<unsigned>(date.day());
    case Function::kDayOfYear:
      return static_cast<double>((day - sys_days{date.year() / January / 1}).count() + 1);
    case Function::kDaysInMonth:
      return static_cast<unsigned>((date.year() / date.month() / last).day());
    case Function::kMonth:
      return static_cast<unsigned>(date.month());
    case Function::kYear:
      return static_cast<int>(date.year());
    default:
      return kNan;
  }
}

template <class Apply>
void ForEachPresent(SeriesBlock& block, Apply apply) {
  for (std::size_t row = 0; row < block.size(); ++row) {
    const auto values = block.values(row);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!IsAbsent(values[i])) values[i] = apply(values[i], i);
    }
  }
}

}  // namespace

Result<SeriesBlock> Evaluator::EvalInstantFunction(const CallExpr& call, const StepGrid& grid) {
  const Function which = call.function->function;
  if (which == Function::kVector) {
    TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn column, EvalScalar(*call.args[0], grid));
    SeriesBlock block = NewBlock(grid);
    std::ranges::copy(column, block.AddRow({}).begin());
    return block;
  }
  const UnaryFunction unary = FindUnaryFunction(which);
  if (!unary && which != Function::kRound) {
    return Error{ErrorCode::kUnsupported, fmt::format("{}() is not evaluated", call.function->name)};
  }
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(*call.args[0], grid));
  if (unary) {
    ForEachPresent(block, [unary](double value, std::size_t) { return unary(value); });
  } else {
    ScalarColumn nearest(grid.count, 1);
    if (call.args.size() > 1) {
      TICKBIRD_ASSIGN_OR_RETURN(nearest, EvalScalar(*call.args[1], grid));
    }
    // Dividing by the inverse rounds 0.1 and the like better than multiplying with it.
    for (double& value : nearest) value = 1 / value;
    ForEachPresent(block,
                   [&](double value, std::size_t i) { return std::floor(value * nearest[i] + 0.5) / nearest[i]; });
  }
  TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalClamp(const CallExpr& call, const StepGrid& grid) {
  const Function which = call.function->function;
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(*call.args[0], grid));
  TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn first, EvalScalar(*call.args[1], grid));
  if (which == Function::kClampMin) {
    ForEachPresent(block, [&](double value, std::size_t i) { return MaxOrNan(value, first[i]); });
  } else if (which == Function::kClampMax) {
    ForEachPresent(block, [&](double value, std::size_t i) { return MinOrNan(value, first[i]); });
  } else {
    TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn second, EvalScalar(*call.args[2], grid));
    ForEachPresent(block, [&](double value, std::size_t i) {
      if (first[i] > second[i]) return Absent();
      return MaxOrNan(first[i], MinOrNan(second[i], value));
    });
  }
  TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalTimestamp(const CallExpr& call, const StepGrid& grid) {
  SeriesBlock block = NewBlock(grid);
  if (const auto* selector = std::get_if<VectorSelector>(&StripParens(*call.args[0]).node)) {
    TICKBIRD_ASSIGN_OR_RETURN(block, EvalSelector(*selector, grid, SelectorValue::kTimestamp));
  } else {
    TICKBIRD_ASSIGN_OR_RETURN(block, EvalVector(*call.args[0], grid));
    ForEachPresent(block, [&](double, std::size_t i) { return static_cast<double>(grid.At(i)) / 1000; });
  }
  TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalDate(const CallExpr& call, const StepGrid& grid) {
  const Function part = call.function->function;
  SeriesBlock block = NewBlock(grid);
  if (call.args.empty()) {
    const auto values = block.AddRow({});
    for (std::size_t i = 0; i < grid.count; ++i) values[i] = DatePart(part, static_cast<double>(grid.At(i)) / 1000);
    return block;
  }
  TICKBIRD_ASSIGN_OR_RETURN(block, EvalVector(*call.args[0], grid));
  ForEachPresent(block, [part](double value, std::size_t) { return DatePart(part, value); });
  TICKBIRD_RETURN_IF_ERROR(DropNames(block));
  return block;
}

Labels LabelsOfAbsent(const Expr& expr) {
  const Expr& inner = StripParens(expr);
  const auto* selector = std::get_if<VectorSelector>(&inner.node);
  if (const auto* matrix = std::get_if<MatrixSelector>(&inner.node)) selector = &matrix->selector;
  if (!selector) return {};
  LabelsBuilder builder;
  std::set<std::string_view> seen;
  for (const Matcher& matcher : selector->matchers) {
    if (matcher.name() == kMetricNameLabel) continue;
    if (matcher.type() == Matcher::Type::kEqual && seen.insert(matcher.name()).second) {
      builder.Set(matcher.name(), matcher.value());
    } else {
      builder.Remove(matcher.name());
    }
  }
  return builder.Build();
}

Result<SeriesBlock> Evaluator::EvalAbsent(const CallExpr& call, const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock operand, EvalVector(*call.args[0], grid));
  SeriesBlock block = NewBlock(grid);
  const auto out = block.AddRow(LabelsOfAbsent(*call.args[0]));
  std::ranges::fill(out, 1.0);
  for (std::size_t row = 0; row < operand.size(); ++row) {
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (!IsAbsent(operand.values(row)[i])) out[i] = Absent();
    }
  }
  return block;
}

}  // namespace tickbird::promql
