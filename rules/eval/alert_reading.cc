#include "rules/eval/alert_reading.h"

#include <fmt/core.h>

#include "core/model/labels.h"
#include "rules/eval/condition.h"

namespace tickbird::rules {
namespace {

using promql::VectorElement;

// Evaluates condition expressions, each one once however many clauses share it.
class ConditionReader {
 public:
  ConditionReader(const AlertRule& rule, const PromqlFunctions& promql, const Queryable& data, TimestampMs at)
      : rule_(rule), promql_(promql), data_(data), at_(at) {}

  Result<ConditionReading> Read(const Condition& condition) {
    if (!condition.expr) return ConditionReading::ByValue();
    if (condition.expr == rule_.value) return ConditionReading::Everywhere(true);
    for (const auto& [expr, reading] : done_) {
      if (expr == condition.expr) return reading;
    }
    auto reading = Evaluate(condition);
    if (!reading) return WithContext(fmt::format("condition \"{}\"", condition.text), std::move(reading.error()));
    done_.emplace_back(condition.expr, *reading);
    return reading;
  }

 private:
  Result<ConditionReading> Evaluate(const Condition& condition) const {
    TICKBIRD_ASSIGN_OR_RETURN(promql::QueryResult result, promql_.evaluate(*condition.expr, data_, at_));
    if (const auto* scalar = std::get_if<promql::Scalar>(&result.value))
      return ConditionReading::Everywhere(scalar->value != 0);
    TICKBIRD_ASSIGN_OR_RETURN(const auto elements, ElementsOf(std::move(result.value)));
    auto hashes = std::make_shared<ConditionReading::Hashes>();
    for (const VectorElement& element : elements) hashes->insert(BareHash(element.labels));
    return ConditionReading::For(std::move(hashes));
  }

  const AlertRule& rule_;
  const PromqlFunctions& promql_;
  const Queryable& data_;
  TimestampMs at_;
  std::vector<std::pair<promql::ExprPtr, ConditionReading>> done_;
};

}  // namespace

bool ConditionReading::Holds(const Condition& condition, double value, std::uint64_t bare_hash) const {
  switch (kind_) {
    case Kind::kByValue:
      return Compare(value, condition.comparison, condition.threshold);
    case Kind::kEverywhere:
      return true;
    case Kind::kNowhere:
      return false;
    case Kind::kListed:
      return hashes_->contains(bare_hash);
  }
  return false;
}

ClauseTruth AlertReading::Judge(const RaiseClause& clause, std::size_t index, double value,
                                std::uint64_t bare_hash) const {
  const Clause& reading = clauses[index];
  ClauseTruth truth;
  truth.raise = reading.when.Holds(clause.when, value, bare_hash);
  truth.clear = clause.clear && reading.clear.Holds(*clause.clear, value, bare_hash);
  return truth;
}

Result<AlertReading> ReadAlert(const AlertRule& rule, const PromqlFunctions& promql, const Queryable& data,
                               TimestampMs at) {
  AlertReading reading;
  TICKBIRD_ASSIGN_OR_RETURN(promql::QueryResult result, promql.evaluate(*rule.value, data, at));
  TICKBIRD_ASSIGN_OR_RETURN(reading.values, ElementsOf(std::move(result.value)));
  ConditionReader conditions(rule, promql, data, at);
  reading.clauses.reserve(rule.raises.size());
  for (const RaiseClause& clause : rule.raises) {
    AlertReading::Clause& read = reading.clauses.emplace_back();
    TICKBIRD_ASSIGN_OR_RETURN(read.when, conditions.Read(clause.when));
    if (clause.clear) {
      TICKBIRD_ASSIGN_OR_RETURN(read.clear, conditions.Read(*clause.clear));
    }
  }
  return reading;
}

Result<std::vector<VectorElement>> ElementsOf(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) return std::move(vector->elements);
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    return std::vector<VectorElement>{VectorElement{.labels = {}, .value = scalar->value}};
  }
  return Error{ErrorCode::kInvalidArgument, "the expression must give an instant vector or a scalar"};
}

std::uint64_t BareHash(const Labels& labels) {
  if (!labels.Has(kMetricNameLabel)) return labels.Hash();
  return LabelsBuilder(labels).Remove(kMetricNameLabel).Build().Hash();
}

}  // namespace tickbird::rules
