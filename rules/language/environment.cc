#include "rules/language/environment.h"

#include <filesystem>

#include "core/base/strings.h"

namespace tickbird::language {
namespace {

bool HasWildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

std::string Join(const std::string& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory == "/" ? "/" + std::string(name) : directory + "/" + std::string(name);
}

/// The entries of `directory` that match one component of a pattern.
std::vector<std::string> Expand(Fs& fs, const std::string& directory, std::string_view component) {
  std::vector<std::string> found;
  if (!HasWildcard(component)) {
    found.push_back(Join(directory, component));
    return found;
  }
  const auto names = fs.List(directory.empty() ? "." : directory);
  if (!names) return found;
  for (const std::string& name : *names) {
    const bool hidden = name.starts_with('.') && !component.starts_with('.');
    if (!hidden && MatchesWildcard(component, name)) found.push_back(Join(directory, name));
  }
  return found;
}

}  // namespace

bool MatchesWildcard(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string ResolvePath(const std::string& base_file, const std::string& path) {
  return (std::filesystem::path(base_file).parent_path() / path).lexically_normal().string();
}

Result<std::string> FsEnvironment::ReadFile(const std::string& path, std::int64_t limit_bytes) {
  return fs_.Read(path, limit_bytes);
}

Result<std::vector<std::string>> FsEnvironment::Glob(const std::string& pattern) {
  std::vector<std::string> found = {pattern.starts_with('/') ? "/" : ""};
  for (const std::string_view component : Split(pattern, '/')) {
    if (component.empty()) continue;
    std::vector<std::string> next;
    for (const std::string& directory : found) {
      for (std::string& path : Expand(fs_, directory, component)) next.push_back(std::move(path));
    }
    found = std::move(next);
  }
  std::erase_if(found, [&](const std::string& path) { return !fs_.Exists(path); });
  return found;
}

}  // namespace tickbird::language
