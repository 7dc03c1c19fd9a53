#include "rules/eval/alert_tracker.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "core/model/labels.h"

namespace tickbird::rules {
namespace {

constexpr std::string_view kAlertNameLabel = "alertname";

AlertStatus StatusOf(const AlertState& state) {
  if (state.level.rank > 0) return AlertStatus::kFiring;
  return state.phase == AlertPhase::kInactive ? AlertStatus::kInactive : AlertStatus::kPending;
}

}  // namespace

AlertTracker::AlertTracker(std::shared_ptr<const CompiledAlert> alert, const AlertLimits& limits,
                           std::uint64_t* refused_samples)
    : alert_(std::move(alert)),
      limits_(limits),
      series_({.type = MetricType::kGauge, .help = "Alerts that are pending or firing, by state."}, refused_samples) {}

Labels AlertTracker::Identity(const Labels& input) const {
  LabelsBuilder builder(input);
  builder.Remove(kMetricNameLabel);
  for (const auto& [name, value] : alert_->rule->labels) builder.Set(name, value);
  return builder.Set(kAlertNameLabel, alert_->rule->name).Build();
}

Result<AlertTracker::Instance*> AlertTracker::FindOrAdd(const Labels& input, std::vector<std::uint64_t>& added) {
  if (const auto known = ids_by_input_.find(input); known != ids_by_input_.end()) return &instances_.at(known->second);
  Labels labels = Identity(input);
  if (labels.size() > limits_.labels) {
    return Error{ErrorCode::kTooLarge, fmt::format("a result has {} labels, the limit is {}: aggregate some away",
                                                   labels.size(), limits_.labels)};
  }
  const std::uint64_t id = labels.Hash();
  const auto [at, is_new] = instances_.try_emplace(id);
  Instance& instance = at->second;
  if (is_new) {
    added.push_back(id);
    instance.labels = std::move(labels);
  } else if (instance.round == round_) {
    return &instance;  // a second result for it: the caller says so
  } else if (instance.input) {
    ids_by_input_.erase(*instance.input);
  }
  instance.input = input;
  instance.bare_hash = BareHash(input);
  ids_by_input_.emplace(input, id);
  return &instance;
}

Status AlertTracker::MatchAll(const AlertReading& reading, std::vector<std::uint64_t>& added) {
  if (reading.values.size() > limits_.instances) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the value has {} instances, the limit is {}: aggregate, or select fewer",
                             reading.values.size(), limits_.instances)};
  }
  for (const promql::VectorElement& element : reading.values) {
    if (alert_->nan_is_no_data && std::isnan(element.value)) continue;
    TICKBIRD_ASSIGN_OR_RETURN(Instance * instance, FindOrAdd(element.labels, added));
    if (instance->round == round_) {
      return Error{
          ErrorCode::kInvalidArgument,
          fmt::format("two results have the labels {} once the metric name is gone and the rule's labels are set",
                      instance->labels.ToString())};
    }
    instance->round = round_;
    instance->value = element.value;
  }
  return instances_.size() > limits_.instances ? MakeRoom() : Status();
}

Status AlertTracker::Match(const AlertReading& reading) {
  ++round_;
  std::vector<std::uint64_t> added;
  Status matched = MatchAll(reading, added);
  if (!matched) {
    for (const std::uint64_t id : added) Forget(id);
  }
  return matched;
}

Status AlertTracker::MakeRoom() {
  std::vector<std::pair<TimestampMs, std::uint64_t>> gone;
  for (const auto& [id, instance] : instances_) {
    if (instance.round != round_ && instance.state.level.rank == 0) gone.emplace_back(instance.state.last_seen, id);
  }
  std::sort(gone.begin(), gone.end());
  for (const auto& [last_seen, id] : gone) {
    if (instances_.size() <= limits_.instances) break;
    Forget(id);
  }
  if (instances_.size() <= limits_.instances) return {};
  return Error{ErrorCode::kTooLarge,
               fmt::format("{} instances, with those that are raised but without data; the limit is {}",
                           instances_.size(), limits_.instances)};
}

void AlertTracker::Forget(std::uint64_t id) {
  const auto found = instances_.find(id);
  if (found->second.input) ids_by_input_.erase(*found->second.input);
  instances_.erase(found);
}

void AlertTracker::ForgetFinished(TimestampMs now) {
  std::erase_if(instances_, [&](const auto& item) {
    const Instance& instance = item.second;
    if (!Forgettable(*alert_->rule, instance.state, now)) return false;
    if (instance.input) ids_by_input_.erase(*instance.input);
    return true;
  });
}

void AlertTracker::Move(Instance& instance, const Observation& observation, std::vector<Change>& changes) {
  if (auto transition = Advance(*alert_->rule, instance.state, observation)) {
    changes.push_back({&instance, std::move(*transition)});
  }
  if (instance.state.phase != AlertPhase::kInactive) ++active_;
}

Status AlertTracker::Update(const AlertReading& reading, TimestampMs at, bool counts, const AlertSink& sink) {
  TICKBIRD_RETURN_IF_ERROR(Match(reading));
  const auto& clauses = alert_->rule->raises;
  truths_.resize(clauses.size());
  std::vector<Change> changes;
  active_ = 0;
  for (auto& [id, instance] : instances_) {
    Observation observation{.now = at, .counts = counts};
    if (instance.round == round_) {
      for (std::size_t i = 0; i < clauses.size(); ++i) {
        truths_[i] = reading.Judge(clauses[i], i, instance.value, instance.bare_hash);
      }
      observation.value = instance.value;
      observation.truths = truths_;
    }
    Move(instance, observation, changes);
  }
  Tell(changes, at, sink);
  ForgetFinished(at);
  return {};
}

void AlertTracker::Judge(const Labels& labels, Verdict verdict, TimestampMs at, const AlertSink& sink) {
  std::vector<std::uint64_t> added;
  const auto found = FindOrAdd(labels, added);
  if (!found) return;
  Instance& instance = **found;
  instance.note = std::move(verdict.note);
  instance.policy = std::move(verdict.policy);
  truths_.assign(alert_->rule->raises.size(), ClauseTruth{.raise = verdict.holds, .clear = !verdict.holds});
  std::vector<Change> changes;
  Move(instance, {.now = at, .value = verdict.value, .truths = truths_}, changes);
  Tell(changes, at, sink);
  if (instance.state.phase == AlertPhase::kInactive) Forget(instance.labels.Hash());
  active_ = instances_.size();
}

void AlertTracker::Remember(const AlertReading& reading, TimestampMs now) {
  if (!Match(reading)) return;
  for (auto& [id, instance] : instances_) {
    if (instance.round != round_ || instance.state.phase != AlertPhase::kInactive) continue;
    instance.state.last_seen = now;
    instance.state.was_absent = true;
  }
}

void AlertTracker::Restore(const AlertEvent& event, TimestampMs now) {
  Instance& instance = instances_[event.labels.Hash()];
  instance.labels = event.labels;
  instance.state = RaisedState(*alert_->rule, event, now);
  ++active_;
}

void AlertTracker::Rebind(std::shared_ptr<const CompiledAlert> alert) {
  for (auto& [id, instance] : instances_) rules::Rebind(*alert_->rule, *alert->rule, instance.state);
  alert_ = std::move(alert);
}

void AlertTracker::ClearAll(TimestampMs at, const AlertSink& sink) {
  ClearIf([](const Labels&) { return true; }, at, sink);
}

void AlertTracker::ClearIf(const std::function<bool(const Labels&)>& drop, TimestampMs at, const AlertSink& sink) {
  std::vector<Change> changes;
  std::vector<std::uint64_t> dropped;
  for (const auto& [id, instance] : instances_) {
    if (!drop(instance.labels)) continue;
    dropped.push_back(id);
    const AlertState& state = instance.state;
    if (state.level.rank == 0) continue;
    changes.push_back({&instance, {AlertEvent::Kind::kCleared, state.level, state.level, state.no_data}});
  }
  Tell(changes, at, sink);
  for (const std::uint64_t id : dropped) Forget(id);
  active_ = std::min(active_, instances_.size());
}

void AlertTracker::Tell(std::vector<Change>& changes, TimestampMs at, const AlertSink& sink) const {
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.instance->labels < b.instance->labels; });
  if (!sink) return;
  for (const Change& change : changes) sink(MakeEvent(*change.instance, change.transition, at));
}

AlertEvent AlertTracker::MakeEvent(const Instance& instance, const Transition& transition, TimestampMs at) const {
  const AlertState& state = instance.state;
  const AlertRule& rule = *alert_->rule;
  const TextContext text{.labels = instance.labels,
                         .value = state.value,
                         .unit = rule.unit,
                         .level = transition.level.name,
                         .since = state.raised_since,
                         .now = at};
  AlertEvent event;
  event.kind = transition.kind;
  event.id = instance.labels.Hash();
  event.rule = rule.name;
  event.labels = instance.labels;
  event.level = transition.level;
  event.previous = transition.previous;
  event.value = state.value;
  event.no_data = transition.no_data;
  event.at = at;
  event.since = state.raised_since;
  event.condition = alert_->ConditionFor(transition.level.name, transition.no_data);
  event.expression = alert_->expression;
  event.summary = alert_->summary.Expand(text);
  event.detail = instance.note.empty() ? alert_->detail.Expand(text) : instance.note;
  event.advice = alert_->advice.Expand(text);
  event.runbook = alert_->runbook.Expand(text);
  event.policy = instance.policy ? instance.policy : alert_->policy;
  return event;
}

const Labels& AlertTracker::SeriesOf(Instance& instance) const {
  const bool firing = instance.state.level.rank > 0;
  const AlertLevel level = firing ? instance.state.level : PendingLevel(*alert_->rule, instance.state);
  if (instance.series.empty() || firing != instance.series_firing || level.name != instance.series_level) {
    instance.series = LabelsBuilder(instance.labels)
                          .Set(kMetricNameLabel, "ALERTS")
                          .Set("alertstate", firing ? "firing" : "pending")
                          .Set("severity", level.name)
                          .Build();
    instance.series_firing = firing;
    instance.series_level = level.name;
  }
  return instance.series;
}

void AlertTracker::WriteAlertsSeries(Appender& appender, TimestampMs at) {
  series_.BeginRound();
  for (auto& [id, instance] : instances_) {
    if (instance.state.phase != AlertPhase::kInactive) series_.Write(appender, SeriesOf(instance), at, 1);
  }
  series_.EndRound(appender, at);
}

std::optional<AlertEvent> AlertTracker::Find(std::uint64_t id, TimestampMs now) const {
  const auto found = instances_.find(id);
  if (found == instances_.end() || found->second.state.level.rank == 0) return std::nullopt;
  const AlertState& state = found->second.state;
  return MakeEvent(found->second, {AlertEvent::Kind::kRaised, {}, state.level, state.no_data}, now);
}

std::vector<AlertView> AlertTracker::Views(TimestampMs now) const {
  std::vector<AlertView> views;
  for (const auto& [id, instance] : instances_) {
    const AlertState& state = instance.state;
    if (StatusOf(state) == AlertStatus::kInactive) continue;
    AlertView& view = views.emplace_back();
    view.alert = MakeEvent(instance, {AlertEvent::Kind::kRaised, {}, state.level, state.no_data}, now);
    view.status = StatusOf(state);
    view.phase = state.phase;
    view.pending_level = PendingLevel(*alert_->rule, state);
    view.active_since = state.active_since;
    view.last_seen = state.last_seen;
  }
  std::sort(views.begin(), views.end(),
            [](const AlertView& a, const AlertView& b) { return a.alert.labels < b.alert.labels; });
  return views;
}

AlertCounts AlertTracker::Counts() const {
  AlertCounts counts;
  for (const auto& [id, instance] : instances_) {
    const AlertStatus status = StatusOf(instance.state);
    counts.firing += status == AlertStatus::kFiring;
    counts.pending += status == AlertStatus::kPending;
  }
  return counts;
}

bool AlertTracker::Has(const Labels& labels) const {
  return instances_.contains(Identity(labels).Hash());
}

}  // namespace tickbird::rules
