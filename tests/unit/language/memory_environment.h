#pragma once

#include <map>
#include <string>

#include "rules/language/environment.h"

namespace tickbird::language {

/// An Environment of texts in memory. Counts nothing, forgets nothing.
class MemoryEnvironment final : public Environment {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  Result<std::string> ReadFile(const std::string& path, std::int64_t limit_bytes) override {
    const auto found = files.find(path);
    if (found == files.end()) return Error{ErrorCode::kNotFound, "no such file"};
    if (static_cast<std::int64_t>(found->second.size()) > limit_bytes)
      return Error{ErrorCode::kTooLarge, "the file is too large"};
    return found->second;
  }
  Result<std::vector<std::string>> Glob(const std::string& pattern) override {
    std::vector<std::string> found;
    for (const auto& [path, text] : files) {
      if (MatchesWildcard(pattern, path)) found.push_back(path);
    }
    return found;
  }
  std::optional<std::string> GetEnv(const std::string& name) override {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  }
};

}  // namespace tickbird::language
