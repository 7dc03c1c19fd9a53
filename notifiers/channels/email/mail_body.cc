#include "notifiers/channels/email/mail_body.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/model/labels.h"
#include "notifiers/channels/email/mime.h"
#include "notifiers/channels/message_text.h"

namespace tickbird::notify {
namespace {

constexpr std::size_t kMaxHeadline = 400;
constexpr std::string_view kFont = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

bool IsLink(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string TextOf(const Message& message) {
  const AlertEvent& alert = *message.alert;
  std::string out = Headline(message, kMaxHeadline) + "\n\n";
  for (const auto& [name, value] : Facts(message)) out += fmt::format("{:<13} {}\n", name + ":", value);
  const auto paragraph = [&](std::string_view title, const std::string& text) {
    if (!text.empty()) out += fmt::format("\n{}{}\n", title, text);
  };
  paragraph("", alert.detail);
  paragraph("What to do: ", alert.advice);
  paragraph("Runbook: ", alert.runbook);
  out += "\nLabels:\n";
  for (const LabelView& label : alert.labels) out += fmt::format("  {} = {}\n", label.name, label.value);
  paragraph("To take it: ", AckCommand(message));
  return out;
}

std::string Row(std::string_view name, std::string_view value) {
  return fmt::format(
      "<tr><td style=\"padding:4px 12px 4px 0;color:#57606a;vertical-align:top;white-space:nowrap\">{}</td>"
      "<td style=\"padding:4px 0;word-break:break-word\">{}</td></tr>\n",
      EscapeHtml(name), EscapeHtml(value));
}

/// Text of the rule's author: line ends stay line ends.
std::string Paragraph(std::string_view title, std::string_view text) {
  if (text.empty()) return {};
  std::string body;
  for (const char c : EscapeHtml(text)) {
    if (c == '\n') body += "<br>\n";
    if (c != '\n' && c != '\r') body += c;
  }
  std::string bold = title.empty() ? std::string() : fmt::format("<b>{}</b> ", EscapeHtml(title));
  return fmt::format("<p style=\"margin:12px 0\">{}{}</p>\n", bold, body);
}

std::string Runbook(const std::string& runbook) {
  if (!IsLink(runbook)) return Paragraph("Runbook:", runbook);
  return fmt::format("<p style=\"margin:12px 0\"><b>Runbook:</b> <a href=\"{0}\">{0}</a></p>\n", EscapeHtml(runbook));
}

std::string HtmlOf(const Message& message) {
  const AlertEvent& alert = *message.alert;
  std::string out = fmt::format(
      "<div style=\"background:{};color:#ffffff;padding:12px "
      "16px;font-size:18px;font-weight:600;word-break:break-word\">{}</div>\n"
      "<div style=\"padding:8px 16px 16px;font-size:15px;line-height:1.45;color:#1f2328\">\n<table "
      "style=\"border-collapse:collapse\">\n",
      ToneColour(ToneOf(message)), EscapeHtml(Headline(message, kMaxHeadline)));
  for (const auto& [name, value] : Facts(message)) out += Row(name, value);
  out += "</table>\n";
  out += Paragraph({}, alert.detail) + Paragraph("What to do:", alert.advice) + Runbook(alert.runbook);
  out += "<table style=\"border-collapse:collapse;font-family:monospace;font-size:13px\">\n";
  for (const LabelView& label : alert.labels) out += Row(label.name, label.value);
  out += "</table>\n";
  if (const std::string ack = AckCommand(message); !ack.empty()) {
    out += fmt::format(
        "<p style=\"margin:12px 0\">To take it: <code style=\"background:#f0f1f3;padding:2px 6px\">{}</code></p>\n",
        EscapeHtml(ack));
  }
  return out + "</div>\n";
}

}  // namespace

std::string BuildMailText(const std::vector<Message>& messages, std::string_view external_url) {
  std::string out;
  if (messages.size() > 1) {
    out += Headline(messages, kMaxHeadline) + "\nThe limit of this receiver was reached; this is everything since.\n\n";
    for (const Message& message : messages) out += "  " + Headline(message, 150) + "\n";
    out += '\n';
  }
  for (const Message& message : messages) {
    if (messages.size() > 1) out += "----------------------------------------\n";
    out += TextOf(message) + '\n';
  }
  return out + fmt::format("-- \nTickbird{}{}\n", external_url.empty() ? "" : " ", external_url);
}

std::string BuildMailHtml(const std::vector<Message>& messages, std::string_view external_url) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"></head>\n"
      "<body style=\"margin:0;padding:12px;background:#f6f8fa;{}\">\n"
      "<div style=\"max-width:640px;margin:0 auto;background:#ffffff;border:1px solid #d0d7de\">\n",
      kFont);
  if (messages.size() > 1) {
    out += fmt::format(
        "<div style=\"padding:12px 16px;font-size:18px;font-weight:600\">{}</div>\n<p style=\"margin:0 16px 12px\">"
        "The limit of this receiver was reached; this is everything since.</p>\n",
        EscapeHtml(Headline(messages, kMaxHeadline)));
  }
  for (const Message& message : messages) out += HtmlOf(message);
  out += "<div style=\"padding:8px 16px;font-size:12px;color:#57606a;border-top:1px solid #d0d7de\">";
  if (IsLink(external_url)) {
    out += fmt::format("<a href=\"{}\" style=\"color:#57606a\">Tickbird</a>", EscapeHtml(external_url));
  } else {
    out += "Tickbird";
  }
  return out + "</div>\n</div>\n</body></html>\n";
}

}  // namespace tickbird::notify
