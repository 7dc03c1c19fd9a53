#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/language/ast.h"
#include "rules/language/loader.h"
#include "rules/promql/fwd.h"

namespace tickbird::language {

struct Scope;

/// A clause and the place whose names it sees.
struct ClauseRef {
  const ast::Clause* clause = nullptr;
  const Scope* scope = nullptr;

  template <class Node>
  const Node& As() const {
    return std::get<Node>(clause->node);
  }
  Span span() const { return clause->span; }
};

/// The clauses that hold for one alert after inheritance, by keyword.
class ClauseSet {
 public:
  /// Lays a body over what is there: labels and raises are added (one of the same name or level replaces), every other
  /// keyword of the body replaces all earlier clauses of that keyword.
  void Overlay(const ast::Body& body, const Scope& scope);

  /// Null when there is none.
  const ClauseRef* Find(std::string_view keyword) const;
  const std::vector<ClauseRef>& All(std::string_view keyword) const;

 private:
  std::map<std::string_view, std::vector<ClauseRef>> by_keyword_;
};

/// A `let` and what became of it.
struct LetDefinition {
  enum class State { kNew, kBusy, kDone };
  const ast::Let* let = nullptr;
  const Scope* scope = nullptr;
  State state = State::kNew;
  promql::ExprPtr expr;  ///< Null after kDone: it has an error, which was reported.
  bool used = false;
};

/// An argument of a template, and the place where it was written.
struct Binding {
  const ast::Literal* value = nullptr;
  const Scope* scope = nullptr;
};

/// The names that a place of a file sees: a file, a group in it, or the body of a template for one of its uses. Lives
/// as long as the Program that made it.
struct Scope {
  const Scope* parent = nullptr;  ///< Of a group: what holds it; of an included file: the place of the include.
  const LoadedFile* file = nullptr;
  std::unordered_map<std::string, std::unique_ptr<LetDefinition>> lets;
  std::vector<const Scope*> imports;          ///< Of included files: their lets are seen here too.
  std::shared_ptr<const ClauseSet> defaults;  ///< As far as the walk has come.
  std::map<std::string, Binding, std::less<>> bindings;
  /// The parameters of the template that something asked for; for the template's lint.
  std::set<std::string>* used_parameters = nullptr;

  const std::shared_ptr<const Source>& source() const { return file->source; }
  /// Null when this place sees no such let.
  LetDefinition* FindLet(const std::string& name) const;
  const Binding* FindBinding(std::string_view name) const;
  /// Every name that `$` may be followed by here.
  std::vector<std::string_view> VariableNames() const;
};

}  // namespace tickbird::language
