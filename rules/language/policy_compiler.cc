#include "rules/language/policy_compiler.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/strings.h"

namespace tickbird::language {
namespace {

constexpr std::size_t kMaxSteps = 20;
constexpr double kMaxLoops = 100;
/// How many policies are compared with a new one before it gets an object of its own. Files use few.
constexpr std::size_t kMaxRecent = 32;

}  // namespace

PolicyCompiler::PolicyCompiler(const Program& program, Names& names, Diagnostics& diagnostics)
    : program_(program), names_(names), diagnostics_(diagnostics) {}

std::shared_ptr<const NotifyPolicy> PolicyCompiler::Compile(const ClauseSet& clauses) {
  NotifyPolicy policy;
  SetNotify(clauses, policy);
  if (const ClauseRef* clause = clauses.Find("cooldown")) {
    const auto& cooldown = clause->As<ast::Cooldown>();
    policy.cooldown = Delay(cooldown.first, cooldown.growth, *clause->scope);
  }
  if (const ClauseRef* clause = clauses.Find("repeat")) {
    const auto& repeat = clause->As<ast::Repeat>();
    if (repeat.first) policy.repeat = Delay(*repeat.first, repeat.growth, *clause->scope);
    if (repeat.first && repeat.first->ms <= 0) {
      diagnostics_.Error(clause->scope->source(), repeat.first->span,
                         "repeat must be longer than 0; write repeat never for none");
    }
  }
  if (const ClauseRef* clause = clauses.Find("escalate")) SetEscalation(*clause, policy);
  if (const ClauseRef* clause = clauses.Find("ack")) policy.ack_expires = clause->As<ast::Ack>().expires.ms;
  return Share(std::move(policy));
}

void PolicyCompiler::SetNotify(const ClauseSet& clauses, NotifyPolicy& policy) {
  const auto& all = clauses.All("notify");
  if (all.empty()) {
    for (const std::string& receiver : names_.default_receivers()) policy.notify.push_back({.receiver = receiver});
    return;
  }
  for (const ClauseRef& clause : all) {
    const auto& notify = clause.As<ast::Notify>();
    // `from` asks to hear of every level from there on, the way down included.
    if (notify.from) policy.notify_level_down = true;
    for (NotifyTarget& target : Targets(notify.targets, notify.from, *clause.scope))
      policy.notify.push_back(std::move(target));
  }
}

void PolicyCompiler::SetEscalation(const ClauseRef& clause, NotifyPolicy& policy) {
  const auto& escalate = clause.As<ast::Escalate>();
  if (const auto* name = std::get_if<ast::Name>(&escalate.to)) {
    if (const Escalation* named = NamedEscalation(*name, *clause.scope)) {
      policy.escalation = named->steps;
      policy.escalation_loops = named->loops;
    }
    return;
  }
  Escalation escalation = CompileSteps(std::get<ast::Steps>(escalate.to), clause.clause->keyword_span, *clause.scope);
  policy.escalation = std::move(escalation.steps);
  policy.escalation_loops = escalation.loops;
}

std::vector<NotifyTarget> PolicyCompiler::Targets(const std::vector<ast::Target>& targets,
                                                  const std::optional<ast::Name>& from, const Scope& scope) {
  int from_rank = 0;
  if (from) {
    const auto level = names_.Level(*from, scope);
    if (level) from_rank = level->rank;
  }
  std::vector<NotifyTarget> result;
  for (const ast::Target& target : targets) {
    if (!names_.Receiver(target.receiver, scope)) continue;
    NotifyTarget compiled{.receiver = target.receiver.text, .from_rank = from_rank};
    for (const ast::Text& argument : target.arguments) compiled.arguments.push_back(argument.text);
    result.push_back(std::move(compiled));
  }
  return result;
}

GrowingDelay PolicyCompiler::Delay(const ast::Duration& first, const std::optional<ast::Growth>& growth,
                                   const Scope& scope) {
  GrowingDelay delay{.first = first.ms};
  if (!growth) return delay;
  delay.factor = growth->factor.value;
  delay.max = growth->max.ms;
  if (delay.factor < 1)
    diagnostics_.Error(scope.source(), growth->factor.span, "the factor of a backoff must be at least 1");
  if (delay.max < delay.first) {
    diagnostics_.Error(scope.source(), growth->max.span,
                       fmt::format("the longest time {} is shorter than the first, {}", FormatDuration(delay.max),
                                   FormatDuration(delay.first)));
  }
  return delay;
}

const PolicyCompiler::Escalation* PolicyCompiler::NamedEscalation(const ast::Name& name, const Scope& scope) {
  if (const auto done = named_.find(name.text); done != named_.end()) return &done->second;
  const auto found = program_.policies.find(name.text);
  if (found == program_.policies.end()) {
    std::vector<std::string_view> known;
    for (const auto& [policy, placed] : program_.policies) known.push_back(policy);
    diagnostics_.Error(scope.source(), name.span,
                       fmt::format("there is no policy \"{}\"{}", name.text, DidYouMean(name.text, known)));
    return nullptr;
  }
  const Placed<ast::Policy>& placed = found->second;
  return &named_.emplace(name.text, CompileSteps(placed.node->steps, placed.node->name.span, *placed.scope))
              .first->second;
}

PolicyCompiler::Escalation PolicyCompiler::CompileSteps(const ast::Steps& steps, Span owner, const Scope& scope) {
  Escalation result;
  if (steps.steps.empty())
    diagnostics_.Error(scope.source(), owner, "there is no step; write for example after 10m to NAME");
  if (steps.steps.size() > kMaxSteps)
    diagnostics_.Error(scope.source(), owner, fmt::format("more than {} steps", kMaxSteps));
  DurationMs last = -1;
  for (const ast::Step& step : steps.steps) {
    if (step.after.ms < last) {
      diagnostics_.Error(
          scope.source(), step.after.span,
          fmt::format("steps stand in the order of their times, all counted from the first message; {} comes after {}",
                      FormatDuration(step.after.ms), FormatDuration(last)));
    }
    last = step.after.ms;
    result.steps.push_back({step.after.ms, Targets(step.targets, step.from, scope)});
  }
  if (steps.loop) {
    if (steps.loop->value > kMaxLoops)
      diagnostics_.Error(scope.source(), steps.loop->span, fmt::format("at most {} loops", kMaxLoops));
    if (last == 0)
      diagnostics_.Error(scope.source(), steps.loop->span, "a loop needs a last step with a time longer than 0");
    result.loops = static_cast<int>(std::min(steps.loop->value, kMaxLoops));
  }
  return result;
}

void PolicyCompiler::CheckUnused() {
  for (const auto& [name, placed] : program_.policies) {
    if (named_.contains(name)) continue;
    CompileSteps(placed.node->steps, placed.node->name.span, *placed.scope);
    if (!placed.is_pack() && !diagnostics_.has_errors())
      diagnostics_.Warning(placed.source(), placed.node->name.span, fmt::format("policy \"{}\" is never used", name));
  }
}

std::shared_ptr<const NotifyPolicy> PolicyCompiler::Share(NotifyPolicy policy) {
  for (const auto& known : recent_) {
    if (*known == policy) return known;
  }
  auto shared = std::make_shared<const NotifyPolicy>(std::move(policy));
  if (recent_.size() == kMaxRecent) recent_.erase(recent_.begin());
  recent_.push_back(shared);
  return shared;
}

}  // namespace tickbird::language
