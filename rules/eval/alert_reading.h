#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "rules/eval/alert_state.h"
#include "rules/eval/promql_functions.h"
#include "rules/eval/rule.h"

namespace tickbird::rules {

/// For which instances a condition holds, by the hash of their labels without the metric name.
class ConditionReading {
 public:
  using Hashes = std::unordered_set<std::uint64_t>;

  static ConditionReading ByValue() { return {}; }
  static ConditionReading Everywhere(bool holds) {
    return ConditionReading(holds ? Kind::kEverywhere : Kind::kNowhere, nullptr);
  }
  static ConditionReading For(std::shared_ptr<const Hashes> hashes) {
    return ConditionReading(Kind::kListed, std::move(hashes));
  }

  bool Holds(const Condition& condition, double value, std::uint64_t bare_hash) const;

 private:
  enum class Kind { kByValue, kEverywhere, kNowhere, kListed };
  ConditionReading() = default;
  ConditionReading(Kind kind, std::shared_ptr<const Hashes> hashes) : kind_(kind), hashes_(std::move(hashes)) {}

  Kind kind_ = Kind::kByValue;
  std::shared_ptr<const Hashes> hashes_;
};

/// What the expressions of an alert rule gave at one time.
struct AlertReading {
  struct Clause {
    ConditionReading when = ConditionReading::ByValue();
    ConditionReading clear = ConditionReading::ByValue();
  };
  std::vector<promql::VectorElement> values;
  std::vector<Clause> clauses;  ///< As AlertRule::raises.

  ClauseTruth Judge(const RaiseClause& clause, std::size_t index, double value, std::uint64_t bare_hash) const;
};

/// Evaluates the value and each different condition expression once; a condition that is the value's own expression
/// costs nothing. Any error is the rule's: nothing of a reading that is only half there is used.
Result<AlertReading> ReadAlert(const AlertRule& rule, const PromqlFunctions& promql, const Queryable& data,
                               TimestampMs at);

/// A vector as it is, a scalar as one element without labels; kInvalidArgument for anything else.
Result<std::vector<promql::VectorElement>> ElementsOf(promql::Value value);

/// Hash of the labels without __name__.
std::uint64_t BareHash(const Labels& labels);

}  // namespace tickbird::rules
