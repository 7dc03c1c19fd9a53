#include <concepts>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/core.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/base/number.h"
#include "notifiers/store/codec.h"

namespace tickbird::notify {
namespace {

namespace json = boost::json;

/// Reads fields of one object; the first wrong one is remembered, and everything after it keeps its default.
class Reader {
 public:
  Reader(const json::object& object, std::string& problem) : object_(object), problem_(problem) {}

  void Read(std::string_view key, std::string& out) const {
    if (const json::value* value = Find(key)) {
      if (const json::string* text = value->if_string()) {
        out.assign(text->data(), text->size());
      } else {
        Complain(key, "a string");
      }
    }
  }
  void Read(std::string_view key, bool& out) const {
    if (const json::value* value = Find(key)) {
      if (const bool* flag = value->if_bool()) {
        out = *flag;
      } else {
        Complain(key, "true or false");
      }
    }
  }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void Read(std::string_view key, T& out) const {
    if (const json::value* value = Find(key)) {
      const std::int64_t* number = value->if_int64();
      if (number && std::in_range<T>(*number)) {
        out = static_cast<T>(*number);
      } else {
        Complain(key, "an integer");
      }
    }
  }
  void Read(std::string_view key, double& out) const {
    std::string text;
    Read(key, text);
    if (text.empty()) return;
    if (const Result<double> number = ParseDouble(text)) {
      out = *number;
    } else {
      Complain(key, "a number in quotes");
    }
  }
  template <class T>
  void Read(std::string_view key, std::optional<T>& out) const {
    if (Find(key) == nullptr) return;
    out.emplace();
    Read(key, *out);
  }
  template <class T>
  void Read(std::string_view key, std::vector<T>& out) const {
    const json::value* value = Find(key);
    if (value == nullptr) return;
    const json::array* items = value->if_array();
    if (items == nullptr) return Complain(key, "an array");
    for (const json::value& item : *items) {
      const json::object holder{{"item", item}};
      Reader(holder, problem_).Read("item", out.emplace_back());
    }
  }
  template <class T>
    requires requires(const Reader& reader, T& out) { ReadFields(reader, out); }
  void Read(std::string_view key, T& out) const {
    const json::value* value = Find(key);
    if (value == nullptr) return;
    if (const json::object* object = value->if_object()) {
      ReadFields(Reader(*object, problem_), out);
    } else {
      Complain(key, "an object");
    }
  }

  const json::object* FindObject(std::string_view key) const {
    const json::value* value = Find(key);
    return value == nullptr ? nullptr : value->if_object();
  }
  void Complain(std::string_view key, std::string_view expected) const {
    if (problem_.empty()) problem_ = fmt::format("\"{}\" is not {}", key, expected);
  }

 private:
  const json::value* Find(std::string_view key) const { return object_.if_contains({key.data(), key.size()}); }

  const json::object& object_;
  std::string& problem_;
};

void ReadFields(const Reader& in, AlertLevel& level) {
  in.Read("name", level.name);
  in.Read("rank", level.rank);
}

void ReadFields(const Reader& in, GrowingDelay& delay) {
  in.Read("first", delay.first);
  in.Read("factor", delay.factor);
  in.Read("max", delay.max);
}

void ReadFields(const Reader& in, NotifyTarget& target) {
  in.Read("receiver", target.receiver);
  in.Read("from_rank", target.from_rank);
  in.Read("arguments", target.arguments);
}

void ReadFields(const Reader& in, EscalationStep& step) {
  in.Read("after", step.after);
  in.Read("targets", step.targets);
}

void ReadFields(const Reader& in, NotifyPolicy& policy) {
  in.Read("notify", policy.notify);
  in.Read("cooldown", policy.cooldown);
  in.Read("repeat", policy.repeat);
  in.Read("escalation", policy.escalation);
  in.Read("escalation_loops", policy.escalation_loops);
  in.Read("ack_expires", policy.ack_expires);
  in.Read("notify_level_down", policy.notify_level_down);
}

void ReadAlertId(const Reader& in, std::uint64_t& id) {
  std::string text;
  in.Read("id", text);
  if (const auto parsed = ParseAlertId(text)) {
    id = *parsed;
  } else {
    in.Complain("id", "an alert id");
  }
}

void ReadLabels(const Reader& in, Labels& labels) {
  const json::object* pairs = in.FindObject("labels");
  if (pairs == nullptr) return in.Complain("labels", "an object");
  LabelsBuilder builder;
  for (const auto& [name, value] : *pairs) {
    const json::string* text = value.if_string();
    if (text == nullptr) return in.Complain("labels", "an object of strings");
    builder.Set({name.data(), name.size()}, {text->data(), text->size()});
  }
  labels = builder.Build();
}

void ReadFields(const Reader& in, AlertEvent& event) {
  ReadAlertId(in, event.id);
  int kind = 0;
  in.Read("kind", kind);
  if (kind < 0 || kind > static_cast<int>(AlertEvent::Kind::kCleared)) {
    in.Complain("kind", "a known kind");
  } else {
    event.kind = static_cast<AlertEvent::Kind>(kind);
  }
  in.Read("rule", event.rule);
  ReadLabels(in, event.labels);
  in.Read("level", event.level);
  in.Read("previous", event.previous);
  in.Read("value", event.value);
  in.Read("no_data", event.no_data);
  in.Read("at", event.at);
  in.Read("since", event.since);
  in.Read("condition", event.condition);
  in.Read("expression", event.expression);
  in.Read("summary", event.summary);
  in.Read("detail", event.detail);
  in.Read("advice", event.advice);
  in.Read("runbook", event.runbook);
  std::optional<NotifyPolicy> policy;
  in.Read("policy", policy);
  if (policy) event.policy = std::make_shared<const NotifyPolicy>(std::move(*policy));
}

void ReadFields(const Reader& in, Destination& to) {
  in.Read("receiver", to.receiver);
  in.Read("integration", to.integration);
  in.Read("arguments", to.arguments);
}

void ReadFields(const Reader& in, Acknowledgement& ack) {
  in.Read("who", ack.who);
  in.Read("note", ack.note);
  in.Read("at", ack.at);
  in.Read("until", ack.until);
  in.Read("rank", ack.rank);
}

void ReadFields(const Reader& in, Incident& incident) {
  in.Read("event", incident.event);
  in.Read("open", incident.open);
  in.Read("started", incident.started);
  in.Read("sequence", incident.sequence);
  in.Read("told", incident.told);
  in.Read("last_message", incident.last_message);
  in.Read("repeats", incident.repeats);
  in.Read("escalating_since", incident.escalating_since);
  in.Read("steps_done", incident.steps_done);
  in.Read("cooldown_until", incident.cooldown_until);
  in.Read("cooldown_length", incident.cooldown_length);
  in.Read("cooldown_rank", incident.cooldown_rank);
  in.Read("cooldown_grown", incident.cooldown_grown);
  in.Read("swallowed", incident.swallowed);
  in.Read("awaits_cooldown", incident.awaits_cooldown);
  in.Read("ack", incident.ack);
}

void ReadFields(const Reader& in, Message& message) {
  in.Read("key", message.key);
  in.Read("to", message.to);
  std::string kind;
  in.Read("kind", kind);
  if (const auto known = ParseMessageKind(kind)) {
    message.kind = *known;
  } else {
    in.Complain("kind", "a known kind");
  }
  AlertEvent alert;
  in.Read("alert", alert);
  message.alert = std::make_shared<const AlertEvent>(std::move(alert));
  in.Read("incident", message.incident);
  in.Read("sequence", message.sequence);
  in.Read("created", message.created);
  in.Read("swallowed", message.swallowed);
  in.Read("escalation_step", message.escalation_step);
}

template <class T>
Result<T> Decode(std::string_view text, std::string_view what) {
  boost::system::error_code code;
  const json::value root = json::parse({text.data(), text.size()}, code);
  const json::object* object = code ? nullptr : root.if_object();
  if (object == nullptr) return Error{ErrorCode::kCorruption, fmt::format("stored {} is not a JSON object", what)};
  T out;
  std::string problem;
  ReadFields(Reader(*object, problem), out);
  if (!problem.empty()) return Error{ErrorCode::kCorruption, fmt::format("stored {}: {}", what, problem)};
  return out;
}

}  // namespace

Result<Incident> DecodeIncident(std::string_view json) {
  return Decode<Incident>(json, "incident");
}
Result<Message> DecodeMessage(std::string_view json) {
  return Decode<Message>(json, "message");
}

}  // namespace tickbird::notify
