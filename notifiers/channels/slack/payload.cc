#include "notifiers/channels/slack/payload.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/json_writer.h"
#include "core/model/labels.h"
#include "notifiers/channels/message_text.h"

namespace tickbird::notify {
namespace {

// Slack cuts or refuses above these (conventions, chat.postMessage): runes before escaping.
constexpr std::size_t kMaxHeadline = 1024;
constexpr std::size_t kMaxText = 2500;
constexpr std::size_t kMaxField = 300;
/// More attachments are refused; a longer digest lists the rest as lines of text.
constexpr std::size_t kMaxAttachments = 20;
constexpr std::size_t kMaxDigestText = 12'000;

void WriteField(JsonWriter& json, std::string_view title, std::string_view value, bool is_short) {
  json.BeginObject()
      .Key("title")
      .String(EscapeSlack(title))
      .Key("value")
      .String(EscapeSlack(CutRunes(value, kMaxField)));
  json.Key("short").Bool(is_short).EndObject();
}

std::string Body(const AlertEvent& alert) {
  std::string text = alert.detail;
  if (!alert.advice.empty()) text += fmt::format("{}{}", text.empty() ? "" : "\n", alert.advice);
  text = EscapeSlack(CutRunes(text, kMaxText));
  const bool has_link = alert.runbook.starts_with("https://") || alert.runbook.starts_with("http://");
  if (has_link && alert.runbook.find_first_of("|<> \n") == std::string::npos) {
    text += fmt::format("{}<{}|Runbook>", text.empty() ? "" : "\n", EscapeSlack(alert.runbook));
  } else if (!alert.runbook.empty()) {
    text += fmt::format("{}Runbook: {}", text.empty() ? "" : "\n", EscapeSlack(CutRunes(alert.runbook, kMaxField)));
  }
  return text;
}

void WriteAttachment(JsonWriter& json, const Message& message, bool with_title, std::string_view external_url) {
  const AlertEvent& alert = *message.alert;
  const std::string headline = EscapeSlack(Headline(message, kMaxHeadline));
  json.BeginObject().Key("color").String(ToneColour(ToneOf(message))).Key("fallback").String(headline);
  if (with_title) json.Key("title").String(headline);
  if (!external_url.empty()) {
    if (!with_title) json.Key("title").String(EscapeSlack(alert.rule));
    json.Key("title_link").String(external_url);
  }
  if (const std::string body = Body(alert); !body.empty()) json.Key("text").String(body);
  json.Key("fields").BeginArray();
  for (const auto& [name, value] : Facts(message)) WriteField(json, name, value, true);
  WriteField(json, "Labels", alert.labels.ToString(), false);
  if (const std::string ack = AckCommand(message); !ack.empty()) WriteField(json, "Take it", ack, false);
  json.EndArray();
  json.Key("footer").String("Tickbird").Key("ts").Int(message.created / kSecondMs).EndObject();
}

/// A line for each message that gets no attachment of its own.
std::string DigestLines(const std::vector<Message>& messages) {
  std::string lines;
  for (std::size_t i = kMaxAttachments; i < messages.size(); ++i) {
    std::string line = "\n" + EscapeSlack(Headline(messages[i], 150));
    if (lines.size() + line.size() > kMaxDigestText) return lines + fmt::format("\n… and {} more", messages.size() - i);
    lines += line;
  }
  return lines;
}

}  // namespace

std::string BuildSlackPayload(const std::vector<Message>& messages, const SlackLook& look,
                              std::string_view external_url) {
  JsonWriter json;
  json.BeginObject();
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.Key(key).String(value);
  };
  add("channel", look.channel);
  add("username", look.username);
  add("icon_emoji", look.icon_emoji);
  add("icon_url", look.icon_url);
  json.Key("text").String(EscapeSlack(Headline(messages, kMaxHeadline)) + DigestLines(messages));
  json.Key("attachments").BeginArray();
  const std::size_t count = std::min(messages.size(), kMaxAttachments);
  for (std::size_t i = 0; i < count; ++i) WriteAttachment(json, messages[i], messages.size() > 1, external_url);
  json.EndArray().EndObject();
  return std::move(json).Take();
}

std::string EscapeSlack(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace tickbird::notify
