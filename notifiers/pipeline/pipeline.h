#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/alert_event.h"
#include "notifiers/pipeline/incident.h"
#include "notifiers/pipeline/message.h"
#include "notifiers/pipeline/turn.h"

namespace tickbird::notify {

/// Who takes an incident, and for how long.
struct AckRequest {
  std::string who;
  std::string note;
  std::optional<TimestampMs> until;  ///< Empty: as the rule's `ack expires` says.
};

/// From what happens to an alert to who is told: keeps the incidents, hands each input to a Turn, and says when time
/// alone will matter next. Deterministic: no clock, no I/O, no randomness; the same inputs give the same effects, also
/// when the state was stored and restored in between. Not thread safe.
///
/// Bound: `max_incidents`. At the limit the closed incident whose cooldown ends first is forgotten; with all of them
/// open a new alert is still told, but not remembered: no repeat, no escalation, no clear (Reason::kIncidentLimit).
class Pipeline {
 public:
  struct Options {
    std::size_t max_incidents = 50'000;
  };

  explicit Pipeline(ReceiverTable receivers) : Pipeline(std::move(receivers), Options()) {}
  Pipeline(ReceiverTable receivers, Options options);

  /// Takes over stored incidents; call it once, first. Nothing happens until the next Tick.
  void Restore(std::vector<Incident> incidents);
  /// For what comes next; messages made before keep their destination.
  void ReplaceReceivers(ReceiverTable receivers) { receivers_ = std::move(receivers); }

  Effects OnEvent(const AlertEvent& event, TimestampMs now);
  /// Runs everything due by `now`; messages carry the value and texts that `active` has at this moment.
  Effects Tick(TimestampMs now, const ActiveAlerts& active);
  /// kNotFound: not raised now. kInvalidArgument: `until` is past, nobody named, or the note is too long.
  Result<Effects> Acknowledge(std::uint64_t id, const AckRequest& request, TimestampMs now);
  /// After a start or a reload of the rules: takes over changed policies and texts, and ends the incidents whose alert
  /// is gone.
  Effects Reconcile(TimestampMs now, const ActiveAlerts& active);

  /// When Tick has something to do; may be in the past. Empty: never, unless something happens.
  std::optional<TimestampMs> NextDue() const;

  /// By alert id; open ones and those that cool down.
  const std::map<std::uint64_t, Incident>& incidents() const { return incidents_; }
  const Incident* Find(std::uint64_t id) const;

 private:
  void MakeRoom(Effects& effects);
  void Index(const Incident& incident);
  void Unindex(const Incident& incident);
  void Forget(std::uint64_t id, Effects& effects);

  using Schedule = std::set<std::pair<TimestampMs, std::uint64_t>>;

  ReceiverTable receivers_;
  Options options_;
  std::map<std::uint64_t, Incident> incidents_;
  Schedule due_;
  Schedule closed_;  // by when they may be forgotten
};

}  // namespace tickbird::notify
