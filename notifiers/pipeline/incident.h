#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/model/alert_event.h"
#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// Somebody takes an incident: stops repeat and escalation until `until`, a worse level, or the clear.
struct Acknowledgement {
  std::string who;
  std::string note;
  TimestampMs at = 0;
  std::optional<TimestampMs> until;  ///< Empty: until the alert clears.
  int rank = 0;                      ///< Of the level that was acknowledged; a worse one voids it.
  friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};

/// All that is remembered of one alert's telling: the open incident, and afterwards the cooldown. A plain value that is
/// stored and restored as a whole; every clock of the pipeline is a point in time in here, so a restart continues where
/// it was.
struct Incident {
  AlertEvent event;         ///< The alert as last heard of, with its policy.
  bool open = false;        ///< Raised now. Closed ones stay until their cooldown is over.
  TimestampMs started = 0;  ///< Of this incident (AlertEvent::since).
  std::uint32_t sequence = 0;
  std::vector<Destination> told;            ///< Since the raise.
  std::optional<TimestampMs> last_message;  ///< Of this incident: what repeat counts from.
  int repeats = 0;                          ///< Since the last raise or worse level.

  std::optional<TimestampMs>
      escalating_since;  ///< First raised notification, last worse level, or end of the last ack.
  int steps_done = 0;    ///< Counted on through the loops.

  TimestampMs cooldown_until = 0;
  DurationMs cooldown_length = 0;
  int cooldown_rank = 0;         ///< Only a worse level breaks it.
  int cooldown_grown = 0;        ///< How often it grew in a row.
  int swallowed = 0;             ///< Raises since the last message that went out.
  bool awaits_cooldown = false;  ///< A raise is to be sent when the cooldown ends.

  std::optional<Acknowledgement> ack;

  std::uint64_t id() const { return event.id; }
  const NotifyPolicy& policy() const;
};

/// The delay after `times` growths.
DurationMs Grown(const GrowingDelay& delay, int times);

/// When the next reminder goes out, were nobody to acknowledge. Empty: never.
std::optional<TimestampMs> NextRepeat(const Incident& incident);

/// When the next step of the escalation is due, were nobody to acknowledge. Empty: no step is left, or nobody was told
/// yet.
std::optional<TimestampMs> NextEscalation(const Incident& incident);

/// When a closed incident may be forgotten.
TimestampMs ForgetAt(const Incident& incident);

/// When time alone changes something. Empty: never.
std::optional<TimestampMs> NextDue(const Incident& incident);

}  // namespace tickbird::notify
