#pragma once

#include <string>

#include "rules/eval/rule.h"

namespace tickbird::rules {

/// `value > threshold` and its like, by IEEE rules: with a NaN only kNotEqual is true.
bool Compare(double value, Comparison comparison, double threshold);

/// True when all clauses of the rule compare the value with numbers, so that a NaN says nothing: it counts as missing
/// data. With a clause that decides by an expression the value is only shown, and a NaN is as good as any other.
bool NanIsNoData(const AlertRule& rule);

/// For messages and views: "2m", "4 of 5", or "" for a condition that acts at once.
std::string HoldText(const Hold& hold);
/// "> 85% for 2m".
std::string ConditionText(const RaiseClause& clause);
/// "no data for 1m".
std::string NoDataText(const NoData& no_data);

}  // namespace tickbird::rules
