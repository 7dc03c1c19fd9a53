#include "agent/samplers/process/group_matcher.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

Error BadGroup(const ProcessGroup& group, const std::string& what) {
  return {.code = ErrorCode::kInvalidArgument, .message = "process group " + Quoted(group.name) + ": " + what};
}

}  // namespace

Result<GroupMatcher> GroupMatcher::Create(std::span<const ProcessGroup> groups) {
  GroupMatcher matcher;
  std::unordered_set<std::string> names;
  for (const ProcessGroup& group : groups) {
    if (group.name.empty()) return BadGroup(group, "needs a name");
    if (group.patterns.empty()) return BadGroup(group, "needs at least one pattern");
    if (!names.insert(group.name).second) return BadGroup(group, "is given twice");
    std::vector<Matcher>& patterns = matcher.patterns_.emplace_back();
    for (const std::string& pattern : group.patterns) {
      Result<Matcher> compiled = Matcher::Create(Matcher::Type::kRegex, "pattern", pattern);
      if (!compiled) return BadGroup(group, compiled.error().message);
      patterns.push_back(std::move(*compiled));
    }
  }
  return matcher;
}

std::optional<std::size_t> GroupMatcher::Match(std::string_view command, std::string_view executable) const {
  const std::string_view file = executable.substr(executable.rfind('/') + 1);
  for (std::size_t group = 0; group < patterns_.size(); ++group) {
    for (const Matcher& pattern : patterns_[group]) {
      if (pattern.Matches(command)) return group;
      if (!executable.empty() && (pattern.Matches(executable) || pattern.Matches(file))) return group;
    }
  }
  return std::nullopt;
}

}  // namespace tickbird::samplers
