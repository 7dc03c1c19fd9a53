#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/alert_event.h"
#include "rules/language/compiler.h"
#include "rules/language/program.h"

namespace tickbird::language {

/// Levels and receivers: resolves the names that clauses use, with a suggestion for a misspelt one.
class Names {
 public:
  Names(const Program& program, const CompileInput& input, Diagnostics& diagnostics);

  /// Empty after an error.
  std::optional<AlertLevel> Level(const ast::Name& name, const Scope& scope);
  /// False after an error.
  bool Receiver(const ast::Name& name, const Scope& scope);

  const std::vector<AlertLevel>& levels() const { return levels_; }
  /// Whom a rule without `notify` tells.
  const std::vector<std::string>& default_receivers() const { return default_receivers_; }
  bool IsExternal(std::string_view receiver) const;
  bool WasUsed(const std::string& receiver) const { return used_receivers_.contains(receiver); }

 private:
  const Program& program_;
  const CompileInput& input_;
  Diagnostics& diagnostics_;
  std::vector<AlertLevel> levels_;
  std::vector<std::string> default_receivers_;
  std::set<std::string> used_receivers_;
};

}  // namespace tickbird::language
