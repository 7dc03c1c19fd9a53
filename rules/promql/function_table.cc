#include "rules/promql/function_table.h"

#include <algorithm>
#include <array>

namespace tickbird::promql {
namespace {

constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kT = ValueType::kString;
constexpr int kMany = FunctionInfo::kUnlimited;
constexpr bool kStable = false;
constexpr bool kExperimental = true;
constexpr bool kLater = false;  // not evaluated by this version

// name, function, result, arguments, least and most of them, experimental, evaluated. Sorted by name.
const std::array<FunctionInfo, 90>& Table() {
  // clang-format off
  static const std::array<FunctionInfo, 90> table = {{
    {"abs", Function::kAbs, kV, {kV}, 1, 1},
    {"absent", Function::kAbsent, kV, {kV}, 1, 1},
    {"absent_over_time", Function::kAbsentOverTime, kV, {kM}, 1, 1},
    {"acos", Function::kAcos, kV, {kV}, 1, 1},
    {"acosh", Function::kAcosh, kV, {kV}, 1, 1},
    {"asin", Function::kAsin, kV, {kV}, 1, 1},
    {"asinh", Function::kAsinh, kV, {kV}, 1, 1},
    {"atan", Function::kAtan, kV, {kV}, 1, 1},
    {"atanh", Function::kAtanh, kV, {kV}, 1, 1},
    {"avg_over_time", Function::kAvgOverTime, kV, {kM}, 1, 1},
    {"ceil", Function::kCeil, kV, {kV}, 1, 1},
    {"changes", Function::kChanges, kV, {kM}, 1, 1},
    {"clamp", Function::kClamp, kV, {kV, kS, kS}, 3, 3},
    {"clamp_max", Function::kClampMax, kV, {kV, kS}, 2, 2},
    {"clamp_min", Function::kClampMin, kV, {kV, kS}, 2, 2},
    {"cos", Function::kCos, kV, {kV}, 1, 1},
    {"cosh", Function::kCosh, kV, {kV}, 1, 1},
    {"count_over_time", Function::kCountOverTime, kV, {kM}, 1, 1},
    {"day_of_month", Function::kDayOfMonth, kV, {kV}, 0, 1},
    {"day_of_week", Function::kDayOfWeek, kV, {kV}, 0, 1},
    {"day_of_year", Function::kDayOfYear, kV, {kV}, 0, 1},
    {"days_in_month", Function::kDaysInMonth, kV, {kV}, 0, 1},
    {"deg", Function::kDeg, kV, {kV}, 1, 1},
    {"delta", Function::kDelta, kV, {kM}, 1, 1},
    {"deriv", Function::kDeriv, kV, {kM}, 1, 1},
    {"double_exponential_smoothing", Function::kDoubleExponentialSmoothing, kV, {kM, kS, kS}, 3, 3, kExperimental},
    {"end", Function::kEnd, kS, {}, 0, 0, kExperimental},
    {"exp", Function::kExp, kV, {kV}, 1, 1},
    {"first_over_time", Function::kFirstOverTime, kV, {kM}, 1, 1},
    {"floor", Function::kFloor, kV, {kV}, 1, 1},
    {"histogram_avg", Function::kHistogramAvg, kV, {kV}, 1, 1, kStable, kLater},
    {"histogram_count", Function::kHistogramCount, kV, {kV}, 1, 1, kStable, kLater},
    {"histogram_fraction", Function::kHistogramFraction, kV, {kS, kS, kV}, 3, 3, kStable, kLater},
    {"histogram_quantile", Function::kHistogramQuantile, kV, {kS, kV}, 2, 2},
    {"histogram_quantiles", Function::kHistogramQuantiles, kV, {kV, kT, kS}, 3, 12, kExperimental, kLater},
    {"histogram_stddev", Function::kHistogramStddev, kV, {kV}, 1, 1, kStable, kLater},
    {"histogram_stdvar", Function::kHistogramStdvar, kV, {kV}, 1, 1, kStable, kLater},
    {"histogram_sum", Function::kHistogramSum, kV, {kV}, 1, 1, kStable, kLater},
    {"hour", Function::kHour, kV, {kV}, 0, 1},
    {"idelta", Function::kIdelta, kV, {kM}, 1, 1},
    {"increase", Function::kIncrease, kV, {kM}, 1, 1},
    {"info", Function::kInfo, kV, {kV, kV}, 1, 2, kExperimental, kLater},
    {"irate", Function::kIrate, kV, {kM}, 1, 1},
    {"label_join", Function::kLabelJoin, kV, {kV, kT, kT, kT}, 3, kMany},
    {"label_replace", Function::kLabelReplace, kV, {kV, kT, kT, kT, kT}, 5, 5},
    {"last_over_time", Function::kLastOverTime, kV, {kM}, 1, 1},
    {"ln", Function::kLn, kV, {kV}, 1, 1},
    {"log10", Function::kLog10, kV, {kV}, 1, 1},
    {"log2", Function::kLog2, kV, {kV}, 1, 1},
    {"mad_over_time", Function::kMadOverTime, kV, {kM}, 1, 1, kExperimental},
    {"max_of", Function::kMaxOf, kS, {kS, kS}, 2, 2, kExperimental},
    {"max_over_time", Function::kMaxOverTime, kV, {kM}, 1, 1},
    {"min_of", Function::kMinOf, kS, {kS, kS}, 2, 2, kExperimental},
    {"min_over_time", Function::kMinOverTime, kV, {kM}, 1, 1},
    {"minute", Function::kMinute, kV, {kV}, 0, 1},
    {"month", Function::kMonth, kV, {kV}, 0, 1},
    {"pi", Function::kPi, kS, {}, 0, 0},
    {"predict_linear", Function::kPredictLinear, kV, {kM, kS}, 2, 2},
    {"present_over_time", Function::kPresentOverTime, kV, {kM}, 1, 1},
    {"quantile_over_time", Function::kQuantileOverTime, kV, {kS, kM}, 2, 2},
    {"rad", Function::kRad, kV, {kV}, 1, 1},
    {"range", Function::kRange, kS, {}, 0, 0, kExperimental},
    {"rate", Function::kRate, kV, {kM}, 1, 1},
    {"resets", Function::kResets, kV, {kM}, 1, 1},
    {"round", Function::kRound, kV, {kV, kS}, 1, 2},
    {"scalar", Function::kScalar, kS, {kV}, 1, 1},
    {"sgn", Function::kSgn, kV, {kV}, 1, 1},
    {"sin", Function::kSin, kV, {kV}, 1, 1},
    {"sinh", Function::kSinh, kV, {kV}, 1, 1},
    {"sort", Function::kSort, kV, {kV}, 1, 1},
    {"sort_by_label", Function::kSortByLabel, kV, {kV, kT}, 1, kMany, kExperimental},
    {"sort_by_label_desc", Function::kSortByLabelDesc, kV, {kV, kT}, 1, kMany, kExperimental},
    {"sort_desc", Function::kSortDesc, kV, {kV}, 1, 1},
    {"sqrt", Function::kSqrt, kV, {kV}, 1, 1},
    {"start", Function::kStart, kS, {}, 0, 0, kExperimental},
    {"start_timestamp", Function::kStartTimestamp, kV, {kV}, 1, 1, kExperimental, kLater},
    {"stddev_over_time", Function::kStddevOverTime, kV, {kM}, 1, 1},
    {"stdvar_over_time", Function::kStdvarOverTime, kV, {kM}, 1, 1},
    {"step", Function::kStep, kS, {}, 0, 0, kExperimental},
    {"sum_over_time", Function::kSumOverTime, kV, {kM}, 1, 1},
    {"tan", Function::kTan, kV, {kV}, 1, 1},
    {"tanh", Function::kTanh, kV, {kV}, 1, 1},
    {"time", Function::kTime, kS, {}, 0, 0},
    {"timestamp", Function::kTimestamp, kV, {kV}, 1, 1},
    {"ts_of_first_over_time", Function::kTsOfFirstOverTime, kV, {kM}, 1, 1, kExperimental},
    {"ts_of_last_over_time", Function::kTsOfLastOverTime, kV, {kM}, 1, 1, kExperimental},
    {"ts_of_max_over_time", Function::kTsOfMaxOverTime, kV, {kM}, 1, 1, kExperimental},
    {"ts_of_min_over_time", Function::kTsOfMinOverTime, kV, {kM}, 1, 1, kExperimental},
    {"vector", Function::kVector, kV, {kS}, 1, 1},
    {"year", Function::kYear, kV, {kV}, 0, 1},
  }};
  // clang-format on
  return table;
}

}  // namespace

std::span<const FunctionInfo> AllFunctions() {
  return Table();
}

const FunctionInfo* FindFunction(std::string_view name) {
  const auto& table = Table();
  const auto found =
      std::lower_bound(table.begin(), table.end(), name,
                       [](const FunctionInfo& info, std::string_view wanted) { return info.name < wanted; });
  return found != table.end() && found->name == name ? &*found : nullptr;
}

bool ReadsEvaluationTime(const FunctionInfo& function, std::size_t argument_count) {
  switch (function.function) {
    case Function::kTime:
    case Function::kTimestamp:
    case Function::kPredictLinear:
    case Function::kStart:
    case Function::kEnd:
    case Function::kRange:
    case Function::kStep:
      return true;
    case Function::kDayOfMonth:
    case Function::kDayOfWeek:
    case Function::kDayOfYear:
    case Function::kDaysInMonth:
    case Function::kHour:
    case Function::kMinute:
    case Function::kMonth:
    case Function::kYear:
      return argument_count == 0;
    default:
      return false;
  }
}

}  // namespace tickbird::promql
