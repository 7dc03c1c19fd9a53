#include "rules/language/lint.h"

#include <fmt/core.h>

#include "core/base/duration.h"

namespace tickbird::language {
namespace {

using rules::Comparison;
using rules::Condition;

enum class Direction { kAbove, kBelow, kNeither };

/// Which side of its threshold a comparison is about; kNeither for expressions and equality.
Direction DirectionOf(const Condition& condition) {
  if (condition.expr != nullptr) return Direction::kNeither;
  switch (condition.comparison) {
    case Comparison::kGreater:
    case Comparison::kGreaterEqual:
      return Direction::kAbove;
    case Comparison::kLess:
    case Comparison::kLessEqual:
      return Direction::kBelow;
    default:
      return Direction::kNeither;
  }
}

/// True when some value meets both: `> 85%` and `< 90%`.
bool Overlap(const Condition& raise, const Condition& clear) {
  const Direction up = DirectionOf(raise);
  const Direction down = DirectionOf(clear);
  if (up == Direction::kNeither || down == Direction::kNeither) return false;
  if (up == down) return true;
  return up == Direction::kAbove ? clear.threshold > raise.threshold : clear.threshold < raise.threshold;
}

const ClauseRef* RaiseOf(const ClauseSet& clauses, const AlertLevel& level) {
  for (const ClauseRef& clause : clauses.All("raise")) {
    if (clause.As<ast::Raise>().level.text == level.name) return &clause;
  }
  return nullptr;
}

void LintClear(const rules::RaiseClause& raise, const ClauseRef& clause, Diagnostics& diagnostics) {
  if (!raise.clear || !Overlap(raise.when, *raise.clear)) return;
  diagnostics.Warning(
      clause.scope->source(), clause.As<ast::Raise>().clear->span,
      fmt::format("some values raise and clear at once: they are {} and {}", raise.when.text, raise.clear->text));
}

/// `worse` and `milder` are neighbours among the levels of one alert.
void LintOrder(const rules::RaiseClause& worse, const rules::RaiseClause& milder, const ClauseRef& clause,
               Diagnostics& diagnostics) {
  const Direction direction = DirectionOf(worse.when);
  if (direction == Direction::kNeither || direction != DirectionOf(milder.when)) return;
  const bool reached_first = direction == Direction::kAbove ? worse.when.threshold < milder.when.threshold
                                                            : worse.when.threshold > milder.when.threshold;
  if (!reached_first) return;
  diagnostics.Warning(clause.scope->source(), clause.As<ast::Raise>().when.span,
                      fmt::format("{} ({}) is reached before the milder {} ({})", worse.level.name, worse.when.text,
                                  milder.level.name, milder.when.text));
}

void LintClocks(const rules::AlertRule& rule, const ClauseSet& clauses, Diagnostics& diagnostics) {
  if (!rule.policy->repeat || rule.policy->cooldown.first <= rule.policy->repeat->first) return;
  const ClauseRef* cooldown = clauses.Find("cooldown");
  diagnostics.Warning(
      cooldown->scope->source(), cooldown->span(),
      fmt::format("the cooldown of {} is longer than the repeat of {}, so that reminders come more often than news",
                  FormatDuration(rule.policy->cooldown.first), FormatDuration(rule.policy->repeat->first)));
}

}  // namespace

void LintAlert(const rules::AlertRule& rule, const ClauseSet& clauses, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < rule.raises.size(); ++i) {
    const ClauseRef* clause = RaiseOf(clauses, rule.raises[i].level);
    if (clause == nullptr) continue;
    LintClear(rule.raises[i], *clause, diagnostics);
    if (i + 1 < rule.raises.size()) LintOrder(rule.raises[i], rule.raises[i + 1], *clause, diagnostics);
  }
  LintClocks(rule, clauses, diagnostics);
}

}  // namespace tickbird::language
