#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/eval/rule.h"
#include "rules/eval/text.h"

namespace tickbird::rules {

/// An alert rule with all that is worked out once when it is loaded. A text that is no template (its loader should have
/// said so) is shown as it is written. Immutable; keeps the rule set that the rule came from alive.
struct CompiledAlert {
  /// `expression` is the canonical PromQL of the value. `fallback` stands in for a rule without a policy.
  CompiledAlert(std::shared_ptr<const AlertRule> alert_rule, std::string canonical_expression,
                std::shared_ptr<const NotifyPolicy> fallback);

  /// "> 85% for 2m" of the clause that raises `level`, "no data for 1m" when missing data did.
  const std::string& ConditionFor(std::string_view level, bool no_data) const;

  std::shared_ptr<const AlertRule> rule;
  std::string expression;
  std::shared_ptr<const NotifyPolicy> policy;  ///< Never null.
  TextTemplate summary;
  TextTemplate detail;
  TextTemplate advice;
  TextTemplate runbook;
  std::vector<std::string> conditions;  ///< As AlertRule::raises.
  std::string no_data_condition;
  bool nan_is_no_data = true;
};

}  // namespace tickbird::rules
