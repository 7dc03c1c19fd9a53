#include "rules/eval/engine.h"

#include <algorithm>
#include <utility>

#include "core/model/labels.h"
#include "rules/eval/broken_rule.h"

namespace tickbird::rules {
namespace {

// A member of the set that keeps the whole set alive.
template <class T>
std::shared_ptr<const T> Part(const std::shared_ptr<const RuleSet>& rules, const T& part) {
  return std::shared_ptr<const T>(rules, &part);
}

std::shared_ptr<const NotifyPolicy> FirstPolicyThatTells(const RuleSet& rules) {
  for (const Rule& rule : rules.rules) {
    const auto* alert = std::get_if<AlertRule>(&rule);
    if (alert && alert->policy && !alert->policy->notify.empty()) return alert->policy;
  }
  return nullptr;
}

Labels BrokenLabels(std::string_view rule) {
  return {{"rule", rule}};
}

}  // namespace

RuleEngine::RuleEngine(std::shared_ptr<const RuleSet> rules, const Queryable& data, Appendable& out, AlertSink sink,
                       PromqlFunctions promql, Options options)
    : data_(data), promql_(std::move(promql)), options_(std::move(options)), out_(out) {
  sink_ = [this, told = std::move(sink)](const AlertEvent& event) {
    ++stats_.events;
    if (told) told(event);
  };
  Build(std::move(rules));
}

RunnerOptions RuleEngine::MakeRunnerOptions() const {
  return {.limits = options_.limits,
          .write_alerts_series = options_.write_alerts_series,
          .default_policy = default_policy_,
          .refused_samples = refused_samples_.get()};
}

std::unique_ptr<RuleRunner> RuleEngine::MakeRunner(const std::shared_ptr<const RuleSet>& rules,
                                                   const Rule& rule) const {
  if (const auto* alert = std::get_if<AlertRule>(&rule)) {
    return std::make_unique<AlertRunner>(Part(rules, *alert), promql_, MakeRunnerOptions());
  }
  return std::make_unique<RecordRunner>(Part(rules, std::get<RecordRule>(rule)), promql_, MakeRunnerOptions());
}

// Runners whose rule is in the new set as well are moved over; the others stay in runners_ of before and are the
// caller's.
void RuleEngine::Build(std::shared_ptr<const RuleSet> rules) {
  default_policy_ = options_.default_policy ? options_.default_policy : FirstPolicyThatTells(*rules);
  std::unordered_map<std::string, std::unique_ptr<RuleRunner>*> before;
  for (auto& runner : runners_) before.emplace(runner->key(), &runner);

  std::vector<std::unique_ptr<RuleRunner>> runners;
  for (const Rule& rule : rules->rules) {
    std::unique_ptr<RuleRunner> next = MakeRunner(rules, rule);
    const auto same = before.find(next->key());
    if (same != before.end() && *same->second) {
      std::unique_ptr<RuleRunner> old = std::move(*same->second);
      if (old->alert()) {
        static_cast<AlertRunner&>(*old).ContinueAs(std::move(static_cast<AlertRunner&>(*next)));
      } else {
        static_cast<RecordRunner&>(*old).ContinueAs(std::move(static_cast<RecordRunner&>(*next)));
      }
      next = std::move(old);
    }
    runners.push_back(std::move(next));
  }
  runners_.swap(runners);
  std::erase(runners, nullptr);
  for (const auto& gone : runners) gone->Retire(Context(), last_now_);

  const auto broken = std::make_shared<const CompiledAlert>(BrokenRuleAlert(rules->levels), "", default_policy_);
  if (broken_) {
    broken_->Rebind(broken);
  } else {
    broken_ = std::make_unique<AlertTracker>(broken, options_.limits, refused_samples_.get());
  }
  rules_ = std::move(rules);
  IndexRules();
}

void RuleEngine::IndexRules() {
  std::vector<RuleTraffic> traffic;
  alerts_by_name_.clear();
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    traffic.push_back(runners_[i]->traffic());
    if (runners_[i]->alert()) alerts_by_name_[runners_[i]->name()] = i;
  }
  index_ = DependencyIndex(traffic);
  cursor_ = 0;
}

void RuleEngine::OnCommit(const CommitNotice& notice) {
  if (out_.flushing()) return;  // our own outputs: their readers are marked already
  newest_committed_ = std::max(newest_committed_, notice.newest);
  for (const std::string_view metric : notice.metric_names) {
    for (const std::size_t reader : index_.ReadersOf(metric)) runners_[reader]->schedule.Touch(notice.newest);
  }
  for (const std::size_t reader : index_.omnivores()) runners_[reader]->schedule.Touch(notice.newest);
}

std::optional<TimestampMs> RuleEngine::NextDue() const {
  std::optional<TimestampMs> next;
  for (const auto& runner : runners_)
    next = std::min(next.value_or(runner->schedule.NextDue()), runner->schedule.NextDue());
  return next;
}

RuleEngine::Slice RuleEngine::EvaluateDue(TimestampMs now, std::size_t max_rules) {
  last_now_ = now;
  Slice slice;
  for (; cursor_ < index_.order().size(); ++cursor_) {
    const std::size_t index = index_.order()[cursor_];
    if (!runners_[index]->schedule.Due(now)) continue;
    if (slice.evaluated == max_rules) {
      slice.more = true;
      out_.Flush();
      return slice;
    }
    Run(index, now);
    ++slice.evaluated;
  }
  EndCycle(now);
  return slice;
}

void RuleEngine::EndCycle(TimestampMs now) {
  cursor_ = 0;
  if (options_.write_alerts_series && broken_->HasSeries()) broken_->WriteAlertsSeries(out_.appender(), now);
  out_.Flush();
}

TimestampMs RuleEngine::EvaluationTime(const RuleRunner& runner, TimestampMs now) const {
  const TimestampMs newest = std::min(newest_committed_, now);  // a source whose clock is ahead does not pull us along
  return runner.schedule.touched() && newest > runner.record.last_evaluation ? newest : now;
}

void RuleEngine::Run(std::size_t index, TimestampMs now) {
  RuleRunner& runner = *runners_[index];
  stats_.missed += static_cast<std::uint64_t>(runner.schedule.MissedBy(now));
  const TimestampMs at = EvaluationTime(runner, now);
  const bool counts = runner.schedule.Evaluated(now) || runner.traffic().reads.reads_clock;
  if (index_.ReadsRules(index)) out_.Flush();

  const std::int64_t started_ns = StopwatchNs();
  const Status status = runner.Evaluate(Context(), at, counts);
  Note(runner, status, at, now, StopwatchNs() - started_ns);
  WatchBroken(runner, now);
  if (status && !runner.traffic().writes.empty()) {
    newest_committed_ = std::max(newest_committed_, at);
    TouchReaders(runner.traffic().writes, index, at);
  }
}

void RuleEngine::TouchReaders(std::string_view metric, std::size_t writer, TimestampMs at) {
  for (const auto readers : {index_.ReadersOf(metric), index_.omnivores()}) {
    for (const std::size_t reader : readers) {
      if (reader != writer) runners_[reader]->schedule.Touch(at);
    }
  }
}

void RuleEngine::Note(RuleRunner& runner, const Status& status, TimestampMs at, TimestampMs now, std::int64_t took_ns) {
  RuleRecord& record = runner.record;
  record.last_evaluation = at;
  record.evaluation_ns = took_ns;
  ++record.evaluations;
  ++stats_.evaluations;
  stats_.evaluation_ns += took_ns;
  record.health = status ? RuleHealth::kOk : RuleHealth::kError;
  if (status) {
    record.last_error.clear();
    record.failures_in_row = 0;
    return;
  }
  record.last_error = status.error().ToString();
  ++record.failures;
  ++stats_.failures;
  if (++record.failures_in_row == 1 || record.failing_since > now) record.failing_since = now;
}

void RuleEngine::WatchBroken(const RuleRunner& runner, TimestampMs now) {
  const RuleRecord& record = runner.record;
  const bool failing = record.failures_in_row > 0;
  const bool long_enough =
      record.failures_in_row >= options_.broken_after_failures && now - record.failing_since >= options_.broken_after;
  const Labels labels = BrokenLabels(runner.name());
  const bool known = broken_->Has(labels);
  if (!known && !(failing && long_enough)) return;
  const AlertRule* const alert = runner.alert();
  broken_->Judge(labels,
                 {.holds = failing,
                  .value = static_cast<double>(record.failures_in_row),
                  .note = record.last_error,
                  .policy = alert ? alert->policy : nullptr},
                 now, sink_);
}

void RuleEngine::Replace(std::shared_ptr<const RuleSet> rules, TimestampMs now) {
  last_now_ = now;
  Build(std::move(rules));
  const auto is_gone = [this](const Labels& labels) {
    return std::none_of(runners_.begin(), runners_.end(),
                        [&](const auto& runner) { return runner->name() == labels.Get("rule"); });
  };
  broken_->ClearIf(is_gone, now, sink_);
  EndCycle(now);
}

void RuleEngine::Restore(const std::vector<AlertEvent>& active, TimestampMs now) {
  last_now_ = now;
  for (const AlertEvent& event : active) {
    if (const auto rule = alerts_by_name_.find(event.rule); rule != alerts_by_name_.end()) {
      runners_[rule->second]->tracker()->Restore(event, now);
      continue;
    }
    const auto fails = [&](const auto& runner) { return runner->name() == event.labels.Get("rule"); };
    if (event.rule == kBrokenRuleName && std::any_of(runners_.begin(), runners_.end(), fails)) {
      broken_->Restore(event, now);
      continue;
    }
    AlertEvent cleared = event;
    cleared.kind = AlertEvent::Kind::kCleared;
    cleared.previous = event.level;
    cleared.at = now;
    if (!cleared.policy) cleared.policy = default_policy_;
    if (!cleared.policy) cleared.policy = std::make_shared<const NotifyPolicy>();
    sink_(cleared);
  }
}

std::optional<AlertEvent> RuleEngine::Find(std::uint64_t id) const {
  for (const auto& runner : runners_) {
    const AlertTracker* const tracker = std::as_const(*runner).tracker();
    if (!tracker) continue;
    if (auto event = tracker->Find(id, last_now_)) return event;
  }
  return broken_->Find(id, last_now_);
}

std::vector<GroupView> RuleEngine::Groups() const {
  std::vector<GroupView> groups;
  for (const auto& runner : runners_) {
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const GroupView& g) { return g.file == runner->file(); });
    if (group == groups.end()) group = groups.insert(groups.end(), {.name = runner->file(), .file = runner->file()});
    RuleView view = runner->View(last_now_);
    group->interval = group->rules.empty() ? view.every : std::min(group->interval, view.every);
    group->last_evaluation = std::max(group->last_evaluation, view.last_evaluation);
    group->evaluation_ns += view.evaluation_ns;
    group->rules.push_back(std::move(view));
  }
  return groups;
}

std::vector<AlertView> RuleEngine::Alerts() const {
  std::vector<AlertView> alerts;
  const auto add = [&](const AlertTracker* tracker) {
    if (!tracker) return;
    for (AlertView& view : tracker->Views(last_now_)) alerts.push_back(std::move(view));
  };
  for (const auto& runner : runners_) add(std::as_const(*runner).tracker());
  add(broken_.get());
  return alerts;
}

EngineStats RuleEngine::Stats() const {
  EngineStats stats = stats_;
  stats.rules = runners_.size();
  stats.refused_samples = *refused_samples_;
  stats.failed_commits = out_.failed_commits();
  const auto add = [&](const AlertTracker& tracker) {
    const AlertCounts counts = tracker.Counts();
    stats.pending += counts.pending;
    stats.firing += counts.firing;
  };
  for (const auto& runner : runners_) {
    if (const AlertTracker* const tracker = std::as_const(*runner).tracker()) add(*tracker);
    stats.broken += runner->record.health == RuleHealth::kError;
  }
  add(*broken_);
  return stats;
}

}  // namespace tickbird::rules
