#include "rules/eval/broken_rule.h"

#include <algorithm>

namespace tickbird::rules {
namespace {

AlertLevel LevelFor(const std::vector<AlertLevel>& levels) {
  const auto warning =
      std::find_if(levels.begin(), levels.end(), [](const AlertLevel& level) { return level.name == "warning"; });
  if (warning != levels.end()) return *warning;
  if (levels.empty()) return {"warning", 1};
  return levels[levels.size() >= 2 ? levels.size() - 2 : 0];
}

}  // namespace

std::shared_ptr<const AlertRule> BrokenRuleAlert(const std::vector<AlertLevel>& levels) {
  auto rule = std::make_shared<AlertRule>();
  rule->name = kBrokenRuleName;
  RaiseClause clause;
  clause.level = LevelFor(levels);
  clause.when.comparison = Comparison::kGreater;
  clause.when.text = "evaluation keeps failing";
  rule->raises.push_back(std::move(clause));
  rule->summary = "Rule {rule} cannot be evaluated";
  rule->advice = "Until it works again it neither raises nor clears. Correct its expression, or remove the rule.";
  return rule;
}

}  // namespace tickbird::rules
