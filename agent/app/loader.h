#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "core/model/receiver_spec.h"
#include "rules/eval/rule.h"

namespace tickbird::app {

/// What is wrong with a configuration or its rules, as data: for `check --json` and the answer of a reload.
struct Problem {
  std::string file;
  Position position;
  bool is_error = true;
  std::string message;
};

/// All that a configuration file leads to, checked and compiled; nothing is applied.
struct Loaded {
  config::Config config;
  std::shared_ptr<const rules::RuleSet> rules;
  std::vector<ReceiverSpec> receivers;  ///< Of the configuration and of the rule files; at least one.
};

struct LoadResult {
  std::optional<Loaded> loaded;   ///< Empty when there was an error.
  std::vector<Problem> problems;  ///< Errors and warnings.
  std::string text;               ///< All of them as a compiler prints them.
};

struct LoadOptions {
  std::string config_path;  ///< Empty: the built-in configuration.
  std::string listen;       ///< Override the file, when not empty.
  std::string data_path;
  std::vector<std::string> rule_files;  ///< Not empty: these instead of the configuration's.
};

/// Reads and checks everything: configuration, rule packs, rule files, receivers. The one way in for run, check and
/// reload.
LoadResult Load(const LoadOptions& options);

}  // namespace tickbird::app
