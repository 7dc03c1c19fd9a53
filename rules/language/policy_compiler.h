#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/alert_event.h"
#include "rules/language/names.h"
#include "rules/language/program.h"

namespace tickbird::language {

/// From notify, cooldown, repeat, escalate and ack clauses to the NotifyPolicy of a rule. Equal policies are one
/// object.
class PolicyCompiler {
 public:
  PolicyCompiler(const Program& program, Names& names, Diagnostics& diagnostics);

  /// Always a policy; after errors, which were reported, one without what was wrong.
  std::shared_ptr<const NotifyPolicy> Compile(const ClauseSet& clauses);
  /// Checks the policies that nothing uses, and says that nothing does.
  void CheckUnused();

 private:
  struct Escalation {
    std::vector<EscalationStep> steps;
    int loops = 1;
  };

  void SetNotify(const ClauseSet& clauses, NotifyPolicy& policy);
  void SetEscalation(const ClauseRef& clause, NotifyPolicy& policy);
  std::vector<NotifyTarget> Targets(const std::vector<ast::Target>& targets, const std::optional<ast::Name>& from,
                                    const Scope& scope);
  GrowingDelay Delay(const ast::Duration& first, const std::optional<ast::Growth>& growth, const Scope& scope);
  const Escalation* NamedEscalation(const ast::Name& name, const Scope& scope);
  Escalation CompileSteps(const ast::Steps& steps, Span owner, const Scope& scope);
  std::shared_ptr<const NotifyPolicy> Share(NotifyPolicy policy);

  const Program& program_;
  Names& names_;
  Diagnostics& diagnostics_;
  std::map<std::string, Escalation> named_;
  std::vector<std::shared_ptr<const NotifyPolicy>> recent_;
};

}  // namespace tickbird::language
