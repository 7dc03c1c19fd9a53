#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "notifiers/pipeline/incident.h"
#include "notifiers/pipeline/message.h"
#include "notifiers/store/store_batch.h"

namespace tickbird::notify::testing {

/// A directory that goes away with the test.
class TempDir {
 public:
  TempDir() {
    char pattern[] = "/tmp/tickbird_store_XXXXXX";
    path_ = ::mkdtemp(pattern);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string File(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// An incident with every field set to something that is not its default.
inline Incident FullIncident(const std::string& instance = "a") {
  NotifyPolicy policy;
  policy.notify = {{"mail", {"x", "y"}, 2}, {"hook", {}, 0}};
  policy.cooldown = {900'000, 2.5, 3'600'000};
  policy.repeat = GrowingDelay{60'000, 1, 0};
  policy.escalation = {{600'000, {{"pager", {}, 4}}}};
  policy.escalation_loops = 3;
  policy.ack_expires = 3'600'000;
  policy.notify_level_down = true;

  Incident incident;
  AlertEvent& event = incident.event;
  event.kind = AlertEvent::Kind::kLevelUp;
  event.rule = "memory_high";
  event.labels = Labels{{"alertname", "memory_high"}, {"instance", instance}, {"text", "\xc3\xa9\"\\\n<&>"}};
  event.id = event.labels.Hash();
  event.level = {"critical", 4};
  event.previous = {"high", 3};
  event.value = 0.1 + 0.2;
  event.no_data = true;
  event.at = 1'700'000'000'123;
  event.since = 1'700'000'000'000;
  event.condition = "> 95% for 30s";
  event.expression = "1 - a / b";
  event.summary = "s";
  event.detail = "d";
  event.advice = "a";
  event.runbook = "https://r";
  event.policy = std::make_shared<const NotifyPolicy>(policy);
  incident.open = true;
  incident.started = 1'700'000'000'000;
  incident.sequence = 7;
  incident.told = {{"mail", "mail/email[0]", {"x"}}};
  incident.last_message = 5;
  incident.repeats = 2;
  incident.escalating_since = 6;
  incident.steps_done = 1;
  incident.cooldown_until = 8;
  incident.cooldown_length = 9;
  incident.cooldown_rank = 4;
  incident.cooldown_grown = 1;
  incident.swallowed = 3;
  incident.awaits_cooldown = true;
  incident.ack = Acknowledgement{"ann", "on it", 10, 11, 4};
  return incident;
}

inline Message MessageAbout(const Incident& incident, std::uint32_t sequence,
                            const char* integration = "mail/email[0]") {
  auto alert = std::make_shared<AlertEvent>(incident.event);
  alert->policy.reset();
  Message message;
  message.key = MessageKey(incident.id(), incident.started, sequence, integration);
  message.to = {"mail", integration, {"x"}};
  message.kind = MessageKind::kEscalation;
  message.alert = std::move(alert);
  message.incident = incident.started;
  message.sequence = sequence;
  message.created = 1'700'000'000'200;
  message.swallowed = 2;
  message.escalation_step = 1;
  return message;
}

}  // namespace tickbird::notify::testing
