#pragma once

#include <memory>
#include <vector>

#include "rules/eval/rule.h"

namespace tickbird::rules {

inline constexpr std::string_view kBrokenRuleName = "RuleBroken";

/// The built-in alert on rules that cannot be evaluated; its instances have the label `rule`. Its level is the one
/// named "warning", else the second worst of `levels`.
std::shared_ptr<const AlertRule> BrokenRuleAlert(const std::vector<AlertLevel>& levels);

}  // namespace tickbird::rules
