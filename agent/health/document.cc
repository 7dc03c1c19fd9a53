#include "agent/health/document.h"

#include <algorithm>

#include "core/base/duration.h"

namespace tickbird::health {
namespace {

using Kind = HealthEntry::Kind;

HealthEntry PhaseEntry(AgentPhase phase, TimestampMs now) {
  HealthEntry entry{.name = "agent", .kind = Kind::kPhase, .time = now};
  if (phase == AgentPhase::kReady) return entry;
  entry.status = HealthStatus::kWarn;
  entry.ready = false;
  entry.output = phase == AgentPhase::kStarting ? "starting" : "draining";
  return entry;
}

HealthEntry HeartbeatEntry(const Heartbeat& heartbeat, TimestampMs now) {
  const DurationMs age = std::max<DurationMs>(now - heartbeat.last(), 0);
  HealthEntry entry{.name = heartbeat.name(),
                    .kind = Kind::kHeartbeat,
                    .time = heartbeat.last(),
                    .observed_seconds = static_cast<double>(age) / 1000};
  if (age <= heartbeat.max_age()) return entry;
  entry.status = HealthStatus::kFail;
  entry.ready = false;
  entry.output = "no heartbeat for " + HumanDuration(age);
  return entry;
}

HealthEntry ComponentEntry(const Component& component) {
  HealthEntry entry{
      .name = component.name(), .kind = Kind::kComponent, .status = component.status(), .time = component.at()};
  entry.ready = component.status() != HealthStatus::kFail;
  entry.output = component.output();
  return entry;
}

HealthEntry CheckEntry(const CheckReport& check) {
  HealthEntry entry{.name = check.name, .kind = Kind::kCheck, .required = check.critical, .time = check.checked_at};
  if (check.status == CheckStatus::kUnknown) {
    entry.status = HealthStatus::kWarn;
    entry.output = "not checked yet";
  } else {
    entry.observed_seconds = check.duration_seconds;
  }
  if (check.status == CheckStatus::kDown) {
    entry.status = check.critical ? HealthStatus::kFail : HealthStatus::kWarn;
    entry.output = check.reason;
  }
  entry.ready = !check.critical || check.status == CheckStatus::kUp;
  return entry;
}

}  // namespace

std::string_view HealthStatusName(HealthStatus status) {
  switch (status) {
    case HealthStatus::kPass:
      return "pass";
    case HealthStatus::kWarn:
      return "warn";
    case HealthStatus::kFail:
      return "fail";
  }
  return "";
}

HealthDocument Evaluate(const Components& components, std::span<const CheckReport> checks, TimestampMs now) {
  HealthDocument document{.time = now};
  document.entries.push_back(PhaseEntry(components.phase(), now));
  for (const Heartbeat& heartbeat : components.heartbeats()) document.entries.push_back(HeartbeatEntry(heartbeat, now));
  for (const Component& component : components.components()) document.entries.push_back(ComponentEntry(component));
  for (const CheckReport& check : checks) document.entries.push_back(CheckEntry(check));
  for (const HealthEntry& entry : document.entries) document.status = std::max(document.status, entry.status);
  return document;
}

}  // namespace tickbird::health
