#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "rules/language/diagnostics.h"
#include "rules/language/loader.h"
#include "rules/language/scope.h"

namespace tickbird::language {

/// An item together with the place that it stands in.
template <class Node>
struct Placed {
  const Node* node = nullptr;
  const Scope* scope = nullptr;
  std::shared_ptr<const ClauseSet> defaults;  ///< In force at this place.

  const std::shared_ptr<const Source>& source() const { return scope->source(); }
  bool is_pack() const { return scope->file->is_pack; }
};

using PlacedRule = std::variant<Placed<ast::Alert>, Placed<ast::Record>>;

/// All files as one: who defines which name, with packs overridden and doubles reported, and every rule with the
/// defaults that hold where it stands. Views the trees of a Loader, which must outlive it.
struct Program {
  std::vector<PlacedRule> rules;  ///< In order; without those of packs that a file replaces.
  std::map<std::string, Placed<ast::Receiver>, std::less<>> receivers;
  std::vector<std::string> receiver_order;
  std::map<std::string, Placed<ast::Policy>, std::less<>> policies;
  std::map<std::string, Placed<ast::Template>, std::less<>> templates;
  std::vector<Placed<ast::Defaults>> defaults;
  std::vector<LetDefinition*> lets;
  Placed<ast::Levels> levels;  ///< node is null when no file says them.
  std::vector<std::unique_ptr<Scope>> scopes;
  std::deque<ast::Defaults> implied_defaults;  ///< What `group x every 1s` says.
};

/// Walks the files in order. Reports names that are defined twice, clauses that are set twice or are out of place, and,
/// for each item and clause that this version parses but does not evaluate, an error that says so.
Program BuildProgram(const std::vector<const LoadedFile*>& roots, Diagnostics& diagnostics);

}  // namespace tickbird::language
