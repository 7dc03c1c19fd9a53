#include "rules/eval/condition.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/duration.h"

namespace tickbird::rules {

bool Compare(double value, Comparison comparison, double threshold) {
  switch (comparison) {
    case Comparison::kGreater:
      return value > threshold;
    case Comparison::kGreaterEqual:
      return value >= threshold;
    case Comparison::kLess:
      return value < threshold;
    case Comparison::kLessEqual:
      return value <= threshold;
    case Comparison::kEqual:
      return value == threshold;
    case Comparison::kNotEqual:
      return value != threshold;
  }
  return false;
}

bool NanIsNoData(const AlertRule& rule) {
  return std::all_of(rule.raises.begin(), rule.raises.end(), [](const RaiseClause& clause) {
    return !clause.when.expr && !(clause.clear && clause.clear->expr);
  });
}

std::string HoldText(const Hold& hold) {
  if (hold.n > 0) return fmt::format("{} of {}", hold.n, hold.of_m);
  return hold.for_ms > 0 ? FormatDuration(hold.for_ms) : std::string();
}

std::string ConditionText(const RaiseClause& clause) {
  const std::string hold = HoldText(clause.hold);
  return hold.empty() ? clause.when.text : clause.when.text + " for " + hold;
}

std::string NoDataText(const NoData& no_data) {
  return no_data.after > 0 ? "no data for " + FormatDuration(no_data.after) : "no data";
}

}  // namespace tickbird::rules
