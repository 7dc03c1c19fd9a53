#include "notifiers/pipeline/incident.h"

#include <algorithm>
#include <cmath>

namespace tickbird::notify {
namespace {

/// Below this a repeat would be a storm, and one of zero would never let the pipeline rest.
constexpr DurationMs kShortestRepeat = kSecondMs;
constexpr DurationMs kLongestDelay = 3650 * kDayMs;

void KeepEarlier(std::optional<TimestampMs>& best, std::optional<TimestampMs> candidate) {
  if (candidate && (!best || *candidate < *best)) best = candidate;
}

}  // namespace

const NotifyPolicy& Incident::policy() const {
  static const NotifyPolicy kTellsNobody;
  return event.policy ? *event.policy : kTellsNobody;
}

DurationMs Grown(const GrowingDelay& delay, int times) {
  const DurationMs limit = delay.max > 0 ? std::min(delay.max, kLongestDelay) : kLongestDelay;
  const double grown = static_cast<double>(delay.first) * std::pow(std::max(delay.factor, 1.0), times);
  return grown >= static_cast<double>(limit) ? std::min(std::max(limit, delay.first), kLongestDelay)
                                             : static_cast<DurationMs>(grown);
}

std::optional<TimestampMs> NextRepeat(const Incident& incident) {
  const NotifyPolicy& policy = incident.policy();
  if (!incident.open || !policy.repeat || policy.repeat->first <= 0 || !incident.last_message) return std::nullopt;
  return *incident.last_message + std::max(Grown(*policy.repeat, incident.repeats), kShortestRepeat);
}

std::optional<TimestampMs> NextEscalation(const Incident& incident) {
  const std::vector<EscalationStep>& steps = incident.policy().escalation;
  if (!incident.open || !incident.escalating_since || steps.empty()) return std::nullopt;
  const DurationMs period = steps.back().after;
  const int loops = period > 0 ? std::max(incident.policy().escalation_loops, 1) : 1;
  const auto count = static_cast<int>(steps.size());
  if (incident.steps_done / count >= loops) return std::nullopt;
  const EscalationStep& next = steps[static_cast<std::size_t>(incident.steps_done % count)];
  return *incident.escalating_since + incident.steps_done / count * period + next.after;
}

TimestampMs ForgetAt(const Incident& incident) {
  // What was swallowed is told in the next message and makes the next cooldown grow, so it outlives the cooldown by its
  // length.
  return incident.cooldown_until + (incident.swallowed > 0 ? incident.cooldown_length : 0);
}

std::optional<TimestampMs> NextDue(const Incident& incident) {
  if (!incident.open) return ForgetAt(incident);
  if (incident.ack) return incident.ack->until;
  std::optional<TimestampMs> due = NextEscalation(incident);
  KeepEarlier(due, NextRepeat(incident));
  if (incident.awaits_cooldown) KeepEarlier(due, incident.cooldown_until);
  return due;
}

}  // namespace tickbird::notify
