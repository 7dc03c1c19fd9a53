#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "notifiers/pipeline/decision.h"
#include "notifiers/pipeline/incident.h"
#include "notifiers/pipeline/lane.h"
#include "notifiers/pipeline/message.h"

namespace tickbird::notify {

/// How one message ended; kept as history.
struct DeliveryRecord {
  TimestampMs at = 0;
  std::string key;
  std::uint64_t alert = 0;
  std::string integration;
  MessageKind kind = MessageKind::kRaised;
  Reason outcome = Reason::kDelivered;
  int attempts = 0;
  DurationMs latency = 0;
  std::string error;
};

/// Who took what, kept as history.
struct AckRecord {
  std::uint64_t alert = 0;
  TimestampMs incident = 0;
  Acknowledgement ack;
};

/// Changes that become true together. Batches can be merged in order: the last word about an incident wins, and a
/// message that was queued and delivered before it was ever stored needs no row.
///
/// Bounds: incidents and messages are bounded by who makes them; the logs keep the last kMaxLog entries.
class StoreBatch {
 public:
  static constexpr std::size_t kMaxLog = 10'000;

  void Put(Incident incident);
  void Forget(std::uint64_t alert) { incidents_[alert] = std::nullopt; }
  void Enqueue(Message message);
  void Finish(DeliveryRecord record);
  void Log(Decision decision);
  /// Also asks that the batch survive a power cut.
  void Log(AckRecord ack);
  void Merge(StoreBatch later);

  bool empty() const;
  bool durable() const { return !acks_.empty(); }

  const std::map<std::uint64_t, std::optional<Incident>>& incidents() const { return incidents_; }
  const std::vector<Message>& queued() const { return queued_; }
  const std::set<std::string>& finished() const { return finished_; }
  const std::deque<DeliveryRecord>& deliveries() const { return deliveries_; }
  const std::deque<Decision>& decisions() const { return decisions_; }
  const std::deque<AckRecord>& acks() const { return acks_; }

 private:
  std::map<std::uint64_t, std::optional<Incident>> incidents_;  // nullopt: forgotten
  std::vector<Message> queued_;
  std::set<std::string> finished_;  // keys that leave the outbox
  std::deque<DeliveryRecord> deliveries_;
  std::deque<Decision> decisions_;
  std::deque<AckRecord> acks_;
};

/// What a start finds.
struct StoredState {
  struct Sent {
    std::string integration;
    TimestampMs at = 0;
  };
  std::vector<Incident> incidents;
  std::vector<Message> outbox;  ///< Not delivered, in the order they were queued.
  std::vector<Sent> sent;       ///< Deliveries of the last day, oldest first, for the receivers' limits.
  int unreadable = 0;           ///< Rows that were skipped.
};

}  // namespace tickbird::notify
