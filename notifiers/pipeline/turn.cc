#include "notifiers/pipeline/turn.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"

namespace tickbird::notify {

void Turn::OnEvent(const AlertEvent& event) {
  switch (event.kind) {
    case AlertEvent::Kind::kRaised:
    case AlertEvent::Kind::kLevelUp:
      if (!incident_.open) return Open(event);
      if (event.level.rank > incident_.event.level.rank) return Worsen(event);
      incident_.event = event;
      return Decide(Reason::kAlreadyRaised);
    case AlertEvent::Kind::kLevelDown:
      return incident_.open ? Ease(event) : Open(event);
    case AlertEvent::Kind::kCleared:
      if (!incident_.open) return Decide(Reason::kClearUntold);
      incident_.event = event;
      return Close();
  }
}

void Turn::OnTime() {
  if (!incident_.open) return;
  ExpireAcknowledgement();
  if (incident_.ack) return;
  if (incident_.awaits_cooldown && now_ >= incident_.cooldown_until) SendRaise();
  Escalate();
  Repeat();
}

void Turn::OnAcknowledge(Acknowledgement ack) {
  std::string detail = fmt::format("by {}", ack.who);
  if (ack.until) detail += fmt::format(" until {}", FormatTimestamp(*ack.until));
  if (!ack.note.empty()) detail += fmt::format(": {}", ack.note);
  incident_.ack = std::move(ack);
  Decide(Reason::kAcknowledged, {}, std::move(detail));
}

void Turn::OnRuleGone() {
  if (!incident_.open) return;
  Decide(Reason::kRuleGone);
  incident_.event.kind = AlertEvent::Kind::kCleared;
  incident_.event.at = now_;
  Close();
}

void Turn::Open(const AlertEvent& event) {
  incident_.event = event;
  incident_.open = true;
  incident_.started = event.since;
  incident_.told.clear();
  incident_.last_message.reset();
  incident_.repeats = 0;
  incident_.escalating_since.reset();
  incident_.steps_done = 0;
  incident_.awaits_cooldown = false;
  incident_.ack.reset();
  RaiseUnlessCooling();
}

void Turn::Worsen(const AlertEvent& event) {
  incident_.event = event;
  if (incident_.ack) {
    if (event.level.rank <= incident_.ack->rank) return Decide(Reason::kAckHolds, {}, "not worse than acknowledged");
    Decide(Reason::kAckVoided, {}, fmt::format("was taken by {}", incident_.ack->who));
    incident_.ack.reset();
  }
  RaiseUnlessCooling();
}

void Turn::Ease(const AlertEvent& event) {
  incident_.event = event;
  if (!incident_.policy().notify_level_down) return Decide(Reason::kLevelDownQuiet);
  TellTold(MessageKind::kLevelDown, Reason::kLevelDown);
}

void Turn::Close() {
  incident_.open = false;
  incident_.awaits_cooldown = false;
  incident_.ack.reset();
  incident_.escalating_since.reset();
  if (incident_.told.empty()) {
    Decide(Reason::kClearUntold);
  } else {
    TellTold(MessageKind::kCleared, Reason::kCleared);
  }
}

void Turn::RaiseUnlessCooling() {
  if (now_ >= incident_.cooldown_until || incident_.event.level.rank > incident_.cooldown_rank) return SendRaise();
  ++incident_.swallowed;
  incident_.awaits_cooldown = true;
  Decide(Reason::kCooldownSwallowed, {}, fmt::format("until {}", FormatTimestamp(incident_.cooldown_until)));
}

void Turn::SendRaise() {
  const NotifyPolicy& policy = incident_.policy();
  const int swallowed_before = incident_.swallowed;
  const bool first = incident_.told.empty();
  incident_.awaits_cooldown = false;
  incident_.steps_done = 0;
  incident_.escalating_since.reset();
  incident_.repeats = 0;
  if (policy.notify.empty()) Decide(Reason::kNoTargets);
  const Sent sent = Tell(policy.notify, first ? MessageKind::kRaised : MessageKind::kLevelUp,
                         first ? Reason::kNotified : Reason::kLevelUp);
  if (sent.messages > 0) StartCooldown(swallowed_before);
  // Escalation counts from the first message. Where none can go out though one should, waiting for it would mean that
  // nobody ever hears of the alert.
  if (sent.messages > 0 || sent.missing > 0 || policy.notify.empty()) incident_.escalating_since = now_;
}

void Turn::StartCooldown(int swallowed_before) {
  const GrowingDelay& cooldown = incident_.policy().cooldown;
  const bool keeps_coming = swallowed_before > 0 && now_ < incident_.cooldown_until + incident_.cooldown_length;
  incident_.cooldown_grown = keeps_coming ? incident_.cooldown_grown + 1 : 0;
  incident_.cooldown_length = cooldown.first > 0 ? Grown(cooldown, incident_.cooldown_grown) : 0;
  incident_.cooldown_until = now_ + incident_.cooldown_length;
  incident_.cooldown_rank = incident_.event.level.rank;
}

void Turn::ExpireAcknowledgement() {
  if (!incident_.ack || !incident_.ack->until || *incident_.ack->until > now_) return;
  Decide(Reason::kAckExpired, {}, fmt::format("was taken by {}", incident_.ack->who));
  incident_.ack.reset();
  // The steps start anew: who acknowledged gets the same time again that the first reader had.
  if (incident_.escalating_since) incident_.escalating_since = now_;
  incident_.steps_done = 0;
}

void Turn::Escalate() {
  const std::vector<EscalationStep>& steps = incident_.policy().escalation;
  std::vector<NotifyTarget> targets;
  int step = 0;
  while (const auto due = NextEscalation(incident_)) {
    if (*due > now_) break;
    const auto index = static_cast<std::size_t>(incident_.steps_done) % steps.size();
    step = std::max(step, static_cast<int>(index) + 1);
    for (const NotifyTarget& target : steps[index].targets) {
      if (std::ranges::find(targets, target) == targets.end()) targets.push_back(target);
    }
    ++incident_.steps_done;
  }
  if (step > 0) Tell(targets, MessageKind::kEscalation, Reason::kEscalated, step);
}

void Turn::Repeat() {
  const auto due = NextRepeat(incident_);
  if (!due || *due > now_) return;
  Tell(incident_.policy().notify, MessageKind::kRepeat, Reason::kRepeated);
  ++incident_.repeats;
  incident_.last_message = now_;  // Also when nobody was left to tell, or it would be due for ever.
}

Turn::Sent Turn::Tell(const std::vector<NotifyTarget>& targets, MessageKind kind, Reason reason, int step) {
  Sent sent;
  const std::size_t before = effects_.messages.size();
  std::vector<Destination> reached;
  for (const NotifyTarget& target : targets) {
    if (target.from_rank > incident_.event.level.rank) {
      Decide(Reason::kBelowLevel, target.receiver);
      continue;
    }
    const auto receiver = receivers_.find(target.receiver);
    if (receiver == receivers_.end()) {
      Decide(Reason::kNoReceiver, target.receiver);
      ++sent.missing;
      continue;
    }
    for (const Integration& integration : receiver->second) {
      Destination to{target.receiver, integration.id, target.arguments};
      if (std::ranges::find(reached, to) != reached.end()) continue;
      Emit(to, kind, step);
      reached.push_back(std::move(to));
    }
    Decide(reason, target.receiver, step > 0 ? fmt::format("step {}", step) : std::string());
  }
  sent.messages = static_cast<int>(effects_.messages.size() - before);
  FinishTelling(before);
  for (Destination& to : reached) {
    if (std::ranges::find(incident_.told, to) == incident_.told.end()) incident_.told.push_back(std::move(to));
  }
  return sent;
}

void Turn::TellTold(MessageKind kind, Reason reason) {
  const std::size_t before = effects_.messages.size();
  for (const Destination& to : incident_.told) {
    const auto receiver = receivers_.find(to.receiver);
    const Integration* integration = nullptr;
    if (receiver != receivers_.end()) {
      const auto found = std::ranges::find(receiver->second, to.integration, &Integration::id);
      if (found != receiver->second.end()) integration = &*found;
    }
    if (integration == nullptr) {
      Decide(Reason::kNoReceiver, to.integration);
    } else if (kind == MessageKind::kCleared && !integration->send_resolved) {
      Decide(Reason::kResolvedUnwanted, to.integration);
    } else {
      Emit(to, kind, 0);
      Decide(reason, to.integration);
    }
  }
  FinishTelling(before);
}

void Turn::Emit(const Destination& to, MessageKind kind, int step) {
  if (!snapshot_) {
    auto copy = std::make_shared<AlertEvent>(incident_.event);
    copy->policy.reset();
    copy->since = incident_.started;
    snapshot_ = std::move(copy);
  }
  Message message;
  message.to = to;
  message.kind = kind;
  message.alert = snapshot_;
  message.incident = incident_.started;
  message.sequence = incident_.sequence + 1;
  // Two targets may be one integration with different arguments: two messages of one decision.
  std::string address = to.integration;
  for (const std::string& argument : to.arguments) address += '\n' + argument;
  message.key = MessageKey(incident_.id(), incident_.started, message.sequence, address);
  message.created = now_;
  message.swallowed = incident_.swallowed;
  message.escalation_step = step;
  effects_.messages.push_back(std::move(message));
}

void Turn::FinishTelling(std::size_t messages_before) {
  if (effects_.messages.size() == messages_before) return;
  ++incident_.sequence;
  incident_.swallowed = 0;
  incident_.last_message = now_;
}

void Turn::Decide(Reason reason, std::string_view receiver, std::string detail) {
  effects_.decisions.push_back(
      {now_, incident_.id(), incident_.event.rule, reason, std::string(receiver), std::move(detail)});
}

}  // namespace tickbird::notify
