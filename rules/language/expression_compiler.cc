#include "rules/language/expression_compiler.h"

#include <array>

#include <fmt/core.h>

#include "core/base/number.h"
#include "core/base/strings.h"
#include "core/model/labels.h"

namespace tickbird::language {
namespace {

/// The message of an error that was reported elsewhere, so that it is not reported where its result is used.
constexpr std::string_view kReportedElsewhere = "reported elsewhere";

Result<promql::ExprPtr> ParseText(std::string_view text) {
  auto parsed = promql::ParseExpr(text);
  if (!parsed) return parsed.error().ToError();
  return *parsed;
}

/// The name when the text is `$name` and nothing more, else "".
std::string WholeVariable(std::string_view text) {
  const bool is_variable = text.starts_with('$') && IsLegacyLabelName(text.substr(1));
  return is_variable ? std::string(text.substr(1)) : "";
}

/// A number or a string as PromQL; empty for other literals.
std::string AsPromql(const ast::Literal& literal) {
  switch (literal.kind) {
    case ast::Literal::Kind::kString:
      return Quoted(literal.text);
    case ast::Literal::Kind::kNumber:
    case ast::Literal::Kind::kPercent:
    case ast::Literal::Kind::kSize:
    case ast::Literal::Kind::kDuration:
      return FormatDouble(literal.number);
    default:
      return "";
  }
}

std::string_view Article(promql::ValueType type) {
  return type == promql::ValueType::kScalar || type == promql::ValueType::kString || type == promql::ValueType::kMatrix
             ? "a"
             : "an";
}

}  // namespace

promql::ExprPtr ExpressionCompiler::Compile(const ast::Expression& expression, const Scope& scope) {
  // Nothing but a let is that let itself, without the brackets that PromQL puts around a part.
  const std::string variable = WholeVariable(expression.text);
  if (LetDefinition* let = scope.FindBinding(variable) == nullptr ? scope.FindLet(variable) : nullptr) {
    let->used = true;
    if (auto value = LetValue(*let)) return *value;
    if (let->state == LetDefinition::State::kDone) return nullptr;
  }
  promql::ParseOptions options;
  options.variable = [&](std::string_view name) { return Variable(name, scope); };
  auto parsed = promql::ParseExpr(expression.text, options);
  if (!parsed) {
    ReportParseErrors(expression, scope, options);
    return nullptr;
  }
  // A let is checked where it stands, and only what passed is substituted: what is found here is this text's own.
  const std::vector<Diagnostic> unsupported = promql::CheckSupported(**parsed);
  for (const Diagnostic& diagnostic : unsupported)
    diagnostics_.Embedded(scope.source(), expression.span.offset, diagnostic);
  return unsupported.empty() ? *parsed : nullptr;
}

/// PromQL's messages name places too ("the bracket at 3:14"), so it parses once more with blanks in front that bring
/// the expression to its place in the file.
void ExpressionCompiler::ReportParseErrors(const ast::Expression& expression, const Scope& scope,
                                           const promql::ParseOptions& options) {
  const Position place = scope.source()->PositionOf(expression.span.offset);
  std::string padded(static_cast<std::size_t>(place.line - 1), '\n');
  padded.append(static_cast<std::size_t>(place.column - 1), ' ');
  padded += expression.text;
  auto parsed = promql::ParseExpr(padded, options);
  if (parsed) return;
  for (Diagnostic& diagnostic : parsed.error().diagnostics) {
    if (diagnostic.message.find(kReportedElsewhere) != std::string::npos) continue;
    diagnostics_.Embedded(scope.source(), 0, diagnostic);
  }
}

promql::ExprPtr ExpressionCompiler::CompileVector(const ast::Expression& expression, const Scope& scope,
                                                  std::string_view what) {
  promql::ExprPtr expr = Compile(expression, scope);
  if (expr == nullptr) return nullptr;
  const promql::ValueType type = promql::TypeOf(*expr);
  if (type == promql::ValueType::kVector || type == promql::ValueType::kScalar) return expr;
  const bool is_range = type == promql::ValueType::kMatrix;
  diagnostics_.Error(
      scope.source(), expression.span,
      fmt::format("{} needs one number per series, this is {} {}{}", what, Article(type), promql::ValueTypeName(type),
                  is_range ? "; put a function such as rate() or max_over_time() around it" : ""));
  return nullptr;
}

Result<promql::ExprPtr> ExpressionCompiler::ArgumentValue(const Binding& binding) {
  const std::string text = binding.value != nullptr ? AsPromql(*binding.value) : "";
  if (!text.empty()) return ParseText(text);
  if (binding.value != nullptr) {
    diagnostics_.Error(
        binding.scope->source(), binding.value->span,
        fmt::format("it is used in an expression, so write a number or a string in double quotes, not the word {}",
                    binding.value->text));
  }
  return Error{ErrorCode::kInvalidArgument, std::string(kReportedElsewhere)};
}

void ExpressionCompiler::CompileLet(LetDefinition& let) {
  (void)LetValue(let);
}

Result<promql::ExprPtr> ExpressionCompiler::LetValue(LetDefinition& let) {
  const std::string& name = let.let->name.text;
  if (let.state == LetDefinition::State::kBusy) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("let \"{}\" refers to itself", name)};
  }
  if (let.state == LetDefinition::State::kNew) {
    let.state = LetDefinition::State::kBusy;
    let.expr = Compile(let.let->expression, *let.scope);
    let.state = LetDefinition::State::kDone;
  }
  if (let.expr == nullptr) return Error{ErrorCode::kInvalidArgument, std::string(kReportedElsewhere)};
  return let.expr;
}

Result<promql::ExprPtr> ExpressionCompiler::Variable(std::string_view name, const Scope& scope) {
  if (const Binding* binding = scope.FindBinding(name)) {
    return ArgumentValue(*binding);
  }
  if (LetDefinition* let = scope.FindLet(std::string(name))) {
    let->used = true;
    return LetValue(*let);
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("there is no let or parameter \"{}\"{}", name, DidYouMean(name, scope.VariableNames()))};
}

const ast::Literal* ExpressionCompiler::Resolve(const ast::Literal& literal, const Scope& scope) {
  if (literal.kind != ast::Literal::Kind::kVariable) return &literal;
  // A parameter without a value was reported where the template is used.
  if (const Binding* binding = scope.FindBinding(literal.text)) return binding->value;
  if (LetDefinition* let = scope.FindLet(literal.text)) {
    let->used = true;
    diagnostics_.Error(
        scope.source(), literal.span,
        fmt::format("${} is a let, an expression; here only a literal or a parameter of a template may stand",
                    literal.text));
    return nullptr;
  }
  diagnostics_.Error(
      scope.source(), literal.span,
      fmt::format("there is no parameter \"{}\"{}", literal.text, DidYouMean(literal.text, scope.VariableNames())));
  return nullptr;
}

std::optional<double> ExpressionCompiler::NumberOf(const ast::Literal& literal, const Scope& scope) {
  const ast::Literal* resolved = Resolve(literal, scope);
  if (resolved == nullptr) return std::nullopt;
  switch (resolved->kind) {
    case ast::Literal::Kind::kNumber:
    case ast::Literal::Kind::kPercent:
    case ast::Literal::Kind::kSize:
    case ast::Literal::Kind::kDuration:
      return resolved->number;
    default:
      break;
  }
  // An argument that does not fit is a mistake where it is given, not where the template uses it.
  const Binding* binding = literal.kind == ast::Literal::Kind::kVariable ? scope.FindBinding(literal.text) : nullptr;
  const Scope& place = binding != nullptr ? *binding->scope : scope;
  diagnostics_.Error(
      place.source(), resolved->span,
      fmt::format("{} is not a number; compare with a number such as 0.85, 85%, 300ms or 512MiB, or write a whole "
                  "expression after \"when\"",
                  Quoted(resolved->text)));
  return std::nullopt;
}

}  // namespace tickbird::language
