#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/model/alert_event.h"
#include "core/model/labels.h"
#include "core/model/receiver_spec.h"
#include "rules/promql/fwd.h"

/// The internal rule: what the rule language and Prometheus rule files compile to, and what the engine runs.
namespace tickbird::rules {

/// How long a condition must hold: for a time, or in N of the last M evaluations. Neither set: at once.
struct Hold {
  DurationMs for_ms = 0;
  int n = 0;
  int of_m = 0;
};

enum class Comparison { kGreater, kGreaterEqual, kLess, kLessEqual, kEqual, kNotEqual };

/// True or false of one instance: either its value compared with a number, or a PromQL expression that holds for the
/// instances whose labels (without __name__) are in its result.
struct Condition {
  Comparison comparison = Comparison::kGreater;
  double threshold = 0;
  promql::ExprPtr expr;  ///< Set: the expression decides; comparison and threshold mean nothing.
  std::string text;      ///< As written, without `when`: "> 85%".
};

struct RaiseClause {
  AlertLevel level;
  Condition when;
  Hold hold;
  std::optional<Condition> clear;  ///< Not set: the negation of `when`.
  Hold clear_hold;
};

struct NoData {
  enum class Action { kKeep, kClear, kRaise };
  Action action = Action::kKeep;
  DurationMs after = kMinuteMs;
  AlertLevel level;  ///< For kRaise.
};

/// Where a rule stands, for people.
struct RuleSource {
  std::string file;
  Position position;
};

struct AlertRule {
  std::string name;
  promql::ExprPtr value;
  std::string value_text;
  std::string unit;                 ///< "", "bytes", "seconds", "percent", ...: how {value} is written by default.
  DurationMs every = kSecondMs;     ///< Evaluated at most this often.
  std::vector<RaiseClause> raises;  ///< Worst level first.
  NoData no_data;
  std::vector<std::pair<std::string, std::string>> labels;  ///< Added to every instance; override result labels.
  std::string summary;                                      ///< Texts with {value}, {level}, {since}, {label}.
  std::string detail;
  std::string advice;
  std::string runbook;
  std::shared_ptr<const NotifyPolicy> policy;
  RuleSource source;
};

struct RecordRule {
  std::string metric;
  std::vector<std::pair<std::string, std::string>> labels;
  promql::ExprPtr expr;
  std::string expr_text;
  DurationMs every = kSecondMs;
  RuleSource source;
};

using Rule = std::variant<AlertRule, RecordRule>;

/// Everything that a set of rule files says. Immutable once compiled: a reload swaps the whole.
struct RuleSet {
  std::vector<AlertLevel> levels;  ///< Mildest first; ranks 1, 2, ...
  std::vector<Rule> rules;  ///< In the order of the files; alert names are unique, the last definition having won.
  std::vector<ReceiverSpec> receivers;
};

}  // namespace tickbird::rules
