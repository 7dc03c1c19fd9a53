#include "rules/language/compiler.h"

#include <set>

#include <fmt/core.h>

#include "rules/language/alert_compiler.h"
#include "rules/language/loader.h"
#include "rules/language/receiver_compiler.h"

namespace tickbird::language {
namespace {

/// One compilation from start to end. The order of its members is the order of the stages.
class Compilation {
 public:
  Compilation(const CompileInput& input, Environment& environment, Diagnostics& diagnostics)
      : input_(input),
        diagnostics_(diagnostics),
        loader_(environment, diagnostics),
        program_(Load()),
        names_(program_, input, diagnostics),
        receivers_(environment, diagnostics),
        expressions_(diagnostics),
        policies_(program_, names_, diagnostics),
        alerts_(program_, names_, expressions_, policies_, diagnostics) {}

  rules::RuleSet Run() {
    rules::RuleSet set;
    set.levels = names_.levels();
    CompileReceivers(set);
    for (LetDefinition* let : program_.lets) expressions_.CompileLet(*let);
    for (const auto& defaults : program_.defaults) alerts_.Check(defaults);
    CompileRules(set);
    policies_.CheckUnused();
    // What an error hid would look unused.
    if (!diagnostics_.has_errors()) {
      alerts_.CheckTemplates();
      CheckUnused(set);
    }
    return set;
  }

  std::vector<std::string> FilesRead() const {
    std::vector<std::string> files = loader_.paths();
    const auto& secrets = receivers_.files_read();
    files.insert(files.end(), secrets.begin(), secrets.end());
    return files;
  }

 private:
  Program Load() {
    for (const SourceFile& pack : input_.packs) loader_.LoadPack(pack);
    for (const std::string& file : input_.files) loader_.LoadFile(file);
    return BuildProgram(loader_.Roots(), diagnostics_);
  }

  void CompileReceivers(rules::RuleSet& set) {
    for (const std::string& name : program_.receiver_order) {
      const Placed<ast::Receiver>& placed = program_.receivers.find(name)->second;
      if (names_.IsExternal(name)) {
        diagnostics_.Error(placed.source(), placed.node->name.span,
                           fmt::format("receiver \"{}\" is defined in the configuration already", name));
      }
      set.receivers.push_back(receivers_.Compile(placed));
    }
  }

  void CompileRules(rules::RuleSet& set) {
    if (program_.rules.size() > kMaxRules) {
      std::visit(
          [&](const auto& placed) {
            diagnostics_.Error(placed.source(), {},
                               fmt::format("{} rules are more than {}", program_.rules.size(), kMaxRules));
          },
          program_.rules.back());
      return;
    }
    for (const PlacedRule& rule : program_.rules) {
      std::visit([&](const auto& placed) { set.rules.emplace_back(alerts_.Compile(placed)); }, rule);
    }
  }

  void CheckUnused(const rules::RuleSet& set) {
    for (const LetDefinition* let : program_.lets) {
      if (let->used || let->scope->file->is_pack) continue;
      diagnostics_.Warning(let->scope->source(), let->let->name.span,
                           fmt::format("let \"{}\" is never used", let->let->name.text));
    }
    std::set<std::string> told;
    for (const rules::Rule& rule : set.rules) {
      const auto* alert = std::get_if<rules::AlertRule>(&rule);
      if (alert == nullptr) continue;
      for (const NotifyTarget& target : alert->policy->notify) told.insert(target.receiver);
    }
    for (const auto& [name, placed] : program_.receivers) {
      if (placed.is_pack() || names_.WasUsed(name) || told.contains(name)) continue;
      diagnostics_.Warning(placed.source(), placed.node->name.span,
                           fmt::format("receiver \"{}\" is never told anything", name));
    }
  }

  const CompileInput& input_;
  Diagnostics& diagnostics_;
  Loader loader_;
  Program program_;
  Names names_;
  ReceiverCompiler receivers_;
  ExpressionCompiler expressions_;
  PolicyCompiler policies_;
  AlertCompiler alerts_;
};

}  // namespace

std::string CompileOutput::Render() const {
  std::string out;
  for (const FileDiagnostic& entry : diagnostics) out += entry.Render();
  return out;
}

CompileOutput Compile(const CompileInput& input, Environment& environment) {
  Diagnostics diagnostics;
  Compilation compilation(input, environment, diagnostics);
  CompileOutput output;
  output.rules = compilation.Run();
  output.files_read = compilation.FilesRead();
  output.ok = !diagnostics.has_errors();
  if (!output.ok) output.rules = {};
  output.diagnostics = diagnostics.Take();
  return output;
}

}  // namespace tickbird::language
