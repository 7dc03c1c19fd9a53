#include "notifiers/channels/email/mime.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "notifiers/channels/crypto.h"

namespace tickbird::notify {
namespace {

constexpr std::size_t kLine = 76;

bool IsPlainAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string WithoutControls(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

/// Encoded words of RFC 2047, each whole code points: at most 45 octets, which are 60 in base64 and 72 with their
/// marks.
std::string EncodedWords(std::string_view text) {
  constexpr std::size_t kOctets = 45;
  std::string out;
  while (!text.empty()) {
    std::size_t cut = std::min(text.size(), kOctets);
    while (cut > 1 && cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    if (!out.empty()) out += "\r\n ";
    out += fmt::format("=?utf-8?B?{}?=", Base64Encode(text.substr(0, cut)));
    text.remove_prefix(cut);
  }
  return out;
}

std::string Folded(std::string_view value, std::size_t used) {
  std::string out;
  while (used + value.size() > kLine) {
    const std::size_t room = used < kLine ? kLine - used : 1;
    auto cut = value.substr(0, std::min(room, value.size())).rfind(' ');
    if (cut == std::string_view::npos || cut == 0) cut = value.find(' ', 1);
    if (cut == std::string_view::npos) break;
    out += value.substr(0, cut);
    out += "\r\n";
    value.remove_prefix(cut);  // the blank starts the next line
    used = 0;
    if (value.find(' ', 1) == std::string_view::npos) break;
  }
  return out.append(value);
}

void AppendQuotedLine(std::string& out, std::string_view line) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    const bool is_last = i + 1 == line.size();
    // Relays may cut blanks at line ends and stuff dots at line starts.
    const bool plain = (c > 0x20 && c < 0x7f && c != '=' && !(c == '.' && used == 0)) || (c == ' ' && !is_last);
    const std::size_t width = plain ? 1 : 3;
    if (used + width > kLine - 1) {
      out += "=\r\n";
      used = 0;
    }
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("={:02X}", c);
    }
    used += width;
  }
  out += "\r\n";
}

}  // namespace

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    AppendQuotedLine(out, text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return out;
}

std::string Header(std::string_view name, std::string_view value) {
  std::string out(name);
  out += ": ";
  const std::string clean = WithoutControls(value);
  if (!IsPlainAscii(clean)) return out + EncodedWords(clean) + "\r\n";
  // An ASCII text that looks like an encoded word would be decoded.
  if (clean.find("=?") != std::string::npos) return out + EncodedWords(clean) + "\r\n";
  return out + Folded(clean, out.size()) + "\r\n";
}

std::string MailDate(TimestampMs at) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(at)};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - days));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(days).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::optional<std::string> BareAddress(std::string_view text) {
  text = Trim(text);
  if (WithoutControls(text) != text) return std::nullopt;
  if (text.ends_with('>')) {
    const auto open = text.rfind('<');
    if (open == std::string_view::npos) return std::nullopt;
    text = text.substr(open + 1, text.size() - open - 2);
  }
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  const auto is_bad = [](char c) {
    return c <= 0x20 || c >= 0x7f || std::string_view("<>()[]\\,;:\"").find(c) != std::string_view::npos;
  };
  if (std::ranges::any_of(text, is_bad)) return std::nullopt;
  return std::string(text);
}

std::vector<std::string> SplitAddresses(std::string_view text) {
  std::vector<std::string> parts;
  std::string part;
  bool quoted = false;
  bool bracketed = false;
  const auto finish = [&] {
    if (const std::string_view trimmed = Trim(part); !trimmed.empty()) parts.emplace_back(trimmed);
    part.clear();
  };
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '<') bracketed = true;
    if (c == '>') bracketed = false;
    if (c == ',' && !quoted && !bracketed) {
      finish();
    } else {
      part += c;
    }
  }
  finish();
  return parts;
}

std::string SafeToken(std::string_view text) {
  constexpr std::string_view kSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  std::string out(text.substr(0, 200));
  std::ranges::replace_if(out, [&](char c) { return kSafe.find(c) == std::string_view::npos; }, '-');
  return out;
}

std::string EscapeHtml(std::string_view text) {
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
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace tickbird::notify
