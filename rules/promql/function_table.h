#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rules/promql/parser.h"

namespace tickbird::promql {

/// Every function of Prometheus 3.14. The ones that the engine evaluates have a case of their own in eval_*.cc.
// clang-format off
enum class Function {
  kAbs, kAbsent, kAbsentOverTime, kAcos, kAcosh, kAsin, kAsinh, kAtan, kAtanh, kAvgOverTime, kCeil, kChanges, kClamp,
  kClampMax, kClampMin, kCos, kCosh, kCountOverTime, kDayOfMonth, kDayOfWeek, kDayOfYear, kDaysInMonth, kDeg, kDelta,
  kDeriv, kDoubleExponentialSmoothing, kEnd, kExp, kFirstOverTime, kFloor, kHistogramAvg, kHistogramCount,
  kHistogramFraction, kHistogramQuantile, kHistogramQuantiles, kHistogramStddev, kHistogramStdvar, kHistogramSum, kHour,
  kIdelta, kIncrease, kInfo, kIrate, kLabelJoin, kLabelReplace, kLastOverTime, kLn, kLog10, kLog2, kMadOverTime, kMaxOf,
  kMaxOverTime, kMinOf, kMinOverTime, kMinute, kMonth, kPi, kPredictLinear, kPresentOverTime, kQuantileOverTime, kRad,
  kRange, kRate, kResets, kRound, kScalar, kSgn, kSin, kSinh, kSort, kSortByLabel, kSortByLabelDesc, kSortDesc, kSqrt,
  kStart, kStartTimestamp, kStddevOverTime, kStdvarOverTime, kStep, kSumOverTime, kTan, kTanh, kTime, kTimestamp,
  kTsOfFirstOverTime, kTsOfLastOverTime, kTsOfMaxOverTime, kTsOfMinOverTime, kVector, kYear,
};
// clang-format on

/// A function's signature, and whether this version evaluates it.
struct FunctionInfo {
  static constexpr int kUnlimited = -1;

  std::string_view name;
  Function function;
  ValueType returns;
  std::vector<ValueType> args;  ///< The last one stands for all that follow it.
  int min_args = 0;
  int max_args = 0;           ///< Or kUnlimited.
  bool experimental = false;  ///< Behind a feature flag in Prometheus; here always on.
  bool evaluated = true;

  ValueType ArgType(std::size_t index) const { return args[index < args.size() ? index : args.size() - 1]; }
};

/// Null when there is none of that name. Names are case-sensitive.
const FunctionInfo* FindFunction(std::string_view name);
/// Sorted by name.
std::span<const FunctionInfo> AllFunctions();

/// The result of these depends on the time of evaluation even when the arguments do not.
bool ReadsEvaluationTime(const FunctionInfo& function, std::size_t argument_count);

}  // namespace tickbird::promql
