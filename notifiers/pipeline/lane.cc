#include "notifiers/pipeline/lane.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "core/base/duration.h"

namespace tickbird::notify {
namespace {

/// A digest lists all that waits; this many fit into any receiver's body limit.
constexpr std::size_t kMaxDigest = 1000;

std::string DigestKey(const std::vector<Message>& messages) {
  std::string keys;
  for (const Message& message : messages) keys += message.key + '\n';
  return fmt::format("digest-{:016x}-{}", StableHash(keys), messages.size());
}

}  // namespace

void Lane::RememberSent(TimestampMs at) {
  if (options_.limit) sent_.insert(std::ranges::upper_bound(sent_, at), at);
}

void Lane::Add(Message message, TimestampMs now, std::vector<Finished>& finished) {
  const std::uint64_t id = SlotId(message);
  Slot& slot = alerts_[id];
  if (slot.waiting) {
    Unpark(slot, id);
    message.swallowed += slot.waiting->message.swallowed;
    Leave(std::move(*slot.waiting), Reason::kSuperseded, {}, finished);
  }
  slot.waiting = Entry{std::move(message), 0, now, next_order_++};
  Park(slot, id);
  if (by_rank_.size() > options_.max_messages) EvictMildest(finished);
}

std::optional<Parcel> Lane::Take(TimestampMs now) {
  if (in_flight_ >= options_.max_in_flight || now < blocked_until_) return std::nullopt;
  if (stats_.failures_in_a_row > 0 && in_flight_ > 0) return std::nullopt;  // one probe at a time
  PromoteReady(now);
  if (ready_.empty()) return std::nullopt;
  const int room = Room(now);
  if (room <= 0) return std::nullopt;
  const std::size_t count = room == 1 ? std::min(ready_.size(), kMaxDigest) : 1;
  Parcel parcel;
  parcel.integration = options_.integration;
  for (std::size_t i = 0; i < count; ++i) Launch(std::get<2>(*ready_.begin()), parcel);
  parcel.key = count == 1 ? parcel.messages.front().key : DigestKey(parcel.messages);
  ++in_flight_;
  if (options_.limit) sent_.push_back(now);
  return parcel;
}

void Lane::Complete(const Parcel& parcel, const SendOutcome& outcome, TimestampMs now,
                    std::vector<Finished>& finished) {
  --in_flight_;
  stats_.last_error = outcome.error;
  if (outcome.result == SendOutcome::Result::kDelivered) {
    NoteSuccess(parcel);
  } else {
    const DurationMs pause = NoteFailure(parcel, outcome, now);
    if (outcome.result == SendOutcome::Result::kRetry) blocked_until_ = std::max(blocked_until_, now + pause);
  }
  for (const Message& message : parcel.messages) FinishEntry(SlotId(message), outcome, now, finished);
}

std::optional<TimestampMs> Lane::NextDue() const {
  if (in_flight_ >= options_.max_in_flight) return std::nullopt;
  if (stats_.failures_in_a_row > 0 && in_flight_ > 0) return std::nullopt;
  if (ready_.empty() && later_.empty()) return std::nullopt;
  TimestampMs due = ready_.empty() ? std::get<0>(*later_.begin()) : std::numeric_limits<TimestampMs>::min();
  due = std::max(due, blocked_until_);
  if (options_.limit && static_cast<int>(sent_.size()) >= options_.limit->count && !sent_.empty()) {
    // The oldest that must have left the window for one more to fit.
    const std::size_t over = sent_.size() - static_cast<std::size_t>(options_.limit->count);
    due = std::max(due, sent_[over] + options_.limit->per);
  }
  return due;
}

void Lane::Expedite() {
  blocked_until_ = 0;
  while (!later_.empty()) PromoteReady(std::get<0>(*later_.begin()));
}

void Lane::Abandon(Reason reason, std::vector<Finished>& finished) {
  for (auto& [id, slot] : alerts_) {
    if (slot.waiting) Leave(std::move(*slot.waiting), reason, {}, finished);
    if (slot.in_flight) Leave(std::move(*slot.in_flight), reason, {}, finished);
  }
  alerts_.clear();
  ready_.clear();
  later_.clear();
  by_rank_.clear();
}

LaneStats Lane::stats() const {
  LaneStats stats = stats_;
  stats.in_flight = in_flight_;
  for (const auto& [id, slot] : alerts_) {
    for (const auto* entry : {&slot.in_flight, &slot.waiting}) {
      if (!*entry) continue;
      ++stats.messages;
      const TimestampMs created = (*entry)->message.created;
      if (!stats.oldest || created < *stats.oldest) stats.oldest = created;
    }
  }
  return stats;
}

std::uint64_t Lane::SlotId(const Message& message) const {
  std::uint64_t id = message.alert->id;
  for (const std::string& argument : message.to.arguments) id = (id ^ StableHash(argument)) * 0x9e3779b97f4a7c15;
  return id;
}

void Lane::Park(Slot& slot, std::uint64_t id) {
  const Entry& entry = *slot.waiting;
  by_rank_.emplace(entry.message.alert->level.rank, entry.order, id);
  if (!slot.in_flight) later_.emplace(entry.not_before, entry.order, id);
}

void Lane::Unpark(const Slot& slot, std::uint64_t id) {
  const Entry& entry = *slot.waiting;
  by_rank_.erase({entry.message.alert->level.rank, entry.order, id});
  later_.erase({entry.not_before, entry.order, id});
  ready_.erase({entry.attempts, entry.order, id});
}

void Lane::PromoteReady(TimestampMs now) {
  while (!later_.empty() && std::get<0>(*later_.begin()) <= now) {
    const auto [not_before, order, id] = *later_.begin();
    later_.erase(later_.begin());
    ready_.emplace(alerts_.at(id).waiting->attempts, order, id);
  }
}

int Lane::Room(TimestampMs now) {
  if (!options_.limit) return std::numeric_limits<int>::max();
  while (!sent_.empty() && sent_.front() + options_.limit->per <= now) sent_.pop_front();
  return options_.limit->count - static_cast<int>(sent_.size());
}

void Lane::Launch(std::uint64_t id, Parcel& parcel) {
  Slot& slot = alerts_.at(id);
  Unpark(slot, id);
  slot.in_flight = std::move(slot.waiting);
  slot.waiting.reset();
  ++slot.in_flight->attempts;
  parcel.attempt = std::max(parcel.attempt, slot.in_flight->attempts);
  parcel.messages.push_back(slot.in_flight->message);
}

void Lane::EvictMildest(std::vector<Finished>& finished) {
  const std::uint64_t id = std::get<2>(*by_rank_.begin());
  Slot& slot = alerts_.at(id);
  Unpark(slot, id);
  Leave(std::move(*slot.waiting), Reason::kQueueFull, fmt::format("over {} messages wait", options_.max_messages),
        finished);
  slot.waiting.reset();
  if (!slot.in_flight) alerts_.erase(id);
}

void Lane::Leave(Entry entry, Reason reason, std::string error, std::vector<Finished>& finished,
                 FailureReason failure) {
  if (reason == Reason::kSuperseded) ++stats_.superseded;
  if (reason == Reason::kQueueFull) ++stats_.queue_full;
  if (reason == Reason::kDeliveryFailed) ++stats_.failed[static_cast<std::size_t>(failure)];
  finished.push_back({std::move(entry.message), reason, failure, entry.attempts, std::move(error)});
}

void Lane::NoteSuccess(const Parcel& parcel) {
  stats_.failures_in_a_row = 0;
  blocked_until_ = 0;
  if (parcel.messages.size() > 1) ++stats_.digests;
}

DurationMs Lane::NoteFailure(const Parcel& parcel, const SendOutcome& outcome, TimestampMs now) {
  ++stats_.attempts_failed[static_cast<std::size_t>(outcome.reason)];
  if (!sent_.empty()) sent_.pop_back();  // what did not arrive does not count against the limit
  if (outcome.result == SendOutcome::Result::kFinal) {
    stats_.failures_in_a_row = 0;  // it answers: the message is at fault, not the receiver
    return 0;
  }
  // Several in flight that fail together are one failure of the receiver.
  if (now >= blocked_until_) ++stats_.failures_in_a_row;
  const DurationMs pause = options_.backoff.Delay(stats_.failures_in_a_row, StableHash(parcel.integration));
  return std::max(pause, std::min(outcome.retry_after.value_or(0), options_.max_retry_after));
}

void Lane::FinishEntry(std::uint64_t id, const SendOutcome& outcome, TimestampMs now, std::vector<Finished>& finished) {
  const auto at = alerts_.find(id);
  if (at == alerts_.end() || !at->second.in_flight) return;
  Slot& slot = at->second;
  Entry entry = std::move(*slot.in_flight);
  slot.in_flight.reset();
  switch (outcome.result) {
    case SendOutcome::Result::kDelivered: {
      const DurationMs latency = std::max<DurationMs>(now - entry.message.created, 0);
      ++stats_.delivered;
      stats_.latency_sum += latency;
      stats_.latency_max = std::max(stats_.latency_max, latency);
      Leave(std::move(entry), Reason::kDelivered, outcome.error, finished);
      break;
    }
    case SendOutcome::Result::kFinal:
      Leave(std::move(entry), Reason::kDeliveryFailed, outcome.error, finished, outcome.reason);
      break;
    case SendOutcome::Result::kRetry:
      entry.not_before = now + options_.backoff.Delay(entry.attempts, StableHash(entry.message.key));
      if (entry.not_before - entry.message.created >= options_.give_up_after) {
        Leave(std::move(entry), Reason::kDeliveryFailed,
              fmt::format("gave up after {}: {}", HumanDuration(now - entry.message.created), outcome.error), finished,
              outcome.reason);
      } else if (slot.waiting) {
        slot.waiting->message.swallowed += entry.message.swallowed;
        Leave(std::move(entry), Reason::kSuperseded, outcome.error, finished);
      } else {
        slot.waiting = std::move(entry);
        Park(slot, id);
        return;
      }
      break;
  }
  if (slot.waiting) {
    later_.emplace(slot.waiting->not_before, slot.waiting->order, id);
  } else {
    alerts_.erase(at);
  }
}

}  // namespace tickbird::notify
