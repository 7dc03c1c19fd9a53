#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"
#include "notifiers/pipeline/lane.h"
#include "tests/testing/fake_http_client.h"
#include "tests/testing/fake_mail_client.h"

namespace tickbird::notify::testing {

constexpr TimestampMs kRaisedAt = 1'763'726'400'000;  // 2025-11-21T12:00:00Z

inline AlertEvent Alert() {
  AlertEvent alert;
  alert.rule = "memory_high";
  alert.labels = Labels{{"alertname", "memory_high"}, {"instance", "a"}, {"team", "storage"}};
  alert.id = 0x0123456789abcdef;
  alert.level = {"high", 3};
  alert.value = 0.873;
  alert.at = kRaisedAt;
  alert.since = kRaisedAt;
  alert.condition = "> 85% for 2m";
  alert.expression = "1 - a / b";
  alert.summary = "Memory at 87.3% on a";
  alert.detail = "It grows.";
  alert.advice = "Raise the limit.";
  alert.runbook = "https://runbooks.example.org/memory?x=1&y=2";
  return alert;
}

inline Message About(AlertEvent alert, MessageKind kind = MessageKind::kRaised) {
  Message message;
  message.to = {"hook", "hook/webhook[0]", {}};
  message.kind = kind;
  message.incident = alert.since;
  message.created = kind == MessageKind::kCleared ? alert.at : alert.since;
  message.sequence = 1;
  message.key = MessageKey(alert.id, alert.since, 1, "hook/webhook[0]");
  message.alert = std::make_shared<const AlertEvent>(std::move(alert));
  return message;
}

inline Message Raised() {
  return About(Alert());
}

inline Message Cleared() {
  AlertEvent alert = Alert();
  alert.kind = AlertEvent::Kind::kCleared;
  alert.value = 0.7;
  alert.at = kRaisedAt + 125'000;
  return About(std::move(alert), MessageKind::kCleared);
}

inline Parcel ParcelOf(std::vector<Message> messages) {
  Parcel parcel;
  parcel.key = messages.front().key;
  parcel.messages = std::move(messages);
  return parcel;
}

/// Fields at line 1, 2, 3, ... of the file.
inline ReceiverSpec Spec(std::string kind, std::vector<std::pair<std::string, std::string>> fields) {
  ReceiverSpec spec{.name = "r", .kind = std::move(kind), .position = {100, 1}};
  for (auto& [name, value] : fields) {
    spec.fields.push_back({std::move(name), std::move(value), {static_cast<int>(spec.fields.size()) + 1, 5}});
  }
  return spec;
}

/// A channel on fakes.
struct Bench {
  tickbird::testing::FakeHttpClient http;
  tickbird::testing::FakeMailClient mail;
  PosixFs fs;

  ChannelDeps deps() { return {http, mail, fs, "host1", "http://tick.example"}; }
  Result<std::unique_ptr<Channel>> Create(const ReceiverSpec& spec) { return CreateChannel(spec, deps()); }
  /// Sends; the outcome is there once the fake has answered.
  std::shared_ptr<std::optional<SendOutcome>> Send(Channel& channel, std::vector<Message> messages) {
    auto outcome = std::make_shared<std::optional<SendOutcome>>();
    channel.Send(ParcelOf(std::move(messages)), kRaisedAt,
                 [outcome](SendOutcome result) { *outcome = std::move(result); });
    return outcome;
  }
};

}  // namespace tickbird::notify::testing
