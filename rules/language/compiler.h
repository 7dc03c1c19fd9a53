#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/eval/rule.h"
#include "rules/language/diagnostics.h"
#include "rules/language/environment.h"

/// From rule files to rules::RuleSet. docs/rules.md describes the language.
namespace tickbird::language {

struct SourceFile {
  std::string name;
  std::string text;
};

struct CompileInput {
  /// Built-in files. An alert, record, let, receiver, policy or template of `files` replaces the one of that name here.
  std::vector<SourceFile> packs;
  /// Paths of rule files, read through the Environment. One that another includes is loaded only there.
  std::vector<std::string> files;
  /// Receivers that exist besides those of the files (the YAML configuration's).
  std::vector<std::string> external_receivers;
  /// Who is told by a rule without `notify`. Not set: every receiver, external and of the files, in that order.
  std::optional<std::vector<std::string>> default_receivers;
};

struct CompileOutput {
  bool ok = false;       ///< There was no error; warnings do not count.
  rules::RuleSet rules;  ///< Empty unless ok.
  /// Errors and warnings, by file and position.
  std::vector<FileDiagnostic> diagnostics;
  /// Every file that was read, includes and secrets too: what a reload watches.
  std::vector<std::string> files_read;

  /// All diagnostics as a person reads them.
  std::string Render() const;
};

inline constexpr std::int64_t kMaxSourceBytes = 4 << 20;
inline constexpr std::size_t kMaxFiles = 1000;
inline constexpr std::size_t kMaxRules = 20'000;
inline constexpr int kMaxIncludeDepth = 16;
/// No rule is evaluated more often.
inline constexpr DurationMs kMinEvery = 50;

/// Compiles everything or nothing: with any error `rules` stays empty and the caller keeps the set that it has. Pure
/// but for `environment`. Reentrant.
CompileOutput Compile(const CompileInput& input, Environment& environment);

}  // namespace tickbird::language
