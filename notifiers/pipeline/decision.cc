#include "notifiers/pipeline/decision.h"

namespace tickbird::notify {

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kNotified:
      return "notified";
    case Reason::kLevelUp:
      return "level_up";
    case Reason::kLevelDown:
      return "level_down";
    case Reason::kLevelDownQuiet:
      return "level_down_quiet";
    case Reason::kRepeated:
      return "repeated";
    case Reason::kEscalated:
      return "escalated";
    case Reason::kCleared:
      return "cleared";
    case Reason::kClearUntold:
      return "clear_untold";
    case Reason::kResolvedUnwanted:
      return "resolved_unwanted";
    case Reason::kCooldownSwallowed:
      return "cooldown_swallowed";
    case Reason::kAcknowledged:
      return "acknowledged";
    case Reason::kAckHolds:
      return "ack_holds";
    case Reason::kAckVoided:
      return "ack_voided";
    case Reason::kAckExpired:
      return "ack_expired";
    case Reason::kBelowLevel:
      return "below_level";
    case Reason::kNoReceiver:
      return "no_receiver";
    case Reason::kNoTargets:
      return "no_targets";
    case Reason::kAlreadyRaised:
      return "already_raised";
    case Reason::kRuleGone:
      return "rule_gone";
    case Reason::kIncidentLimit:
      return "incident_limit";
    case Reason::kDelivered:
      return "delivered";
    case Reason::kDeliveryFailed:
      return "delivery_failed";
    case Reason::kSuperseded:
      return "superseded";
    case Reason::kQueueFull:
      return "queue_full";
    case Reason::kReceiverGone:
      return "receiver_gone";
  }
  return "unknown";
}

}  // namespace tickbird::notify
