#include "rules/language/names.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::language {
namespace {

constexpr std::array<std::string_view, 4> kDefaultLevels = {"info", "warning", "high", "critical"};

std::vector<AlertLevel> MakeLevels(const ast::Levels* declared) {
  std::vector<AlertLevel> levels;
  const auto add = [&](std::string_view name) {
    levels.push_back({std::string(name), static_cast<int>(levels.size()) + 1});
  };
  if (declared == nullptr) {
    for (const std::string_view name : kDefaultLevels) add(name);
  } else {
    for (const ast::Name& name : declared->names) add(name.text);
  }
  return levels;
}

}  // namespace

Names::Names(const Program& program, const CompileInput& input, Diagnostics& diagnostics)
    : program_(program), input_(input), diagnostics_(diagnostics), levels_(MakeLevels(program.levels.node)) {
  if (input.default_receivers) {
    default_receivers_ = *input.default_receivers;
  } else {
    default_receivers_ = input.external_receivers;
    default_receivers_.insert(default_receivers_.end(), program.receiver_order.begin(), program.receiver_order.end());
  }
}

std::optional<AlertLevel> Names::Level(const ast::Name& name, const Scope& scope) {
  std::vector<std::string_view> known;
  for (const AlertLevel& level : levels_) {
    if (level.name == name.text) return level;
    known.push_back(level.name);
  }
  const Placed<ast::Levels>& declared = program_.levels;
  if (scope.file->is_pack && declared.node != nullptr && !declared.is_pack()) {
    // Who wrote the levels can mend this, not the pack.
    diagnostics_.Error(declared.source(), declared.node->names.front().span,
                       fmt::format("the levels must include \"{}\", which {} uses; add it, or leave that pack out",
                                   name.text, scope.source()->name()));
  } else {
    diagnostics_.Error(scope.source(), name.span,
                       fmt::format("there is no level \"{}\"{}; levels are {}", name.text, DidYouMean(name.text, known),
                                   fmt::join(known, " < ")));
  }
  return std::nullopt;
}

bool Names::IsExternal(std::string_view receiver) const {
  return std::find(input_.external_receivers.begin(), input_.external_receivers.end(), receiver) !=
         input_.external_receivers.end();
}

bool Names::Receiver(const ast::Name& name, const Scope& scope) {
  if (program_.receivers.contains(name.text) || IsExternal(name.text)) {
    used_receivers_.insert(name.text);
    return true;
  }
  std::vector<std::string_view> known(input_.external_receivers.begin(), input_.external_receivers.end());
  for (const auto& [receiver, placed] : program_.receivers) known.push_back(receiver);
  diagnostics_.Error(scope.source(), name.span,
                     fmt::format("there is no receiver \"{}\"{}", name.text, DidYouMean(name.text, known)));
  return false;
}

}  // namespace tickbird::language
