#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/clock.h"
#include "core/model/alert_event.h"
#include "core/model/appender.h"
#include "core/model/commit_notice.h"
#include "core/model/queryable.h"
#include "rules/eval/dependency_index.h"
#include "rules/eval/output_batch.h"
#include "rules/eval/rule_runner.h"

namespace tickbird::rules {

/// Runs a set of rules. It has no clock and no thread: a driver tells it of commits and asks it to evaluate what is
/// due.
///
///   store: on commit            -> engine.OnCommit(notice); driver wakes up
///   driver: while (engine.EvaluateDue(clock.Now(), 32).more) yield;
///           sleep until engine.NextDue() or the next commit
///
/// A rule is due when samples that it reads were committed and `every` has passed since it was evaluated for samples,
/// and, when none come, after 5/4 of max(every, 1 s), so that missing data, holds and time() are noticed. It is
/// evaluated at the newest committed timestamp, or at `now` when it has seen that one. What rules write is seen by the
/// rules that read it in the same cycle.
///
/// An evaluation error changes no alert. When a rule has failed `broken_after_failures` times in a row and for
/// `broken_after`, the built-in alert RuleBroken{rule="..."} is raised (level "warning", or the second worst when there
/// is no such level); it clears when the rule works again.
///
/// Not thread safe: all calls on one thread; OnCommit may come from within EvaluateDue (the store's listener). The sink
/// is called within EvaluateDue, Replace and Restore; it may call the const functions and nothing else.
class RuleEngine final : public ActiveAlerts {
 public:
  struct Options {
    AlertLimits limits;
    bool write_alerts_series = true;  ///< ALERTS{alertname, severity, alertstate}.
    std::uint64_t broken_after_failures = 3;
    DurationMs broken_after = 30 * kSecondMs;
    /// For rules without a policy, and for RuleBroken of a record rule; null: the first policy of the set that tells
    /// anyone.
    std::shared_ptr<const NotifyPolicy> default_policy;
    /// Measures how long evaluations take, for views and metrics only; null: they take no time.
    const Clock* stopwatch = nullptr;
  };
  struct Slice {
    std::size_t evaluated = 0;
    bool more = false;  ///< Rules are still due: call again, with other work in between.
  };

  /// `data` and `out` are usually the same store and outlive the engine.
  RuleEngine(std::shared_ptr<const RuleSet> rules, const Queryable& data, Appendable& out, AlertSink sink,
             PromqlFunctions promql, Options options);

  RuleEngine(const RuleEngine&) = delete;
  RuleEngine& operator=(const RuleEngine&) = delete;

  /// Marks the rules that read a committed metric. Costs one look-up per name.
  void OnCommit(const CommitNotice& notice);

  /// When to call EvaluateDue if nothing is committed before; may lie in the past. Empty without rules.
  std::optional<TimestampMs> NextDue() const;

  /// Evaluates at most `max_rules` rules that are due, writers before readers, each at most once per cycle.
  Slice EvaluateDue(TimestampMs now, std::size_t max_rules = 32);

  /// Swaps the rules. A rule whose kind, name, labels and expression are the same keeps its states, whatever else
  /// changed; a level keeps its progress by name. All other rules of before are gone: their raised alerts are cleared
  /// with an event, and their series end. All rules are due at once.
  void Replace(std::shared_ptr<const RuleSet> rules, TimestampMs now);

  /// Continues alerts that were raised when the process ended; before the first EvaluateDue. They belong to the rule of
  /// their name now; without one they are cleared with an event. No event for the others: what stopped meanwhile clears
  /// when it is evaluated, by the rule's own clear condition and hold.
  void Restore(const std::vector<AlertEvent>& active, TimestampMs now);

  std::optional<AlertEvent> Find(std::uint64_t id) const override;
  /// By file; the built-in RuleBroken is not a rule of any file and comes last when it is raised.
  std::vector<GroupView> Groups() const;
  /// All pending and raised instances.
  std::vector<AlertView> Alerts() const;
  EngineStats Stats() const;

 private:
  void Build(std::shared_ptr<const RuleSet> rules);
  std::unique_ptr<RuleRunner> MakeRunner(const std::shared_ptr<const RuleSet>& rules, const Rule& rule) const;
  void IndexRules();
  void TouchReaders(std::string_view metric, std::size_t writer, TimestampMs at);
  void Run(std::size_t index, TimestampMs now);
  TimestampMs EvaluationTime(const RuleRunner& runner, TimestampMs now) const;
  void Note(RuleRunner& runner, const Status& status, TimestampMs at, TimestampMs now, std::int64_t took_ns);
  void WatchBroken(const RuleRunner& runner, TimestampMs now);
  void EndCycle(TimestampMs now);
  RuleContext Context() { return {promql_, data_, out_, sink_}; }
  std::int64_t StopwatchNs() const { return options_.stopwatch ? options_.stopwatch->MonotonicNs() : 0; }
  RunnerOptions MakeRunnerOptions() const;

  const Queryable& data_;
  AlertSink sink_;
  PromqlFunctions promql_;
  Options options_;
  OutputBatch out_;
  std::unique_ptr<std::uint64_t> refused_samples_ = std::make_unique<std::uint64_t>(0);
  EngineStats stats_;

  std::shared_ptr<const RuleSet> rules_;
  std::shared_ptr<const NotifyPolicy> default_policy_;
  std::vector<std::unique_ptr<RuleRunner>> runners_;  // as RuleSet::rules
  std::unordered_map<std::string, std::size_t> alerts_by_name_;
  DependencyIndex index_;
  std::unique_ptr<AlertTracker> broken_;  // instances of RuleBroken

  std::size_t cursor_ = 0;  // place in index_.order() where the cycle goes on
  TimestampMs newest_committed_ = 0;
  TimestampMs last_now_ = 0;
};

}  // namespace tickbird::rules
