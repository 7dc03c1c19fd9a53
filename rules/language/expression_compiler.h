#pragma once

#include <optional>
#include <string>

#include "rules/language/diagnostics.h"
#include "rules/language/scope.h"
#include "rules/promql/fwd.h"
#include "rules/promql/parser.h"

namespace tickbird::language {

/// Turns the texts of expressions into trees: resolves `$name` (a parameter of the template, or a let, substituted as a
/// tree), lets PromQL parse, and places what PromQL finds wrong in the rule file. An error inside a let is reported
/// there, once, and not again where the let is used.
class ExpressionCompiler {
 public:
  explicit ExpressionCompiler(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Null after an error, which was reported. Only what this version evaluates comes back.
  promql::ExprPtr Compile(const ast::Expression& expression, const Scope& scope);
  /// Compile, and the result must be one value per label set (an instant vector, or a scalar). `what` is "value".
  promql::ExprPtr CompileVector(const ast::Expression& expression, const Scope& scope, std::string_view what);
  /// Compiles a let for its own errors.
  void CompileLet(LetDefinition& let);
  /// A literal as a number: itself, or the parameter that a variable names. Empty after an error.
  std::optional<double> NumberOf(const ast::Literal& literal, const Scope& scope);
  /// The literal that a variable stands for; the literal itself when it is none. Null after an error.
  const ast::Literal* Resolve(const ast::Literal& literal, const Scope& scope);

 private:
  void ReportParseErrors(const ast::Expression& expression, const Scope& scope, const promql::ParseOptions& options);
  Result<promql::ExprPtr> Variable(std::string_view name, const Scope& scope);
  Result<promql::ExprPtr> ArgumentValue(const Binding& binding);
  Result<promql::ExprPtr> LetValue(LetDefinition& let);

  Diagnostics& diagnostics_;
};

}  // namespace tickbird::language
