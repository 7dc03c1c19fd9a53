#include "rules/language/alert_compiler.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/strings.h"
#include "core/model/labels.h"
#include "rules/language/lint.h"
#include "rules/language/message_text.h"

namespace tickbird::language {
namespace {

constexpr std::array<std::string_view, 3> kUnits = {"bytes", "seconds", "percent"};
constexpr std::array<std::string_view, 4> kTexts = {"summary", "detail", "advice", "runbook"};
constexpr std::int64_t kMaxEvaluations = 1000;

rules::Comparison ComparisonOf(std::string_view text) {
  using rules::Comparison;
  if (text == ">") return Comparison::kGreater;
  if (text == ">=") return Comparison::kGreaterEqual;
  if (text == "<") return Comparison::kLess;
  if (text == "<=") return Comparison::kLessEqual;
  return text == "==" ? Comparison::kEqual : Comparison::kNotEqual;
}

/// For people: as written, unless it spans lines or holds names that mean nothing outside its file.
std::string ExpressionText(const ast::Expression& written, const promql::Expr& expr) {
  return written.text.find_first_of("\n#$") == std::string::npos ? written.text : promql::Format(expr);
}

rules::RuleSource SourceOf(const Span& span, const Scope& scope) {
  return {scope.source()->name(), scope.source()->PositionOf(span.offset)};
}

}  // namespace

AlertCompiler::AlertCompiler(Program& program, Names& names, ExpressionCompiler& expressions, PolicyCompiler& policies,
                             Diagnostics& diagnostics)
    : program_(program), names_(names), expressions_(expressions), policies_(policies), diagnostics_(diagnostics) {}

rules::AlertRule AlertCompiler::Compile(const Placed<ast::Alert>& placed) {
  ClauseSet clauses = *placed.defaults;
  Instantiate(placed, clauses);
  clauses.Overlay(placed.node->body, *placed.scope);
  const auto pattern = placed.node->from ? program_.templates.find(placed.node->from->text) : program_.templates.end();
  const bool damaged =
      placed.node->body.damaged ||
      (placed.node->from && (pattern == program_.templates.end() || pattern->second.node->body.damaged));
  rules::AlertRule rule;
  rule.name = placed.node->name.text;
  rule.source = SourceOf(placed.node->name.span, *placed.scope);
  SetValue(placed, clauses, damaged, rule);
  SetRaises(placed, clauses, damaged, rule);
  rule.unit = CompileUnit(clauses);
  rule.every = CompileEvery(clauses);
  rule.no_data = CompileNoData(clauses);
  rule.labels = CompileLabels(clauses);
  rule.summary = CompileText(clauses, "summary");
  rule.detail = CompileText(clauses, "detail");
  rule.advice = CompileText(clauses, "advice");
  rule.runbook = CompileText(clauses, "runbook");
  rule.policy = policies_.Compile(clauses);
  LintAlert(rule, clauses, diagnostics_);
  return rule;
}

rules::RecordRule AlertCompiler::Compile(const Placed<ast::Record>& placed) {
  const ast::Record& record = *placed.node;
  rules::RecordRule rule;
  rule.metric = record.metric.text;
  rule.source = SourceOf(record.metric.span, *placed.scope);
  rule.every = CompileEvery(*placed.defaults);
  for (const ast::Label& label : record.labels) {
    if (auto value = LabelValue(label, *placed.scope)) rule.labels.emplace_back(label.name.text, std::move(*value));
  }
  rule.expr = expressions_.CompileVector(record.expression, *placed.scope, "a record");
  if (rule.expr != nullptr) rule.expr_text = promql::Format(*rule.expr);
  return rule;
}

void AlertCompiler::Check(const Placed<ast::Defaults>& placed) {
  ClauseSet clauses;
  clauses.Overlay(placed.node->body, *placed.scope);
  CompileUnit(clauses);
  CompileEvery(clauses);
  CompileNoData(clauses);
  CompileLabels(clauses);
  for (const std::string_view keyword : kTexts) CompileText(clauses, keyword);
  policies_.Compile(clauses);
}

const Scope* AlertCompiler::Instantiate(const Placed<ast::Alert>& placed, ClauseSet& clauses) {
  if (!placed.node->from) return nullptr;
  const ast::Name& from = *placed.node->from;
  const auto found = program_.templates.find(from.text);
  if (found == program_.templates.end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, pattern] : program_.templates) known.push_back(name);
    diagnostics_.Error(placed.source(), from.span,
                       fmt::format("there is no template \"{}\"{}", from.text, DidYouMean(from.text, known)));
    return nullptr;
  }
  const Placed<ast::Template>& pattern = found->second;
  Scope& body = *program_.scopes.emplace_back(std::make_unique<Scope>());
  body.file = pattern.scope->file;
  body.parent = pattern.scope;
  body.used_parameters = &used_templates_[from.text];
  BindArguments(placed, *pattern.node, body);
  clauses.Overlay(pattern.node->body, body);
  return &body;
}

void AlertCompiler::BindArguments(const Placed<ast::Alert>& placed, const ast::Template& pattern, Scope& body) {
  std::vector<std::string_view> known;
  for (const ast::Template::Parameter& parameter : pattern.parameters) {
    known.push_back(parameter.name.text);
    body.bindings[parameter.name.text] = {parameter.value ? &*parameter.value : nullptr, body.parent};
  }
  std::set<std::string_view> given;
  for (const ast::Alert::Argument& argument : placed.node->arguments) {
    const auto binding = body.bindings.find(argument.name.text);
    if (binding == body.bindings.end()) {
      diagnostics_.Error(placed.source(), argument.name.span,
                         fmt::format("template {} has no parameter \"{}\"{}", pattern.name.text, argument.name.text,
                                     DidYouMean(argument.name.text, known)));
    } else if (!given.insert(binding->first).second) {
      diagnostics_.Error(placed.source(), argument.name.span, fmt::format("\"{}\" is given twice", argument.name.text));
    } else if (argument.value.kind == ast::Literal::Kind::kVariable ||
               argument.value.kind == ast::Literal::Kind::kCall) {
      diagnostics_.Error(placed.source(), argument.value.span,
                         "an argument of a template is a number or a string in double quotes");
    } else {
      binding->second = {&argument.value, placed.scope};
    }
  }
  for (const auto& [name, binding] : body.bindings) {
    if (binding.value != nullptr || given.contains(name)) continue;
    diagnostics_.Error(placed.source(), placed.node->from->span,
                       fmt::format("template {} needs a value for \"{}\"", pattern.name.text, name));
  }
}

void AlertCompiler::SetValue(const Placed<ast::Alert>& placed, const ClauseSet& clauses, bool damaged,
                             rules::AlertRule& rule) {
  const ClauseRef* clause = clauses.Find("value");
  if (clause == nullptr) {
    if (damaged) return;
    diagnostics_.Error(
        placed.source(), placed.node->name.span,
        fmt::format("alert {} measures nothing: add a line such as value up{{job=\"app\"}}", placed.node->name.text));
    return;
  }
  rule.value = expressions_.CompileVector(clause->As<ast::Value>().expression, *clause->scope, "value");
  if (rule.value != nullptr) rule.value_text = promql::Format(*rule.value);
}

void AlertCompiler::SetRaises(const Placed<ast::Alert>& placed, const ClauseSet& clauses, bool damaged,
                              rules::AlertRule& rule) {
  for (const ClauseRef& clause : clauses.All("raise")) {
    if (auto raise = CompileRaise(clause)) rule.raises.push_back(std::move(*raise));
  }
  std::sort(rule.raises.begin(), rule.raises.end(),
            [](const rules::RaiseClause& a, const rules::RaiseClause& b) { return a.level.rank > b.level.rank; });
  const ClauseRef* no_data = clauses.Find("nodata");
  const bool raises_no_data = no_data != nullptr && no_data->As<ast::NoData>().action == ast::NoData::Action::kRaise;
  if (!clauses.All("raise").empty() || raises_no_data || damaged) return;
  diagnostics_.Error(placed.source(), placed.node->name.span,
                     fmt::format("alert {} is never raised: add a line such as raise {} when > 80% for 2m",
                                 placed.node->name.text, names_.levels().back().name));
}

std::optional<rules::RaiseClause> AlertCompiler::CompileRaise(const ClauseRef& clause) {
  const auto& raise = clause.As<ast::Raise>();
  const Scope& scope = *clause.scope;
  const auto level = names_.Level(raise.level, scope);
  auto when = CompileCondition(raise.when, scope, "the condition");
  rules::RaiseClause result;
  result.hold = CompileHold(raise.hold, scope);
  if (raise.clear) {
    result.clear = CompileCondition(*raise.clear, scope, "the clear condition");
    if (!result.clear) return std::nullopt;
    result.clear_hold = CompileHold(raise.clear_hold, scope);
  }
  if (!level || !when) return std::nullopt;
  result.level = *level;
  result.when = std::move(*when);
  return result;
}

std::optional<rules::Condition> AlertCompiler::CompileCondition(const ast::Condition& condition, const Scope& scope,
                                                                std::string_view what) {
  rules::Condition result;
  if (condition.comparison.empty()) {
    result.expr = expressions_.CompileVector(condition.expression, scope, what);
    if (result.expr == nullptr) return std::nullopt;
    result.text = ExpressionText(condition.expression, *result.expr);
    return result;
  }
  const auto threshold = expressions_.NumberOf(condition.threshold, scope);
  if (!threshold) return std::nullopt;
  result.comparison = ComparisonOf(condition.comparison);
  result.threshold = *threshold;
  const ast::Literal* literal = expressions_.Resolve(condition.threshold, scope);
  result.text = fmt::format("{} {}", condition.comparison, literal->text);
  return result;
}

rules::Hold AlertCompiler::CompileHold(const std::optional<ast::Hold>& hold, const Scope& scope) {
  if (!hold) return {};
  if (hold->n > hold->of_m) {
    diagnostics_.Error(scope.source(), hold->span,
                       fmt::format("{} of {} can never be: write {} of {}", hold->n, hold->of_m, hold->of_m, hold->n));
  } else if (hold->of_m > kMaxEvaluations) {
    diagnostics_.Error(scope.source(), hold->span,
                       fmt::format("at most the last {} evaluations can be counted; use a time", kMaxEvaluations));
  }
  return {.for_ms = hold->for_ms, .n = static_cast<int>(hold->n), .of_m = static_cast<int>(hold->of_m)};
}

rules::NoData AlertCompiler::CompileNoData(const ClauseSet& clauses) {
  rules::NoData result;
  const ClauseRef* clause = clauses.Find("nodata");
  if (clause == nullptr) return result;
  const auto& node = clause->As<ast::NoData>();
  if (node.after) result.after = node.after->ms;
  if (node.action == ast::NoData::Action::kClear) result.action = rules::NoData::Action::kClear;
  if (node.action == ast::NoData::Action::kRaise) {
    result.action = rules::NoData::Action::kRaise;
    if (const auto level = names_.Level(node.level, *clause->scope)) result.level = *level;
  }
  return result;
}

DurationMs AlertCompiler::CompileEvery(const ClauseSet& clauses) {
  const ClauseRef* clause = clauses.Find("every");
  if (clause == nullptr) return kSecondMs;
  const ast::Duration& interval = clause->As<ast::Every>().interval;
  if (interval.ms < kMinEvery) {
    diagnostics_.Error(clause->scope->source(), interval.span,
                       fmt::format("no rule is evaluated more often than every {}", FormatDuration(kMinEvery)));
  }
  return interval.ms;
}

std::string AlertCompiler::CompileUnit(const ClauseSet& clauses) {
  const ClauseRef* clause = clauses.Find("unit");
  if (clause == nullptr) return "";
  const ast::Name& unit = clause->As<ast::Unit>().name;
  if (std::find(kUnits.begin(), kUnits.end(), unit.text) == kUnits.end()) {
    diagnostics_.Error(clause->scope->source(), unit.span,
                       fmt::format("unknown unit \"{}\"{}; units are bytes, seconds and percent (of 1)", unit.text,
                                   DidYouMean(unit.text, kUnits)));
  }
  return unit.text;
}

std::string AlertCompiler::CompileText(const ClauseSet& clauses, std::string_view keyword) {
  const ClauseRef* clause = clauses.Find(keyword);
  if (clause == nullptr) return "";
  const ast::Text& text = clause->As<ast::Prose>().text;
  CheckMessageText(text, *clause->scope, diagnostics_);
  return text.text;
}

std::vector<std::pair<std::string, std::string>> AlertCompiler::CompileLabels(const ClauseSet& clauses) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const ClauseRef& clause : clauses.All("label")) {
    const auto& label = clause.As<ast::Label>();
    if (auto value = LabelValue(label, *clause.scope)) labels.emplace_back(label.name.text, std::move(*value));
  }
  return labels;
}

std::optional<std::string> AlertCompiler::LabelValue(const ast::Label& label, const Scope& scope) {
  if (label.name.text == "alertname" || label.name.text.starts_with("__")) {
    diagnostics_.Error(scope.source(), label.name.span,
                       fmt::format("the label \"{}\" is set by Tickbird itself", label.name.text));
    return std::nullopt;
  }
  const ast::Literal* value = expressions_.Resolve(label.value, scope);
  if (value == nullptr) return std::nullopt;
  if (value->kind == ast::Literal::Kind::kCall) {
    diagnostics_.Error(
        scope.source(), label.value.span,
        fmt::format("{}(...) gives a secret, and labels are shown to everybody; it may stand in a receiver only",
                    value->text));
    return std::nullopt;
  }
  return value->text;
}

void AlertCompiler::CheckTemplates() {
  for (const auto& [name, placed] : program_.templates) {
    if (placed.is_pack()) continue;
    const auto used = used_templates_.find(name);
    if (used == used_templates_.end()) {
      diagnostics_.Warning(
          placed.source(), placed.node->name.span,
          fmt::format("template \"{}\" is never used, so that its expressions were not checked", name));
      continue;
    }
    for (const ast::Template::Parameter& parameter : placed.node->parameters) {
      if (used->second.contains(parameter.name.text)) continue;
      diagnostics_.Warning(placed.source(), parameter.name.span,
                           fmt::format("parameter \"{}\" is never used", parameter.name.text));
    }
  }
}

}  // namespace tickbird::language
