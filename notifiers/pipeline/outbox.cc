#include "notifiers/pipeline/outbox.h"

#include <algorithm>
#include <utility>

namespace tickbird::notify {

std::vector<Finished> Outbox::Configure(std::vector<LaneOptions> lanes) {
  std::vector<Finished> finished;
  std::map<std::string, Lane, std::less<>> kept;
  for (LaneOptions& options : lanes) {
    const std::string id = options.integration;
    auto old = lanes_.extract(id);
    if (old.empty()) {
      kept.emplace(id, Lane(std::move(options)));
    } else {
      old.mapped().Configure(std::move(options));
      kept.insert(std::move(old));
    }
  }
  for (auto& [id, lane] : lanes_) {
    lane.Abandon(Reason::kReceiverGone, finished);
    std::erase_if(in_flight_, [&](const auto& entry) { return entry.second.integration == id; });
  }
  lanes_ = std::move(kept);
  return finished;
}

void Outbox::RememberSent(std::string_view integration, TimestampMs at) {
  const auto lane = lanes_.find(integration);
  if (lane != lanes_.end()) lane->second.RememberSent(at);
}

std::vector<Finished> Outbox::Add(Message message, TimestampMs now) {
  std::vector<Finished> finished;
  const auto lane = lanes_.find(message.to.integration);
  if (lane == lanes_.end()) {
    finished.push_back({std::move(message), Reason::kReceiverGone, FailureReason::kOther, 0, {}});
  } else {
    lane->second.Add(std::move(message), now, finished);
  }
  return finished;
}

std::vector<Parcel> Outbox::TakeDue(TimestampMs now) {
  std::vector<Parcel> due;
  for (auto& [id, lane] : lanes_) {
    while (std::optional<Parcel> parcel = lane.Take(now)) {
      parcel->ticket = next_ticket_++;
      in_flight_.emplace(parcel->ticket, *parcel);
      due.push_back(std::move(*parcel));
    }
  }
  return due;
}

std::vector<Finished> Outbox::Complete(std::uint64_t ticket, const SendOutcome& outcome, TimestampMs now) {
  std::vector<Finished> finished;
  const auto parcel = in_flight_.extract(ticket);
  if (parcel.empty()) return finished;
  const auto lane = lanes_.find(parcel.mapped().integration);
  if (lane != lanes_.end()) lane->second.Complete(parcel.mapped(), outcome, now, finished);
  return finished;
}

std::optional<TimestampMs> Outbox::NextDue() const {
  std::optional<TimestampMs> earliest;
  for (const auto& [id, lane] : lanes_) {
    const auto due = lane.NextDue();
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

void Outbox::Expedite() {
  for (auto& [id, lane] : lanes_) lane.Expedite();
}

bool Outbox::idle() const {
  return std::ranges::all_of(lanes_, [](const auto& entry) { return entry.second.idle(); });
}

std::map<std::string, LaneStats> Outbox::stats() const {
  std::map<std::string, LaneStats> all;
  for (const auto& [id, lane] : lanes_) all.emplace(id, lane.stats());
  return all;
}

}  // namespace tickbird::notify
