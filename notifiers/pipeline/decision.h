#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird::notify {

/// Why somebody was, or was not, told. The answer to "why was I (not) paged?".
enum class Reason {
  kNotified,           ///< A raise went out.
  kLevelUp,            ///< A worse level went out.
  kLevelDown,          ///< A milder level went out, because the rule asks for it.
  kLevelDownQuiet,     ///< A milder level; nobody asked to hear of it.
  kRepeated,           ///< A reminder went out.
  kEscalated,          ///< A step of the escalation went out.
  kCleared,            ///< The end went out to who had been told.
  kClearUntold,        ///< The end of an incident that nobody had been told of.
  kResolvedUnwanted,   ///< The receiver has send_resolved off.
  kCooldownSwallowed,  ///< Raised within the cooldown; waits for its end.
  kAcknowledged,       ///< Somebody took it.
  kAckHolds,           ///< Not sent, because somebody took it.
  kAckVoided,          ///< A worse level than the acknowledged one.
  kAckExpired,         ///< The acknowledgement ran out; repeat and escalation run again.
  kBelowLevel,         ///< The target asks for worse levels only.
  kNoReceiver,         ///< The target names a receiver that is not configured.
  kNoTargets,          ///< The rule tells nobody.
  kAlreadyRaised,      ///< Raised again without having cleared: not a second incident.
  kRuleGone,           ///< The rule engine knows the alert no more; the incident ends.
  kIncidentLimit,      ///< Too many incidents: told, but not remembered.
  kDelivered,          ///< The receiver took the message.
  kDeliveryFailed,     ///< The receiver refused it for good, or the time to try ran out.
  kSuperseded,         ///< A newer message about the alert took its place while the receiver was away.
  kQueueFull,          ///< The receiver's queue is full; worse alerts have precedence.
  kReceiverGone,       ///< The receiver was removed from the configuration while the message waited.
};

/// "notified", "cooldown_swallowed", ...: as in logs, the state file and the API.
std::string_view ReasonName(Reason reason);

/// One line of the decision log.
struct Decision {
  TimestampMs at = 0;
  std::uint64_t alert = 0;
  std::string rule;
  Reason reason = Reason::kNotified;
  std::string receiver;  ///< Empty when the decision is about nobody in particular.
  std::string detail;    ///< For people: "step 2", "until 12:15", "by ann: looking".
};

}  // namespace tickbird::notify
