#include "notifiers/channels/email/mail.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "core/model/alert_event.h"
#include "notifiers/channels/email/mail_body.h"
#include "notifiers/channels/email/mime.h"
#include "notifiers/channels/message_text.h"

namespace tickbird::notify {
namespace {

constexpr std::size_t kMaxSubject = 200;

constexpr std::array<std::string_view, 12> kReserved = {"From",           "To",           "Date",
                                                        "Message-ID",     "In-Reply-To",  "References",
                                                        "MIME-Version",   "Content-Type", "Content-Transfer-Encoding",
                                                        "Auto-Submitted", "Bcc",          "Cc"};

std::string Host(const MailLook& look) {
  std::string host = SafeToken(look.hostname);
  return host.empty() ? "localhost" : host + (host.find('.') == std::string::npos ? ".tickbird" : "");
}

std::string FindHeader(const MailLook& look, std::string_view name, std::string fallback) {
  for (const auto& [key, value] : look.headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return fallback;
}

/// What filters and threads go by; for one alert only, a digest has no thread.
std::string AlertHeaders(const Message& message, const std::string& host) {
  const AlertEvent& alert = *message.alert;
  const std::string id = FormatAlertId(alert.id);
  const std::string root = fmt::format("<{}-{:x}.incident@{}>", id, static_cast<std::uint64_t>(message.incident), host);
  return Header("In-Reply-To", root) + Header("References", root) + Header("X-Tickbird-Alert", alert.rule) +
         Header("X-Tickbird-Alert-ID", id) + Header("X-Tickbird-Level", alert.level.name) +
         Header("X-Tickbird-Status", message.resolved() ? "resolved" : "firing") +
         Header("X-Tickbird-Kind", MessageKindName(message.kind));
}

std::string ImportanceHeaders(const std::vector<Message>& messages) {
  Tone worst = Tone::kCleared;
  for (const Message& message : messages) worst = std::max(worst, ToneOf(message));
  if (worst >= Tone::kHigh) return "Importance: high\r\nX-Priority: 1\r\n";
  if (worst <= Tone::kInfo) return "Importance: low\r\nX-Priority: 5\r\n";
  return "Importance: normal\r\nX-Priority: 3\r\n";
}

std::string Part(std::string_view boundary, std::string_view type, std::string_view body) {
  return fmt::format("--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                     boundary, type, QuotedPrintable(body));
}

}  // namespace

std::string BuildMail(const Parcel& parcel, const MailLook& look) {
  const std::vector<Message>& messages = parcel.messages;
  const std::string host = Host(look);
  TimestampMs created = 0;
  for (const Message& message : messages) created = std::max(created, message.created);
  // '=' never stands before '_' in quoted-printable, so no line of a part can be the boundary.
  const std::string boundary = "=_" + SafeToken(parcel.key);

  std::string out = Header("From", look.from) + Header("To", look.to);
  out += Header("Subject", FindHeader(look, "Subject", Headline(messages, kMaxSubject)));
  out += Header("Date", MailDate(created)) + Header("Message-ID", fmt::format("<{}@{}>", SafeToken(parcel.key), host));
  if (messages.size() == 1) out += AlertHeaders(messages.front(), host);
  out +=
      Header("Auto-Submitted", "auto-generated") + Header("List-Id", fmt::format("Tickbird alerts <alerts.{}>", host));
  out += ImportanceHeaders(messages);
  for (const auto& [name, value] : look.headers) {
    if (!EqualsIgnoreCase(name, "Subject")) out += Header(name, value);
  }
  out += fmt::format("MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"{}\"\r\n\r\n", boundary);
  out += Part(boundary, "text/plain", BuildMailText(messages, look.external_url));
  out += Part(boundary, "text/html", BuildMailHtml(messages, look.external_url));
  return out + fmt::format("--{}--\r\n", boundary);
}

bool IsReservedMailHeader(std::string_view name) {
  return std::ranges::any_of(kReserved, [&](std::string_view reserved) { return EqualsIgnoreCase(reserved, name); });
}

}  // namespace tickbird::notify
