#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/model/receiver_spec.h"
#include "notifiers/pipeline/backoff.h"
#include "notifiers/pipeline/decision.h"
#include "notifiers/pipeline/message.h"
#include "notifiers/pipeline/outcome.h"

namespace tickbird::notify {

struct LaneOptions {
  std::string integration;
  std::optional<ReceiverSpec::Limit> limit;
  int max_in_flight = 8;
  std::size_t max_messages = 20'000;
  DurationMs give_up_after = kDayMs;
  DurationMs max_retry_after = 10 * kMinuteMs;
  Backoff backoff;
};

/// What one attempt sends: one message, or a digest of several where a receiver's limit demands it.
struct Parcel {
  std::uint64_t ticket = 0;  ///< Names the attempt in Outbox::Complete.
  std::string integration;
  std::string key;  ///< Idempotency key: the message's; a digest's is made from its members'.
  std::vector<Message> messages;
  int attempt = 1;
};

/// A message that left the outbox, and how.
struct Finished {
  Message message;
  Reason reason = Reason::kDelivered;  ///< kDelivered, kDeliveryFailed, kSuperseded, kQueueFull or kReceiverGone.
  FailureReason failure = FailureReason::kOther;
  int attempts = 0;
  std::string error;
};

/// Counters of one integration since the start, and what waits now.
struct LaneStats {
  std::uint64_t delivered = 0;
  std::uint64_t digests = 0;
  std::array<std::uint64_t, kFailureReasons> attempts_failed{};
  std::array<std::uint64_t, kFailureReasons> failed{};  ///< Messages given up, by their last failure.
  std::uint64_t superseded = 0;
  std::uint64_t queue_full = 0;
  DurationMs latency_sum = 0;  ///< From decision to delivery, over `delivered`.
  DurationMs latency_max = 0;
  std::size_t messages = 0;  ///< Waiting or in flight.
  int in_flight = 0;
  int failures_in_a_row = 0;          ///< Rounds; 0: healthy.
  std::optional<TimestampMs> oldest;  ///< When the oldest waiting message was decided.
  std::string last_error;
};

/// The queue of one integration, so that a dead one delays no other. Pure: time is an argument.
///
/// - Order: of one alert one message is in flight at a time, and a newer one goes after it. So "firing" never follows
/// "resolved".
/// - The newest state wins: a message that waits is replaced by the next one about the same alert
/// (Reason::kSuperseded). A raise
///   and its clear that both waited leave the clear: it says from when to when, so that nobody misses an incident.
/// - A failure worth a retry pauses the lane; then one probe goes out, of the message tried least, so that one bad
/// message does
///   not hold up the others. The first success opens the lane again.
/// - Limit: at most `count` parcels in any window of `per`. The last one that fits takes all that waits as one digest.
/// - Bound: `max_messages`; past it the mildest and oldest waiting message goes (Reason::kQueueFull).
class Lane {
 public:
  explicit Lane(LaneOptions options) : options_(std::move(options)) {}

  /// New options for the same queue (reload).
  void Configure(LaneOptions options) { options_ = std::move(options); }
  /// Tells the limit what was sent before a restart.
  void RememberSent(TimestampMs at);

  void Add(Message message, TimestampMs now, std::vector<Finished>& finished);
  /// The next parcel that may go out now; it is in flight until Complete. Empty: nothing may.
  std::optional<Parcel> Take(TimestampMs now);
  void Complete(const Parcel& parcel, const SendOutcome& outcome, TimestampMs now, std::vector<Finished>& finished);
  /// When Take may give something; may be in the past. Empty: not before something happens.
  std::optional<TimestampMs> NextDue() const;
  /// Forgets all pauses: one more try for everything (shutdown).
  void Expedite();
  /// Everything that waits leaves with `reason`.
  void Abandon(Reason reason, std::vector<Finished>& finished);

  bool idle() const { return alerts_.empty(); }
  LaneStats stats() const;

 private:
  struct Entry {
    Message message;
    int attempts = 0;
    TimestampMs not_before = 0;
    std::uint64_t order = 0;
  };
  /// What there is about one alert: at most one in flight and one behind it.
  struct Slot {
    std::optional<Entry> in_flight;
    std::optional<Entry> waiting;
  };

  std::uint64_t SlotId(const Message& message) const;
  void Park(Slot& slot, std::uint64_t id);
  void Unpark(const Slot& slot, std::uint64_t id);
  void PromoteReady(TimestampMs now);
  /// How many parcels the limit allows now.
  int Room(TimestampMs now);
  void Launch(std::uint64_t id, Parcel& parcel);
  void EvictMildest(std::vector<Finished>& finished);
  void Leave(Entry entry, Reason reason, std::string error, std::vector<Finished>& finished,
             FailureReason failure = FailureReason::kOther);
  void NoteSuccess(const Parcel& parcel);
  DurationMs NoteFailure(const Parcel& parcel, const SendOutcome& outcome, TimestampMs now);
  void FinishEntry(std::uint64_t id, const SendOutcome& outcome, TimestampMs now, std::vector<Finished>& finished);

  LaneOptions options_;
  std::map<std::uint64_t, Slot> alerts_;
  std::set<std::tuple<int, std::uint64_t, std::uint64_t>> ready_;          // attempts, order, slot
  std::set<std::tuple<TimestampMs, std::uint64_t, std::uint64_t>> later_;  // not_before, order, slot
  std::set<std::tuple<int, std::uint64_t, std::uint64_t>> by_rank_;        // rank, order, slot; all that wait
  std::deque<TimestampMs> sent_;                                           // within the limit's window
  std::uint64_t next_order_ = 0;
  TimestampMs blocked_until_ = 0;
  int in_flight_ = 0;
  LaneStats stats_;
};

}  // namespace tickbird::notify
