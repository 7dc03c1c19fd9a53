#include "rules/language/scope.h"

#include <algorithm>

namespace tickbird::language {
namespace {

/// What an added clause of this kind is told apart by; empty for those that replace all.
std::string_view AdditiveKey(const ast::Clause& clause) {
  if (const auto* raise = std::get_if<ast::Raise>(&clause.node)) return raise->level.text;
  if (const auto* label = std::get_if<ast::Label>(&clause.node)) return label->name.text;
  return {};
}

}  // namespace

void ClauseSet::Overlay(const ast::Body& body, const Scope& scope) {
  std::set<std::string_view> replaced;
  for (const ast::Clause& clause : body.clauses) {
    std::vector<ClauseRef>& present = by_keyword_[clause.keyword];
    if (const std::string_view key = AdditiveKey(clause); !key.empty()) {
      std::erase_if(present, [&](const ClauseRef& other) { return AdditiveKey(*other.clause) == key; });
    } else if (replaced.insert(clause.keyword).second) {
      present.clear();
    }
    present.push_back({&clause, &scope});
  }
}

const ClauseRef* ClauseSet::Find(std::string_view keyword) const {
  const auto& all = All(keyword);
  return all.empty() ? nullptr : &all.back();
}

const std::vector<ClauseRef>& ClauseSet::All(std::string_view keyword) const {
  static const std::vector<ClauseRef> kNone;
  const auto found = by_keyword_.find(keyword);
  return found == by_keyword_.end() ? kNone : found->second;
}

LetDefinition* Scope::FindLet(const std::string& name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent) {
    if (const auto found = scope->lets.find(name); found != scope->lets.end()) return found->second.get();
    for (const Scope* import : scope->imports) {
      if (const auto found = import->lets.find(name); found != import->lets.end()) return found->second.get();
    }
  }
  return nullptr;
}

const Binding* Scope::FindBinding(std::string_view name) const {
  const auto found = bindings.find(name);
  if (found == bindings.end()) return nullptr;
  if (used_parameters != nullptr) used_parameters->insert(found->first);
  return &found->second;
}

std::vector<std::string_view> Scope::VariableNames() const {
  std::vector<std::string_view> names;
  for (const auto& [name, binding] : bindings) names.push_back(name);
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent) {
    for (const auto& [name, let] : scope->lets) names.push_back(name);
    for (const Scope* import : scope->imports) {
      for (const auto& [name, let] : import->lets) names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tickbird::language
