#include "rules/eval/compiled_alert.h"

#include "rules/eval/condition.h"

namespace tickbird::rules {
namespace {

TextTemplate CompileText(const std::string& text) {
  auto parsed = TextTemplate::Parse(text);
  return parsed ? std::move(*parsed) : TextTemplate::Literal(text);
}

}  // namespace

CompiledAlert::CompiledAlert(std::shared_ptr<const AlertRule> alert_rule, std::string canonical_expression,
                             std::shared_ptr<const NotifyPolicy> fallback)
    : rule(std::move(alert_rule)),
      expression(std::move(canonical_expression)),
      policy(rule->policy ? rule->policy : std::move(fallback)),
      summary(CompileText(rule->summary)),
      detail(CompileText(rule->detail)),
      advice(CompileText(rule->advice)),
      runbook(CompileText(rule->runbook)),
      no_data_condition(NoDataText(rule->no_data)),
      nan_is_no_data(NanIsNoData(*rule)) {
  if (!policy) policy = std::make_shared<const NotifyPolicy>();
  for (const RaiseClause& clause : rule->raises) conditions.push_back(ConditionText(clause));
}

const std::string& CompiledAlert::ConditionFor(std::string_view level, bool no_data) const {
  static const std::string kNone;
  if (no_data) return no_data_condition;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (rule->raises[i].level.name == level) return conditions[i];
  }
  return kNone;
}

}  // namespace tickbird::rules
