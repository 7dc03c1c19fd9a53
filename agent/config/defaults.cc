#include <unistd.h>

#include <cstdlib>

#include "agent/config/sections.h"
#include "core/base/fs.h"

namespace tickbird::config {

Surroundings RealSurroundings() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return {.variable = [](std::string_view variable) -> std::optional<std::string> {
            const char* const value = std::getenv(std::string(variable).c_str());
            return value ? std::optional<std::string>(value) : std::nullopt;
          },
          .read_file = [](const std::string& path) { return PosixFs().Read(path, 1 << 20); },
          .hostname = name};
}

std::string ResolvePath(const std::string& file, const std::string& path) {
  const auto slash = file.rfind('/');
  if (path.empty() || path.front() == '/' || slash == std::string::npos) return path;
  return JoinPath(file.substr(0, slash), path);
}

std::string DefaultDataPath(const Surroundings& surroundings) {
  if (const auto state = surroundings.variable("XDG_STATE_HOME"); state && !state->empty())
    return JoinPath(*state, "tickbird");
  const auto home = surroundings.variable("HOME");
  if (::geteuid() == 0 || !home || home->empty()) return "/var/lib/tickbird";
  return JoinPath(*home, ".local/state/tickbird");
}

std::expected<Config, ConfigProblems> DefaultConfig(const Surroundings& surroundings,
                                                    const std::vector<std::string>& known_packs) {
  return LoadConfig("built-in configuration", "", surroundings, known_packs);
}

}  // namespace tickbird::config
