#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/samplers/options.h"
#include "core/base/result.h"
#include "core/model/matcher.h"

namespace tickbird::samplers {

/// Which group a process belongs to, by its names. Immutable.
class GroupMatcher {
 public:
  /// kInvalidArgument for a group without a name, without patterns or with the name of another, and for a bad pattern.
  static Result<GroupMatcher> Create(std::span<const ProcessGroup> groups);

  /// The index of the first group that has a pattern for the command, for the path of the executable ("" when it cannot
  /// be read), or for that path's last part.
  std::optional<std::size_t> Match(std::string_view command, std::string_view executable) const;

 private:
  std::vector<std::vector<Matcher>> patterns_;  // by group
};

}  // namespace tickbird::samplers
