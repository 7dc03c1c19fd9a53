#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "rules/language/compiler.h"
#include "tests/unit/language/memory_environment.h"

namespace tickbird::language {
namespace {

/// One case of errors/*.txt: a name, a rule file, and what is said about it.
struct Case {
  std::string name;
  std::string source;
  std::string expected;
};

constexpr std::string_view kFolder = "tests/unit/language/errors";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<Case> ReadCases(const std::filesystem::path& path) {
  std::vector<Case> cases;
  bool in_source = false;
  std::istringstream lines(ReadAll(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({.name = line.substr(4)});
      in_source = true;
    } else if (line == "---") {
      in_source = false;
    } else {
      (in_source ? cases.back().source : cases.back().expected) += line + "\n";
    }
  }
  return cases;
}

std::string Diagnose(const std::string& source) {
  MemoryEnvironment environment;
  environment.files = {
      {"a.rules", source}, {"circle.rules", "include \"a.rules\"\n"}, {"latin1.rules", "# caf\xe9\n"}, {"empty", "\n"}};
  environment.variables = {{"SET", "the secret"}, {"EMPTY", ""}};
  CompileInput input;
  input.files = {"a.rules"};
  input.external_receivers = {"hook", "mail"};
  input.default_receivers = {"mail"};
  const CompileOutput output = Compile(input, environment);
  if (!output.ok)
    EXPECT_TRUE(output.rules.rules.empty() && output.rules.receivers.empty() && output.rules.levels.empty());
  return output.Render();
}

/// Say TICKBIRD_UPDATE_EXPECTED=1 to write what is said now into the files; read the difference before keeping it.
TEST(RuleDiagnostics, ReadAsTheFilesOfErrorsSay) {
  const bool update = std::getenv("TICKBIRD_UPDATE_EXPECTED") != nullptr;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    std::string written;
    for (const Case& one : ReadCases(entry.path())) {
      const std::string found = Diagnose(one.source);
      if (!update) EXPECT_EQ(found, one.expected) << entry.path() << ": " << one.name;
      written += "=== " + one.name + "\n" + one.source + "---\n" + found;
      ++count;
    }
    if (update) std::ofstream(entry.path(), std::ios::binary) << written;
  }
  EXPECT_GE(count, 60);
}

TEST(RuleDiagnostics, NeverHoldASecret) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    for (const Case& one : ReadCases(entry.path())) {
      const std::string found = Diagnose(one.source);
      for (const std::string_view secret : {"the secret", "correct horse", "battery staple"}) {
        EXPECT_EQ(found.find(secret), std::string::npos) << one.name;
      }
    }
  }
}

}  // namespace
}  // namespace tickbird::language
