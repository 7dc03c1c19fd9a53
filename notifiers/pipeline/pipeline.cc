#include "notifiers/pipeline/pipeline.h"

#include <utility>

#include <fmt/core.h>

namespace tickbird::notify {
namespace {

constexpr std::size_t kMaxWho = 256;
constexpr std::size_t kMaxNote = 4096;

/// The value and words of this moment; level, kind and start stay as the events told them.
void Refresh(Incident& incident, const AlertEvent& current) {
  AlertEvent& event = incident.event;
  event.value = current.value;
  event.no_data = current.no_data;
  event.at = current.at;
  event.condition = current.condition;
  event.expression = current.expression;
  event.summary = current.summary;
  event.detail = current.detail;
  event.advice = current.advice;
  event.runbook = current.runbook;
  if (current.policy) event.policy = current.policy;
}

Status CheckAck(const AckRequest& request, TimestampMs now) {
  if (request.who.empty()) return Error{ErrorCode::kInvalidArgument, "say who acknowledges"};
  if (request.who.size() > kMaxWho)
    return Error{ErrorCode::kInvalidArgument, fmt::format("name is over {} bytes", kMaxWho)};
  if (request.note.size() > kMaxNote)
    return Error{ErrorCode::kInvalidArgument, fmt::format("note is over {} bytes", kMaxNote)};
  if (request.until && *request.until <= now) {
    return Error{ErrorCode::kInvalidArgument, "the acknowledgement would end in the past"};
  }
  return {};
}

}  // namespace

Pipeline::Pipeline(ReceiverTable receivers, Options options) : receivers_(std::move(receivers)), options_(options) {}

void Pipeline::Restore(std::vector<Incident> incidents) {
  for (Incident& incident : incidents) {
    const std::uint64_t id = incident.id();
    const auto [at, is_new] = incidents_.insert_or_assign(id, std::move(incident));
    Index(at->second);
  }
}

Effects Pipeline::OnEvent(const AlertEvent& event, TimestampMs now) {
  Effects effects;
  const auto known = incidents_.find(event.id);
  if (known != incidents_.end()) {
    Unindex(known->second);
    Turn(known->second, now, receivers_, effects).OnEvent(event);
    Index(known->second);
    effects.changed.push_back(known->second);
    return effects;
  }
  Incident fresh;
  fresh.event = event;
  if (event.kind != AlertEvent::Kind::kCleared) MakeRoom(effects);
  Turn(fresh, now, receivers_, effects).OnEvent(event);
  if (!fresh.open) return effects;
  if (incidents_.size() >= options_.max_incidents) {
    effects.decisions.push_back({now, event.id, event.rule, Reason::kIncidentLimit, {}, "told once, then forgotten"});
    return effects;
  }
  effects.changed.push_back(fresh);
  Index(fresh);
  incidents_.emplace(event.id, std::move(fresh));
  return effects;
}

Effects Pipeline::Tick(TimestampMs now, const ActiveAlerts& active) {
  Effects effects;
  while (!due_.empty() && due_.begin()->first <= now) {
    const std::uint64_t id = due_.begin()->second;
    Incident& incident = incidents_.at(id);
    if (!incident.open) {
      Forget(id, effects);
      continue;
    }
    Unindex(incident);
    if (const auto current = active.Find(id)) Refresh(incident, *current);
    Turn(incident, now, receivers_, effects).OnTime();
    Index(incident);
    effects.changed.push_back(incident);
  }
  return effects;
}

Result<Effects> Pipeline::Acknowledge(std::uint64_t id, const AckRequest& request, TimestampMs now) {
  TICKBIRD_RETURN_IF_ERROR(CheckAck(request, now));
  const auto at = incidents_.find(id);
  if (at == incidents_.end() || !at->second.open) {
    return Error{ErrorCode::kNotFound, fmt::format("alert {} is not raised", FormatAlertId(id))};
  }
  Incident& incident = at->second;
  Acknowledgement ack{request.who, request.note, now, request.until, incident.event.level.rank};
  const std::optional<DurationMs>& expires = incident.policy().ack_expires;
  if (!ack.until && expires) ack.until = now + *expires;
  Effects effects;
  Unindex(incident);
  Turn(incident, now, receivers_, effects).OnAcknowledge(std::move(ack));
  Index(incident);
  effects.changed.push_back(incident);
  return effects;
}

Effects Pipeline::Reconcile(TimestampMs now, const ActiveAlerts& active) {
  Effects effects;
  for (auto& [id, incident] : incidents_) {
    if (!incident.open) continue;
    Unindex(incident);
    Turn turn(incident, now, receivers_, effects);
    const auto current = active.Find(id);
    if (!current) {
      turn.OnRuleGone();
    } else if (current->level.rank == incident.event.level.rank) {
      Refresh(incident, *current);
    } else {
      AlertEvent event = *current;
      event.kind =
          event.level.rank > incident.event.level.rank ? AlertEvent::Kind::kLevelUp : AlertEvent::Kind::kLevelDown;
      event.previous = incident.event.level;
      turn.OnEvent(event);
    }
    Index(incident);
    effects.changed.push_back(incident);
  }
  return effects;
}

std::optional<TimestampMs> Pipeline::NextDue() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

const Incident* Pipeline::Find(std::uint64_t id) const {
  const auto at = incidents_.find(id);
  return at == incidents_.end() ? nullptr : &at->second;
}

void Pipeline::MakeRoom(Effects& effects) {
  if (incidents_.size() >= options_.max_incidents && !closed_.empty()) Forget(closed_.begin()->second, effects);
}

void Pipeline::Index(const Incident& incident) {
  if (const auto due = notify::NextDue(incident)) due_.emplace(*due, incident.id());
  if (!incident.open) closed_.emplace(ForgetAt(incident), incident.id());
}

void Pipeline::Unindex(const Incident& incident) {
  if (const auto due = notify::NextDue(incident)) due_.erase({*due, incident.id()});
  if (!incident.open) closed_.erase({ForgetAt(incident), incident.id()});
}

void Pipeline::Forget(std::uint64_t id, Effects& effects) {
  const auto at = incidents_.find(id);
  Unindex(at->second);
  incidents_.erase(at);
  effects.forgotten.push_back(id);
}

}  // namespace tickbird::notify
