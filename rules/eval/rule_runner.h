#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/model/queryable.h"
#include "rules/eval/alert_tracker.h"
#include "rules/eval/dependency_index.h"
#include "rules/eval/output_batch.h"
#include "rules/eval/promql_functions.h"
#include "rules/eval/rule.h"
#include "rules/eval/schedule.h"
#include "rules/eval/views.h"

namespace tickbird::rules {

/// What a rule needs to run. All of it belongs to the engine.
struct RuleContext {
  const PromqlFunctions& promql;
  const Queryable& data;
  OutputBatch& out;
  const AlertSink& sink;
};

/// How the evaluations of a rule went.
struct RuleRecord {
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  TimestampMs last_evaluation = 0;  ///< The timestamp it was evaluated at; 0: never.
  std::int64_t evaluation_ns = 0;
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::uint64_t failures_in_row = 0;
  TimestampMs failing_since = 0;
};

/// One rule at work: what it has to remember between evaluations. Not thread safe.
class RuleRunner {
 public:
  virtual ~RuleRunner() = default;

  /// Evaluates at one time, tells the sink, writes the rule's series. An error leaves all alerts as they were.
  /// `counts`: new samples are the reason.
  virtual Status Evaluate(const RuleContext& context, TimestampMs at, bool counts) = 0;
  /// The rule is gone: ends its alerts and its series.
  virtual void Retire(const RuleContext& context, TimestampMs at) = 0;
  virtual RuleView View(TimestampMs now) const = 0;
  virtual const AlertRule* alert() const { return nullptr; }
  virtual AlertTracker* tracker() { return nullptr; }
  virtual const AlertTracker* tracker() const { return nullptr; }

  const std::string& name() const { return name_; }
  const std::string& file() const { return file_; }
  /// Rules of two sets with equal keys are the same rule: kind, name, labels and canonical expression.
  const std::string& key() const { return key_; }
  const RuleTraffic& traffic() const { return traffic_; }

  RuleSchedule schedule;
  RuleRecord record;

 protected:
  RuleView BaseView() const;

  std::string name_;
  std::string expression_;
  std::string file_;
  std::string key_;
  RuleTraffic traffic_;
  DurationMs every_ = kSecondMs;
};

/// What runners are made with.
struct RunnerOptions {
  AlertLimits limits;
  bool write_alerts_series = true;
  std::shared_ptr<const NotifyPolicy> default_policy;
  std::uint64_t* refused_samples = nullptr;
};

class AlertRunner final : public RuleRunner {
 public:
  AlertRunner(std::shared_ptr<const AlertRule> rule, const PromqlFunctions& promql, const RunnerOptions& options);

  /// Goes on as `next`, whose key is the same: its instances keep their states.
  void ContinueAs(AlertRunner&& next);

  Status Evaluate(const RuleContext& context, TimestampMs at, bool counts) override;
  void Retire(const RuleContext& context, TimestampMs at) override;
  RuleView View(TimestampMs now) const override;
  const AlertRule* alert() const override { return compiled_->rule.get(); }
  AlertTracker* tracker() override { return &tracker_; }
  const AlertTracker* tracker() const override { return &tracker_; }

 private:
  void RememberRecent(const RuleContext& context, TimestampMs at);
  void WriteSeries(const RuleContext& context, TimestampMs at);

  std::shared_ptr<const CompiledAlert> compiled_;
  AlertTracker tracker_;
  Status defect_;  // the rule can never run
  bool write_series_;
  bool started_ = false;
};

class RecordRunner final : public RuleRunner {
 public:
  RecordRunner(std::shared_ptr<const RecordRule> rule, const PromqlFunctions& promql, const RunnerOptions& options);

  void ContinueAs(RecordRunner&& next);

  Status Evaluate(const RuleContext& context, TimestampMs at, bool counts) override;
  void Retire(const RuleContext& context, TimestampMs at) override;
  RuleView View(TimestampMs now) const override;

 private:
  Result<std::vector<Labels>> OutputLabels(const std::vector<promql::VectorElement>& elements);

  std::shared_ptr<const RecordRule> rule_;
  std::size_t max_results_;
  OutputSeries series_;
  std::unordered_map<Labels, Labels>
      labels_by_input_;  // saves building them each time; emptied when it outgrows the results
};

}  // namespace tickbird::rules
