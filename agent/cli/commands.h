#pragma once

#include <optional>
#include <string>
#include <vector>

/// The commands of the binary but `run`: each returns the exit code of the process and prints to stdout what was asked
/// for, to stderr what went wrong.
namespace tickbird::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;   ///< Could not do it: no agent there, unhealthy, not found, cannot start.
inline constexpr int kBadInput = 2;  ///< What was given is wrong: usage, configuration, rules, query.

struct CheckOptions {
  std::string config_path;  ///< Empty: the built-in configuration.
  std::vector<std::string>
      rule_files;  ///< Not empty: only these are checked, against the receivers of the configuration.
  bool json = false;
};
int Check(const CheckOptions& options);

/// How to reach a running agent, and how to print.
struct AskOptions {
  std::string url;
  bool json = false;
};

struct QueryOptions {
  AskOptions ask;
  std::string expression;
  std::string time;              ///< Empty: now.
  std::string start, end, step;  ///< `start` not empty: a range query.
};
int Query(const QueryOptions& options);
int Alerts(const AskOptions& options);

struct AckOptions {
  AskOptions ask;
  std::string id;
  std::string by;
  std::string note;
  std::string duration;  ///< Empty: until the alert clears or its rule's `ack expires`.
};
int Acknowledge(const AckOptions& options);
int Health(const AskOptions& options);
int Version(bool json);

}  // namespace tickbird::cli
