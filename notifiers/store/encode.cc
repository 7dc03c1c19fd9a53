#include "core/base/json_writer.h"
#include "core/base/number.h"
#include "notifiers/store/codec.h"

namespace tickbird::notify {
namespace {

void Write(JsonWriter& json, const AlertLevel& level) {
  json.BeginObject().Key("name").String(level.name).Key("rank").Int(level.rank).EndObject();
}

void Write(JsonWriter& json, const std::vector<std::string>& strings) {
  json.BeginArray();
  for (const std::string& text : strings) json.String(text);
  json.EndArray();
}

void Write(JsonWriter& json, const GrowingDelay& delay) {
  json.BeginObject().Key("first").Int(delay.first).Key("factor").String(FormatDouble(delay.factor));
  json.Key("max").Int(delay.max).EndObject();
}

void Write(JsonWriter& json, const std::vector<NotifyTarget>& targets) {
  json.BeginArray();
  for (const NotifyTarget& target : targets) {
    json.BeginObject().Key("receiver").String(target.receiver).Key("from_rank").Int(target.from_rank).Key("arguments");
    Write(json, target.arguments);
    json.EndObject();
  }
  json.EndArray();
}

void Write(JsonWriter& json, const NotifyPolicy& policy) {
  json.BeginObject().Key("notify");
  Write(json, policy.notify);
  json.Key("cooldown");
  Write(json, policy.cooldown);
  if (policy.repeat) {
    json.Key("repeat");
    Write(json, *policy.repeat);
  }
  json.Key("escalation").BeginArray();
  for (const EscalationStep& step : policy.escalation) {
    json.BeginObject().Key("after").Int(step.after).Key("targets");
    Write(json, step.targets);
    json.EndObject();
  }
  json.EndArray().Key("escalation_loops").Int(policy.escalation_loops);
  if (policy.ack_expires) json.Key("ack_expires").Int(*policy.ack_expires);
  json.Key("notify_level_down").Bool(policy.notify_level_down).EndObject();
}

void Write(JsonWriter& json, const AlertEvent& event) {
  json.BeginObject().Key("id").String(FormatAlertId(event.id)).Key("kind").Int(static_cast<int>(event.kind));
  json.Key("rule").String(event.rule).Key("labels").BeginObject();
  for (const LabelView& label : event.labels) json.Key(label.name).String(label.value);
  json.EndObject().Key("level");
  Write(json, event.level);
  json.Key("previous");
  Write(json, event.previous);
  json.Key("value").String(FormatDouble(event.value)).Key("no_data").Bool(event.no_data);
  json.Key("at").Int(event.at).Key("since").Int(event.since);
  json.Key("condition").String(event.condition).Key("expression").String(event.expression);
  json.Key("summary").String(event.summary).Key("detail").String(event.detail);
  json.Key("advice").String(event.advice).Key("runbook").String(event.runbook);
  if (event.policy) {
    json.Key("policy");
    Write(json, *event.policy);
  }
  json.EndObject();
}

void Write(JsonWriter& json, const Destination& to) {
  json.BeginObject().Key("receiver").String(to.receiver).Key("integration").String(to.integration).Key("arguments");
  Write(json, to.arguments);
  json.EndObject();
}

void Write(JsonWriter& json, const Acknowledgement& ack) {
  json.BeginObject().Key("who").String(ack.who).Key("note").String(ack.note).Key("at").Int(ack.at);
  if (ack.until) json.Key("until").Int(*ack.until);
  json.Key("rank").Int(ack.rank).EndObject();
}

}  // namespace

std::string EncodeIncident(const Incident& incident) {
  JsonWriter json;
  json.BeginObject().Key("event");
  Write(json, incident.event);
  json.Key("open").Bool(incident.open).Key("started").Int(incident.started).Key("sequence").Int(incident.sequence);
  json.Key("told").BeginArray();
  for (const Destination& to : incident.told) Write(json, to);
  json.EndArray();
  if (incident.last_message) json.Key("last_message").Int(*incident.last_message);
  json.Key("repeats").Int(incident.repeats);
  if (incident.escalating_since) json.Key("escalating_since").Int(*incident.escalating_since);
  json.Key("steps_done").Int(incident.steps_done);
  json.Key("cooldown_until").Int(incident.cooldown_until).Key("cooldown_length").Int(incident.cooldown_length);
  json.Key("cooldown_rank").Int(incident.cooldown_rank).Key("cooldown_grown").Int(incident.cooldown_grown);
  json.Key("swallowed").Int(incident.swallowed).Key("awaits_cooldown").Bool(incident.awaits_cooldown);
  if (incident.ack) {
    json.Key("ack");
    Write(json, *incident.ack);
  }
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeMessage(const Message& message) {
  JsonWriter json;
  json.BeginObject().Key("key").String(message.key).Key("to");
  Write(json, message.to);
  json.Key("kind").String(MessageKindName(message.kind)).Key("alert");
  Write(json, *message.alert);
  json.Key("incident").Int(message.incident).Key("sequence").Int(message.sequence).Key("created").Int(message.created);
  json.Key("swallowed").Int(message.swallowed).Key("escalation_step").Int(message.escalation_step).EndObject();
  return std::move(json).Take();
}

}  // namespace tickbird::notify
