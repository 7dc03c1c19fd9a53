#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/alert_event.h"
#include "rules/eval/alert_reading.h"
#include "rules/eval/alert_state.h"
#include "rules/eval/compiled_alert.h"
#include "rules/eval/output_series.h"
#include "rules/eval/views.h"

namespace tickbird::rules {

struct AlertLimits {
  std::size_t instances = 10'000;  ///< Of one rule: seen now, raised, or remembered for `nodata raise`.
  std::size_t labels = 64;         ///< Of one instance.
};

/// All instances of one alert rule: finds the instance of each result, moves it on, tells the sink. An instance is
/// identified by the result's labels without __name__, the rule's labels over them, and alertname. Not thread safe.
class AlertTracker {
 public:
  AlertTracker(std::shared_ptr<const CompiledAlert> alert, const AlertLimits& limits, std::uint64_t* refused_samples);

  const CompiledAlert& alert() const { return *alert_; }

  /// Takes a reading. The sink is called when all instances have moved on, in the order of their labels.
  /// kInvalidArgument (two results for one instance) and kTooLarge (limits) change nothing; when instances that are
  /// gone but remembered stand in the way of new ones, those not raised are forgotten first, the longest gone foremost.
  Status Update(const AlertReading& reading, TimestampMs at, bool counts, const AlertSink& sink);

  /// For a rule that judges by itself: one instance, raised while `holds`.
  struct Verdict {
    bool holds = false;
    double value = 0;
    std::string note;                            ///< Becomes the detail text.
    std::shared_ptr<const NotifyPolicy> policy;  ///< Null: the rule's.
  };
  void Judge(const Labels& labels, Verdict verdict, TimestampMs at, const AlertSink& sink);

  /// Instances that were there lately and may be missing by now; they count as seen at `now`.
  void Remember(const AlertReading& reading, TimestampMs now);

  /// Continues an alert of before a restart.
  void Restore(const AlertEvent& event, TimestampMs now);
  /// The same instances under a rule that came with a reload.
  void Rebind(std::shared_ptr<const CompiledAlert> alert);
  /// Ends all that is raised; the rule is gone.
  void ClearAll(TimestampMs at, const AlertSink& sink);
  /// Ends the raised instances for which `drop` is true and forgets them.
  void ClearIf(const std::function<bool(const Labels&)>& drop, TimestampMs at, const AlertSink& sink);

  /// ALERTS{alertname, severity, alertstate} for each pending or raised instance, as Prometheus writes it.
  void WriteAlertsSeries(Appender& appender, TimestampMs at);
  bool HasSeries() const { return active_ > 0 || !series_.empty(); }

  std::optional<AlertEvent> Find(std::uint64_t id, TimestampMs now) const;
  /// Pending and raised instances in the order of their labels.
  std::vector<AlertView> Views(TimestampMs now) const;
  AlertCounts Counts() const;
  bool Has(const Labels& labels) const;

 private:
  struct Instance {
    std::optional<Labels> input;  // As the expression gives them; empty until a restored instance is seen.
    Labels labels;                // The identity.
    std::uint64_t bare_hash = 0;
    std::uint64_t round = 0;  // The last one with a value.
    double value = 0;         // Of that round.
    AlertState state;
    std::string note;
    std::shared_ptr<const NotifyPolicy> policy;  // instead of the rule's
    Labels series;                               // ALERTS{...} as written last, for `series_level` and `series_firing`.
    std::string series_level;
    bool series_firing = false;
  };
  struct Change {
    const Instance* instance;
    Transition transition;
  };

  Labels Identity(const Labels& input) const;
  Result<Instance*> FindOrAdd(const Labels& input, std::vector<std::uint64_t>& added);
  Status Match(const AlertReading& reading);
  Status MatchAll(const AlertReading& reading, std::vector<std::uint64_t>& added);
  Status MakeRoom();
  void Forget(std::uint64_t id);
  void ForgetFinished(TimestampMs now);
  void Move(Instance& instance, const Observation& observation, std::vector<Change>& changes);
  void Tell(std::vector<Change>& changes, TimestampMs at, const AlertSink& sink) const;
  AlertEvent MakeEvent(const Instance& instance, const Transition& transition, TimestampMs at) const;
  const Labels& SeriesOf(Instance& instance) const;

  std::shared_ptr<const CompiledAlert> alert_;
  AlertLimits limits_;
  OutputSeries series_;
  std::unordered_map<std::uint64_t, Instance> instances_;   // by id; elements stay where they are
  std::unordered_map<Labels, std::uint64_t> ids_by_input_;  // saves building the identity at each evaluation
  std::vector<ClauseTruth> truths_;                         // scratch
  std::uint64_t round_ = 0;
  std::size_t active_ = 0;  // pending or raised after the last update
};

}  // namespace tickbird::rules
