#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace tickbird::language {

/// What a compilation may see of the world: files by path, and the variables that `env("X")` names.
class Environment {
 public:
  virtual ~Environment() = default;
  /// The whole file. kTooLarge above `limit_bytes`, kNotFound, kPermissionDenied.
  virtual Result<std::string> ReadFile(const std::string& path, std::int64_t limit_bytes) = 0;
  /// The existing paths that match, sorted. `*` and `?` stand for anything but '/'; a pattern without them is returned
  /// when such a file exists.
  virtual Result<std::vector<std::string>> Glob(const std::string& pattern) = 0;
  virtual std::optional<std::string> GetEnv(const std::string& name) = 0;
};

/// The Environment of a real process, over the store's seam for files. `get_env` is usually std::getenv; it must be
/// callable while the compilation runs. Does not own `fs`.
class FsEnvironment final : public Environment {
 public:
  using GetEnvFunction = std::function<std::optional<std::string>(const std::string& name)>;
  FsEnvironment(Fs& fs, GetEnvFunction get_env) : fs_(fs), get_env_(std::move(get_env)) {}

  Result<std::string> ReadFile(const std::string& path, std::int64_t limit_bytes) override;
  Result<std::vector<std::string>> Glob(const std::string& pattern) override;
  std::optional<std::string> GetEnv(const std::string& name) override { return get_env_(name); }

 private:
  Fs& fs_;
  GetEnvFunction get_env_;
};

/// True when all of `name` matches `pattern` (`*`, `?`).
bool MatchesWildcard(std::string_view pattern, std::string_view name);

/// `path` as seen from the folder of `base_file`, without "." and "x/..". Absolute paths stay.
std::string ResolvePath(const std::string& base_file, const std::string& path);

}  // namespace tickbird::language
