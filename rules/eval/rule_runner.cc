#include "rules/eval/rule_runner.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "core/model/labels.h"

namespace tickbird::rules {
namespace {

constexpr DurationMs kShortestInterval = 50;
// PromQL sees a sample for five minutes: steps of that length miss no instance of the hour.
constexpr DurationMs kRememberStep = 5 * kMinuteMs;

DurationMs IntervalOf(DurationMs every) {
  return std::max(every, kShortestInterval);
}

template <class RuleType>
std::string KeyOf(std::string_view kind, const std::string& name, const RuleType& rule, const std::string& expression) {
  std::string key = fmt::format("{} {} ", kind, Quoted(name));
  for (const auto& [label, value] : rule.labels) key += fmt::format("{}={} ", Quoted(label), Quoted(value));
  return key + expression;
}

Status CheckHold(const Hold& hold) {
  if (hold.n == 0 || (hold.n > 0 && hold.n <= hold.of_m && hold.of_m <= kMaxHoldEvaluations)) return {};
  return Error{ErrorCode::kUnsupported, fmt::format("\"{} of {}\" cannot be evaluated: write 1 to {} evaluations",
                                                    hold.n, hold.of_m, kMaxHoldEvaluations)};
}

Status CheckAlert(const AlertRule& rule) {
  if (!rule.value) return Error{ErrorCode::kInvalidArgument, "the alert has no value"};
  for (const RaiseClause& clause : rule.raises) {
    TICKBIRD_RETURN_IF_ERROR(CheckHold(clause.hold));
    TICKBIRD_RETURN_IF_ERROR(CheckHold(clause.clear_hold));
  }
  return {};
}

void AddReads(promql::ReadSet& all, const promql::ReadSet& more) {
  all.everything = all.everything || more.everything;
  all.reads_clock = all.reads_clock || more.reads_clock;
  all.longest_window = std::max(all.longest_window, more.longest_window);
  all.metric_names.insert(all.metric_names.end(), more.metric_names.begin(), more.metric_names.end());
  std::sort(all.metric_names.begin(), all.metric_names.end());
  all.metric_names.erase(std::unique(all.metric_names.begin(), all.metric_names.end()), all.metric_names.end());
}

promql::ReadSet ReadsOf(const AlertRule& rule, const PromqlFunctions& promql) {
  promql::ReadSet reads;
  if (rule.value) AddReads(reads, promql.read_set(*rule.value));
  for (const RaiseClause& clause : rule.raises) {
    if (clause.when.expr) AddReads(reads, promql.read_set(*clause.when.expr));
    if (clause.clear && clause.clear->expr) AddReads(reads, promql.read_set(*clause.clear->expr));
  }
  return reads;
}

std::shared_ptr<const CompiledAlert> Compile(std::shared_ptr<const AlertRule> rule, const PromqlFunctions& promql,
                                             const RunnerOptions& options) {
  std::string expression = rule->value ? promql.format(*rule->value) : std::string();
  return std::make_shared<const CompiledAlert>(std::move(rule), std::move(expression), options.default_policy);
}

}  // namespace

RuleView RuleRunner::BaseView() const {
  RuleView view;
  view.name = name_;
  view.expression = expression_;
  view.every = every_;
  view.health = record.health;
  view.last_error = record.last_error;
  view.last_evaluation = record.last_evaluation;
  view.evaluation_ns = record.evaluation_ns;
  view.evaluations = record.evaluations;
  view.failures = record.failures;
  return view;
}

AlertRunner::AlertRunner(std::shared_ptr<const AlertRule> rule, const PromqlFunctions& promql,
                         const RunnerOptions& options)
    : compiled_(Compile(std::move(rule), promql, options)),
      tracker_(compiled_, options.limits, options.refused_samples),
      defect_(CheckAlert(*compiled_->rule)),
      write_series_(options.write_alerts_series) {
  const AlertRule& alert = *compiled_->rule;
  name_ = alert.name;
  expression_ = compiled_->expression;
  file_ = alert.source.file;
  key_ = KeyOf("alert", alert.name, alert, expression_);
  traffic_ = {ReadsOf(alert, promql), write_series_ ? "ALERTS" : ""};
  every_ = IntervalOf(alert.every);
  schedule = RuleSchedule(every_);
}

void AlertRunner::ContinueAs(AlertRunner&& next) {
  compiled_ = std::move(next.compiled_);
  tracker_.Rebind(compiled_);
  defect_ = std::move(next.defect_);
  write_series_ = next.write_series_;
  file_ = std::move(next.file_);
  traffic_ = std::move(next.traffic_);
  every_ = next.every_;
  schedule = next.schedule;
}

Status AlertRunner::Evaluate(const RuleContext& context, TimestampMs at, bool counts) {
  TICKBIRD_RETURN_IF_ERROR(Status(defect_));
  const bool first = !std::exchange(started_, true);
  if (first && compiled_->rule->no_data.action == NoData::Action::kRaise) RememberRecent(context, at);
  TICKBIRD_ASSIGN_OR_RETURN(const AlertReading reading, ReadAlert(*compiled_->rule, context.promql, context.data, at));
  TICKBIRD_RETURN_IF_ERROR(tracker_.Update(reading, at, counts, context.sink));
  WriteSeries(context, at);
  return {};
}

// After a restart, what was there within the hour before is known again, so that its absence is noticed. The time when
// nobody looked is not held against it: it counts as seen now.
void AlertRunner::RememberRecent(const RuleContext& context, TimestampMs at) {
  for (TimestampMs past = at - kInstanceMemory; past < at; past += kRememberStep) {
    auto result = context.promql.evaluate(*compiled_->rule->value, context.data, past);
    if (!result) return;
    auto elements = ElementsOf(std::move(result->value));
    if (!elements) return;
    tracker_.Remember(AlertReading{.values = std::move(*elements), .clauses = {}}, at);
  }
}

void AlertRunner::WriteSeries(const RuleContext& context, TimestampMs at) {
  if (write_series_ && tracker_.HasSeries()) tracker_.WriteAlertsSeries(context.out.appender(), at);
}

void AlertRunner::Retire(const RuleContext& context, TimestampMs at) {
  tracker_.ClearAll(at, context.sink);
  WriteSeries(context, at);
}

RuleView AlertRunner::View(TimestampMs now) const {
  RuleView view = BaseView();
  view.alert = compiled_->rule;
  view.alerts = tracker_.Views(now);
  for (const AlertView& alert : view.alerts) {
    view.status = std::max(view.status, alert.status);
    if (alert.alert.level.rank > view.level.rank) view.level = alert.alert.level;
  }
  return view;
}

RecordRunner::RecordRunner(std::shared_ptr<const RecordRule> rule, const PromqlFunctions& promql,
                           const RunnerOptions& options)
    : rule_(std::move(rule)),
      max_results_(options.limits.instances),
      series_({.help = "Recorded: " + rule_->expr_text}, options.refused_samples) {
  name_ = rule_->metric;
  if (rule_->expr) expression_ = promql.format(*rule_->expr);
  file_ = rule_->source.file;
  key_ = KeyOf("record", rule_->metric, *rule_, expression_);
  if (rule_->expr) traffic_.reads = promql.read_set(*rule_->expr);
  traffic_.writes = rule_->metric;
  every_ = IntervalOf(rule_->every);
  schedule = RuleSchedule(every_);
}

void RecordRunner::ContinueAs(RecordRunner&& next) {
  rule_ = std::move(next.rule_);
  file_ = std::move(next.file_);
  traffic_ = std::move(next.traffic_);
  every_ = next.every_;
  schedule = next.schedule;
}

Result<std::vector<Labels>> RecordRunner::OutputLabels(const std::vector<promql::VectorElement>& elements) {
  if (labels_by_input_.size() > 2 * elements.size() + 16) labels_by_input_.clear();
  std::vector<Labels> outputs;
  std::unordered_set<Labels> seen;
  for (const promql::VectorElement& element : elements) {
    Labels& labels = labels_by_input_[element.labels];
    if (labels.empty()) {
      LabelsBuilder builder(element.labels);
      for (const auto& [name, value] : rule_->labels) builder.Set(name, value);
      labels = builder.Set(kMetricNameLabel, rule_->metric).Build();
    }
    if (!seen.insert(labels).second) {
      return Error{ErrorCode::kInvalidArgument, "two results would be the same series " + labels.ToString()};
    }
    outputs.push_back(labels);
  }
  return outputs;
}

Status RecordRunner::Evaluate(const RuleContext& context, TimestampMs at, bool) {
  if (!rule_->expr) return Error{ErrorCode::kInvalidArgument, "the rule has no expression"};
  TICKBIRD_ASSIGN_OR_RETURN(promql::QueryResult result, context.promql.evaluate(*rule_->expr, context.data, at));
  TICKBIRD_ASSIGN_OR_RETURN(const auto elements, ElementsOf(std::move(result.value)));
  if (elements.size() > max_results_) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("{} results, the limit is {}: aggregate, or select fewer", elements.size(), max_results_)};
  }
  TICKBIRD_ASSIGN_OR_RETURN(const auto labels, OutputLabels(elements));
  if (elements.empty() && series_.empty()) return {};
  series_.BeginRound();
  Appender& appender = context.out.appender();
  for (std::size_t i = 0; i < elements.size(); ++i) series_.Write(appender, labels[i], at, elements[i].value);
  series_.EndRound(appender, at);
  return {};
}

void RecordRunner::Retire(const RuleContext& context, TimestampMs at) {
  if (series_.empty()) return;
  series_.BeginRound();
  series_.EndRound(context.out.appender(), at);
}

RuleView RecordRunner::View(TimestampMs) const {
  RuleView view = BaseView();
  view.record = rule_;
  return view;
}

}  // namespace tickbird::rules
