#include "rules/language/program.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "rules/language/body_check.h"

namespace tickbird::language {
namespace {

class Builder {
 public:
  explicit Builder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Program Build(const std::vector<const LoadedFile*>& roots) {
    for (const LoadedFile* file : roots) WalkFile(*file, nullptr);
    DropOverridden();
    OverrideLets();
    return std::move(program_);
  }

 private:
  Scope& NewScope(const LoadedFile& file, const Scope* parent) {
    Scope& scope = *program_.scopes.emplace_back(std::make_unique<Scope>());
    scope.file = &file;
    scope.parent = parent;
    scope.defaults = parent != nullptr ? parent->defaults : std::make_shared<const ClauseSet>();
    return scope;
  }

  void WalkFile(const LoadedFile& file, const Scope* included_from) {
    Scope& scope = NewScope(file, included_from);
    file_scopes_[&file] = &scope;
    WalkItems(file.tree.items, scope);
  }

  void WalkItems(const std::vector<ast::Item>& items, Scope& scope) {
    for (const ast::Item& item : items) {
      if (const auto* let = std::get_if<ast::Let>(&item.node)) AddLet(*let, scope);
    }
    for (const ast::Item& item : items) WalkItem(item, scope);
  }

  void WalkItem(const ast::Item& item, Scope& scope) {
    if (ReportNotEvaluated(item, scope.source(), diagnostics_)) return;
    if (const auto* include = std::get_if<ast::Include>(&item.node)) return WalkInclude(*include, scope);
    if (const auto* defaults = std::get_if<ast::Defaults>(&item.node)) return WalkDefaults(*defaults, scope);
    if (const auto* group = std::get_if<ast::Group>(&item.node)) return WalkGroup(*group, scope);
    if (const auto* levels = std::get_if<ast::Levels>(&item.node)) return SetLevels(*levels, item, scope);
    if (const auto* receiver = std::get_if<ast::Receiver>(&item.node)) {
      if (Define("receiver", *receiver, scope, program_.receivers))
        program_.receiver_order.push_back(receiver->name.text);
    } else if (const auto* policy = std::get_if<ast::Policy>(&item.node)) {
      Define("policy", *policy, scope, program_.policies);
    } else if (const auto* pattern = std::get_if<ast::Template>(&item.node)) {
      CheckBody(pattern->body, BodyOf::kTemplate, scope.source(), diagnostics_);
      Define("template", *pattern, scope, program_.templates);
    } else if (const auto* alert = std::get_if<ast::Alert>(&item.node)) {
      AddAlert(*alert, scope);
    } else if (const auto* record = std::get_if<ast::Record>(&item.node)) {
      AddRecord(*record, scope);
    }
  }

  void WalkInclude(const ast::Include& include, Scope& scope) {
    const auto found = scope.file->includes.find(&include);
    if (found == scope.file->includes.end()) return;
    for (const LoadedFile* file : found->second) {
      // A file is loaded where it is included first; later includes only see its lets.
      if (!file_scopes_.contains(file)) WalkFile(*file, &scope);
      scope.imports.push_back(file_scopes_[file]);
    }
  }

  void WalkDefaults(const ast::Defaults& defaults, Scope& scope) {
    CheckBody(defaults.body, BodyOf::kDefaults, scope.source(), diagnostics_);
    auto merged = std::make_shared<ClauseSet>(*scope.defaults);
    merged->Overlay(defaults.body, scope);
    scope.defaults = std::move(merged);
    program_.defaults.push_back({&defaults, &scope, scope.defaults});
  }

  void WalkGroup(const ast::Group& group, Scope& outer) {
    Scope& scope = NewScope(*outer.file, &outer);
    if (group.every) {
      // `group x every 1s` is the same as `defaults { every 1s }` at its start.
      ast::Defaults& defaults = program_.implied_defaults.emplace_back();
      defaults.body.clauses.push_back({"every", group.every->span, group.every->span, ast::Every{*group.every}});
      WalkDefaults(defaults, scope);
    }
    WalkItems(group.items, scope);
  }

  void AddLet(const ast::Let& let, Scope& scope) {
    auto& slot = scope.lets[let.name.text];
    if (slot != nullptr) return ReportDouble("let", let.name, scope, slot->let->name, *slot->scope);
    slot = std::make_unique<LetDefinition>();
    slot->let = &let;
    slot->scope = &scope;
    program_.lets.push_back(slot.get());
  }

  void SetLevels(const ast::Levels& levels, const ast::Item& item, const Scope& scope) {
    std::set<std::string_view> names;
    for (const ast::Name& name : levels.names) {
      if (!names.insert(name.text).second) {
        diagnostics_.Error(scope.source(), name.span, fmt::format("level \"{}\" is named twice", name.text));
      }
    }
    Placed<ast::Levels>& set = program_.levels;
    if (set.node == nullptr || (set.is_pack() && !scope.file->is_pack)) {
      set = {&levels, &scope, nullptr};
      return;
    }
    if (scope.file->is_pack) return;
    diagnostics_.Error(scope.source(), item.keyword_span,
                       fmt::format("levels are set twice; first at {}", Place(set.node->names.front(), *set.scope)));
  }

  /// False when the name is taken; a file takes it from a pack.
  template <class Node>
  bool Define(std::string_view what, const Node& node, const Scope& scope,
              std::map<std::string, Placed<Node>, std::less<>>& table) {
    const auto [entry, is_new] = table.emplace(node.name.text, Placed<Node>{&node, &scope, scope.defaults});
    if (is_new) return true;
    if (entry->second.is_pack() && !scope.file->is_pack) {
      entry->second = {&node, &scope, scope.defaults};
    } else {
      ReportDouble(what, node.name, scope, entry->second.node->name, *entry->second.scope);
    }
    return false;
  }

  void AddAlert(const ast::Alert& alert, Scope& scope) {
    CheckBody(alert.body, BodyOf::kAlert, scope.source(), diagnostics_);
    if (Define("alert", alert, scope, alerts_) || alerts_.find(alert.name.text)->second.node == &alert) {
      program_.rules.emplace_back(Placed<ast::Alert>{&alert, &scope, scope.defaults});
    }
  }

  void AddRecord(const ast::Record& record, Scope& scope) {
    std::string key = record.metric.text;
    std::map<std::string, std::string> labels;
    for (const ast::Label& label : record.labels) labels[label.name.text] = label.value.text;
    for (const auto& [name, value] : labels) key += fmt::format("\n{}={}", name, value);
    const Placed<ast::Record> placed{&record, &scope, scope.defaults};
    const auto [entry, is_new] = records_.emplace(key, placed);
    if (!is_new && scope.file->is_pack == entry->second.is_pack()) {
      return ReportDouble("record", record.metric, scope, entry->second.node->metric, *entry->second.scope);
    }
    entry->second = placed;
    if (!scope.file->is_pack) own_metrics_.insert(record.metric.text);
    program_.rules.emplace_back(placed);
  }

  void DropOverridden() {
    std::erase_if(program_.rules, [&](const PlacedRule& rule) {
      if (const auto* record = std::get_if<Placed<ast::Record>>(&rule)) {
        return record->is_pack() && own_metrics_.contains(record->node->metric.text);
      }
      const auto& alert = std::get<Placed<ast::Alert>>(rule);
      return alerts_.find(alert.node->name.text)->second.node != alert.node;
    });
  }

  /// A let at the top of a file takes the place of a pack's let of that name, in the pack too.
  void OverrideLets() {
    std::map<std::string, LetDefinition*> own;
    for (LetDefinition* let : program_.lets) {
      const bool at_top = let->scope->parent == nullptr || let->scope->parent->file != let->scope->file;
      if (!let->scope->file->is_pack && at_top) own.emplace(let->let->name.text, let);
    }
    for (LetDefinition* let : program_.lets) {
      if (!let->scope->file->is_pack) continue;
      const auto found = own.find(let->let->name.text);
      if (found == own.end()) continue;
      let->let = found->second->let;
      let->scope = found->second->scope;
      found->second->used = true;
    }
  }

  static std::string Place(const ast::Name& name, const Scope& scope) {
    const Position position = scope.source()->PositionOf(name.span.offset);
    return fmt::format("{}:{}", scope.source()->name(), position.line);
  }

  void ReportDouble(std::string_view what, const ast::Name& name, const Scope& scope, const ast::Name& first,
                    const Scope& first_scope) {
    diagnostics_.Error(
        scope.source(), name.span,
        fmt::format("{} \"{}\" is defined twice; first at {}", what, name.text, Place(first, first_scope)));
  }

  Diagnostics& diagnostics_;
  Program program_;
  std::map<const LoadedFile*, Scope*> file_scopes_;
  std::map<std::string, Placed<ast::Alert>, std::less<>> alerts_;
  std::map<std::string, Placed<ast::Record>> records_;
  std::set<std::string> own_metrics_;
};

}  // namespace

Program BuildProgram(const std::vector<const LoadedFile*>& roots, Diagnostics& diagnostics) {
  return Builder(diagnostics).Build(roots);
}

}  // namespace tickbird::language
