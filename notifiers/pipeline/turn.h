#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/model/alert_event.h"
#include "notifiers/pipeline/decision.h"
#include "notifiers/pipeline/incident.h"
#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// What the pipeline wants done, in this order: store `changed`, `forgotten`, `messages` and `decisions` in one
/// transaction, then deliver the messages.
struct Effects {
  std::vector<Message> messages;
  std::vector<Incident> changed;  ///< As they are now; replaces what is stored under their id.
  std::vector<std::uint64_t> forgotten;
  std::vector<Decision> decisions;
};

/// One step of one incident: something happened (an event, an acknowledgement, time), the incident changes, messages
/// and reasons come out. Here stand the rules of cooldown, repeat, escalation, acknowledgement and clear (rule
/// language, section Semantics). Lives for one call; changes the incident in place; appends to the effects.
class Turn {
 public:
  Turn(Incident& incident, TimestampMs now, const ReceiverTable& receivers, Effects& effects)
      : incident_(incident), now_(now), receivers_(receivers), effects_(effects) {}

  void OnEvent(const AlertEvent& event);
  /// Runs what is due by `now`. What was missed while nobody ran (a restart) runs once.
  void OnTime();
  void OnAcknowledge(Acknowledgement ack);
  /// The rule engine knows the alert no more: ends the incident so that nobody waits for it.
  void OnRuleGone();

 private:
  struct Sent {
    int messages = 0;
    int missing = 0;  ///< Targets whose receiver does not exist.
  };

  void Open(const AlertEvent& event);
  void Worsen(const AlertEvent& event);
  void Ease(const AlertEvent& event);
  void Close();

  void RaiseUnlessCooling();
  void SendRaise();
  void StartCooldown(int swallowed_before);
  void ExpireAcknowledgement();
  void Escalate();
  void Repeat();

  Sent Tell(const std::vector<NotifyTarget>& targets, MessageKind kind, Reason reason, int step = 0);
  void TellTold(MessageKind kind, Reason reason);
  void Emit(const Destination& to, MessageKind kind, int step);
  void FinishTelling(std::size_t messages_before);
  void Decide(Reason reason, std::string_view receiver = {}, std::string detail = {});

  Incident& incident_;
  TimestampMs now_;
  const ReceiverTable& receivers_;
  Effects& effects_;
  std::shared_ptr<const AlertEvent> snapshot_;  // shared by the messages of this turn
};

}  // namespace tickbird::notify
