#pragma once

#include <string>

#include "agent/config/config.h"
#include "core/yaml/reader.h"

/// Parts of LoadConfig that live in files of their own.
namespace tickbird::config {

/// Replaces ${VAR} and ${VAR:-default}; `$${` gives `${`; "${1}" (a group of a regular expression) stays as it is.
/// kInvalidArgument for a variable that is not set and has no default.
Result<std::string> ExpandVariables(std::string_view text, const Surroundings& surroundings);

/// Reads `receivers:` in Alertmanager's format, with the `global:` settings that give defaults for them.
void ReadReceivers(yaml::MapReader& top, const std::string& file, const Surroundings& surroundings, Config& config);

/// TICKBIRD_LISTEN and its like. Problems have no position: they are of the environment.
void ApplyEnvironment(const Surroundings& surroundings, Config& config, yaml::Problems& problems);

/// Makes `path` absolute in relation to the folder of `file`.
std::string ResolvePath(const std::string& file, const std::string& path);

/// The text of a configuration with the values of secrets starred out, each byte for byte, so that columns stay: what
/// errors may show.
std::string MaskSecrets(std::string_view text);

/// $XDG_STATE_HOME/tickbird, else ~/.local/state/tickbird, for root /var/lib/tickbird.
std::string DefaultDataPath(const Surroundings& surroundings);

}  // namespace tickbird::config
