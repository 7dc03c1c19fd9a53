#include "notifiers/channels/webhook/body.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/json_writer.h"
#include "core/base/number.h"
#include "core/base/strings.h"
#include "core/model/labels.h"
#include "notifiers/channels/crypto.h"

namespace tickbird::notify {
namespace {

using Pairs = std::map<std::string, std::string>;

Pairs LabelsOf(const AlertEvent& alert) {
  Pairs pairs;
  for (const LabelView& label : alert.labels) pairs.emplace(label.name, label.value);
  pairs["severity"] = alert.level.name;
  return pairs;
}

Pairs AnnotationsOf(const AlertEvent& alert) {
  Pairs pairs;
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) pairs.emplace(name, text);
  };
  add("summary", alert.summary);
  add("description", alert.detail);
  add("advice", alert.advice);
  add("runbook_url", alert.runbook);
  add("value", FormatDouble(alert.value));
  return pairs;
}

void Write(JsonWriter& json, std::string_view key, const Pairs& pairs) {
  json.Key(key).BeginObject();
  for (const auto& [name, value] : pairs) json.Key(name).String(value);
  json.EndObject();
}

/// What all messages agree on.
Pairs Common(const std::vector<Message>& messages, Pairs (*of)(const AlertEvent&)) {
  Pairs common = of(*messages.front().alert);
  for (const Message& message : messages) {
    const Pairs own = of(*message.alert);
    std::erase_if(common, [&](const auto& pair) {
      const auto at = own.find(pair.first);
      return at == own.end() || at->second != pair.second;
    });
  }
  return common;
}

std::string_view Status(bool resolved) {
  return resolved ? "resolved" : "firing";
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string GeneratorUrl(const AlertEvent& alert, std::string_view external_url) {
  if (external_url.empty() || alert.expression.empty()) return std::string(external_url);
  return fmt::format("{}/graph?g0.expr={}&g0.tab=1", external_url, PercentEncode(alert.expression));
}

void WriteAlert(JsonWriter& json, const Message& message, std::string_view external_url) {
  const AlertEvent& alert = *message.alert;
  json.BeginObject().Key("status").String(Status(message.resolved()));
  Write(json, "labels", LabelsOf(alert));
  Write(json, "annotations", AnnotationsOf(alert));
  json.Key("startsAt").String(FormatTimestamp(message.incident));
  // Go's zero time is how Alertmanager says "not over".
  json.Key("endsAt").String(message.resolved() ? FormatTimestamp(alert.at) : "0001-01-01T00:00:00Z");
  json.Key("generatorURL").String(GeneratorUrl(alert, external_url));
  json.Key("fingerprint").String(FormatAlertId(alert.id)).EndObject();
}

std::string KeyOf(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (!secret.starts_with(kPrefix)) return std::string(secret);
  return Base64Decode(secret.substr(kPrefix.size())).value_or(std::string(secret));
}

}  // namespace

std::string BuildWebhookBody(const std::vector<Message>& messages, std::string_view receiver,
                             std::string_view external_url, std::size_t max_alerts) {
  const std::size_t listed = max_alerts == 0 ? messages.size() : std::min(messages.size(), max_alerts);
  const bool is_digest = messages.size() > 1;
  const Labels& labels = messages.front().alert->labels;
  Pairs group;
  if (!is_digest) {
    for (const LabelView& label : labels) group.emplace(label.name, label.value);
  }
  JsonWriter json;
  json.BeginObject().Key("receiver").String(receiver);
  json.Key("status").String(Status(std::ranges::all_of(messages, &Message::resolved)));
  json.Key("alerts").BeginArray();
  for (std::size_t i = 0; i < listed; ++i) WriteAlert(json, messages[i], external_url);
  json.EndArray();
  Write(json, "groupLabels", group);
  Write(json, "commonLabels", Common(messages, LabelsOf));
  Write(json, "commonAnnotations", Common(messages, AnnotationsOf));
  json.Key("externalURL").String(external_url).Key("version").String("4");
  json.Key("groupKey").String(fmt::format("{{}}:{}", is_digest ? "{}" : labels.ToString()));
  json.Key("truncatedAlerts").Uint(messages.size() - listed).EndObject();
  return std::move(json).Take();
}

std::string SignWebhook(std::string_view secrets, std::string_view id, std::int64_t timestamp_s,
                        std::string_view body) {
  const std::string signed_text = fmt::format("{}.{}.{}", id, timestamp_s, body);
  std::string signatures;
  for (const std::string_view secret : Split(secrets, ' ')) {
    if (secret.empty()) continue;
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1," + Base64Encode(HmacSha256(KeyOf(secret), signed_text));
  }
  return signatures;
}

}  // namespace tickbird::notify
