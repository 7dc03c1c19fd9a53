#pragma once

#include <optional>
#include <set>
#include <string>

#include "rules/eval/rule.h"
#include "rules/language/expression_compiler.h"
#include "rules/language/names.h"
#include "rules/language/policy_compiler.h"
#include "rules/language/program.h"

namespace tickbird::language {

/// From alert and record items, with what they inherit, to the internal rules.
class AlertCompiler {
 public:
  AlertCompiler(Program& program, Names& names, ExpressionCompiler& expressions, PolicyCompiler& policies,
                Diagnostics& diagnostics);

  /// Errors were reported when the result lacks something; it is used only when nothing was.
  rules::AlertRule Compile(const Placed<ast::Alert>& placed);
  rules::RecordRule Compile(const Placed<ast::Record>& placed);
  /// Checks the clauses of a `defaults` block, whether an alert follows it or not.
  void Check(const Placed<ast::Defaults>& placed);
  /// Says which templates and parameters nothing uses.
  void CheckTemplates();

 private:
  const Scope* Instantiate(const Placed<ast::Alert>& placed, ClauseSet& clauses);
  void BindArguments(const Placed<ast::Alert>& placed, const ast::Template& pattern, Scope& body);
  void SetValue(const Placed<ast::Alert>& placed, const ClauseSet& clauses, bool damaged, rules::AlertRule& rule);
  void SetRaises(const Placed<ast::Alert>& placed, const ClauseSet& clauses, bool damaged, rules::AlertRule& rule);
  std::optional<rules::RaiseClause> CompileRaise(const ClauseRef& clause);
  std::optional<rules::Condition> CompileCondition(const ast::Condition& condition, const Scope& scope,
                                                   std::string_view what);
  rules::Hold CompileHold(const std::optional<ast::Hold>& hold, const Scope& scope);
  rules::NoData CompileNoData(const ClauseSet& clauses);
  DurationMs CompileEvery(const ClauseSet& clauses);
  std::string CompileUnit(const ClauseSet& clauses);
  std::string CompileText(const ClauseSet& clauses, std::string_view keyword);
  std::vector<std::pair<std::string, std::string>> CompileLabels(const ClauseSet& clauses);
  std::optional<std::string> LabelValue(const ast::Label& label, const Scope& scope);

  Program& program_;
  Names& names_;
  ExpressionCompiler& expressions_;
  PolicyCompiler& policies_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::set<std::string>> used_templates_;  ///< With the parameters that their bodies asked for.
};

}  // namespace tickbird::language
