#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/model/alert_event.h"

namespace tickbird::notify {

/// One way out of a receiver: a receiver `hook` with two webhooks has the integrations "hook/webhook[0]" and
/// "hook/webhook[1]".
struct Integration {
  std::string id;
  bool send_resolved = true;
};

/// Who can be told: integrations by receiver name.
using ReceiverTable = std::map<std::string, std::vector<Integration>, std::less<>>;

/// Who is told by one message.
struct Destination {
  std::string receiver;
  std::string integration;
  std::vector<std::string> arguments;  ///< Of the rule's target: pagerduty("lead").
  friend bool operator==(const Destination&, const Destination&) = default;
};

enum class MessageKind { kRaised, kLevelUp, kLevelDown, kRepeat, kEscalation, kCleared, kTest };

/// "raised", "level_up", ...
std::string_view MessageKindName(MessageKind kind);
std::optional<MessageKind> ParseMessageKind(std::string_view name);

/// What one integration shall say about one alert: everything a channel needs to write it, also after a restart.
/// Immutable once made; copies share the alert.
struct Message {
  /// The same for every attempt at this message, also after a restart; different for any other message. Letters,
  /// digits, '-'.
  std::string key;
  Destination to;
  MessageKind kind = MessageKind::kRaised;
  std::shared_ptr<const AlertEvent> alert;  ///< Never null; its `policy` is not kept.
  TimestampMs incident = 0;                 ///< When the incident started: names it together with the alert's id.
  std::uint32_t sequence = 0;               ///< Rises within an alert; the messages of one decision share it.
  TimestampMs created = 0;
  int swallowed = 0;        ///< Raises held back by the cooldown since the message before.
  int escalation_step = 0;  ///< 1-based for kEscalation.

  bool resolved() const { return kind == MessageKind::kCleared; }
};

/// A readable, stable name of (alert, incident, sequence, integration).
std::string MessageKey(std::uint64_t alert, TimestampMs incident, std::uint32_t sequence, std::string_view integration);

/// FNV-1a: the same on every machine and in every version, unlike std::hash.
std::uint64_t StableHash(std::string_view text);

}  // namespace tickbird::notify
