#include <cstdint>
#include <cstdlib>
#include <string>

#include "rules/language/compiler.h"

namespace tickbird::language {
namespace {

/// The input as the only file; it may include itself and nothing else.
class OneFile final : public Environment {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  Result<std::string> ReadFile(const std::string& path, std::int64_t) override {
    if (path == "a.rules") return text_;
    return Error{ErrorCode::kNotFound, "no such file"};
  }
  Result<std::vector<std::string>> Glob(const std::string& pattern) override {
    std::vector<std::string> found;
    if (MatchesWildcard(pattern, "a.rules")) found.push_back("a.rules");
    return found;
  }
  std::optional<std::string> GetEnv(const std::string& name) override { return name; }

 private:
  std::string text_;
};

void Check(bool holds) {
  if (!holds) std::abort();
}

void CompileOne(std::string text) {
  OneFile environment(std::move(text));
  const CompileOutput output = Compile({.files = {"a.rules"}, .external_receivers = {"hook"}}, environment);
  for (const FileDiagnostic& entry : output.diagnostics) {
    Check(entry.diagnostic.length >= 1 && !entry.diagnostic.message.empty());
    Check(!entry.Render().empty());
  }
  Check(output.ok || (!output.diagnostics.empty() && output.rules.rules.empty()));
}

}  // namespace
}  // namespace tickbird::language

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 << 10) return 0;
  tickbird::language::CompileOne(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
