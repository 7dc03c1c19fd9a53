#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "notifiers/pipeline/lane.h"

namespace tickbird::notify {

/// All messages on their way: one Lane an integration. Pure: says what to send now and when to ask again; the driver
/// sends. Not thread safe.
class Outbox {
 public:
  /// Adds, changes and removes lanes; what waits in a removed one leaves (Reason::kReceiverGone). An answer that comes
  /// for it later is ignored.
  std::vector<Finished> Configure(std::vector<LaneOptions> lanes);
  /// Tells the integration's limit what it got before a restart.
  void RememberSent(std::string_view integration, TimestampMs at);

  /// Queues. What had to go for it (superseded, queue full, no such integration) comes back.
  std::vector<Finished> Add(Message message, TimestampMs now);
  /// What shall be sent now, each to be answered with Complete once.
  std::vector<Parcel> TakeDue(TimestampMs now);
  std::vector<Finished> Complete(std::uint64_t ticket, const SendOutcome& outcome, TimestampMs now);
  /// When TakeDue may give something; may be in the past. Empty: not before something happens.
  std::optional<TimestampMs> NextDue() const;
  /// One more try for everything, at once.
  void Expedite();

  bool idle() const;
  int in_flight() const { return static_cast<int>(in_flight_.size()); }
  /// By integration. Costs a walk over all messages.
  std::map<std::string, LaneStats> stats() const;

 private:
  std::map<std::string, Lane, std::less<>> lanes_;
  std::map<std::uint64_t, Parcel> in_flight_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace tickbird::notify
