#include "core/exposition/escaping.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "core/model/labels.h"

namespace tickbird::exposition {
namespace {

constexpr std::string_view kValuesPrefix = "U__";
constexpr char32_t kReplacement = 0xfffd;

/// Takes one character off the front; U+FFFD for a byte that starts none.
char32_t TakeCharacter(std::string_view& rest) {
  const auto lead = static_cast<unsigned char>(rest.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const std::string_view bytes = rest.substr(0, length);
  if (bytes.size() < length || !IsValidUtf8(bytes)) {
    rest.remove_prefix(1);
    return kReplacement;
  }
  constexpr unsigned kLeadBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t character = lead & kLeadBits[length];
  for (const char c : bytes.substr(1)) character = character << 6 | (static_cast<unsigned char>(c) & 0x3f);
  rest.remove_prefix(length);
  return character;
}

void AppendCharacter(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLead[more] | (c >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3f));
}

bool IsLegacyCharacter(char32_t c, bool first, bool is_label) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && !is_label);
  return letter || (!first && c >= '0' && c <= '9');
}

void AppendByEscaping(std::string& out, char32_t c, bool legacy, Escaping escaping) {
  if (escaping == Escaping::kUnderscores) {
    out += legacy ? static_cast<char>(c) : '_';
  } else if (c == '_') {
    out += "__";
  } else if (legacy) {
    out += static_cast<char>(c);
  } else if (escaping == Escaping::kDots) {
    out += c == '.' ? "_dot_" : "__";
  } else {
    out += c == kReplacement ? std::string("_FFFD_") : fmt::format("_{:x}_", static_cast<std::uint32_t>(c));
  }
}

/// The character whose hexadecimal code point and closing '_' `rest` starts with.
std::optional<char32_t> TakeCodePoint(std::string_view& rest) {
  const std::size_t end = rest.find('_');
  if (end == std::string_view::npos || end == 0 || end > 6) return std::nullopt;
  const std::string_view digits = rest.substr(0, end);
  const char* const digits_end = digits.data() + digits.size();
  std::uint32_t code = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits_end, code, 16);
  if (error != std::errc() || at != digits_end || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    return std::nullopt;
  }
  rest.remove_prefix(end + 1);
  return code;
}

std::optional<std::string> UnescapeValues(std::string_view rest) {
  std::string out;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '_') {
      out += c;
    } else if (rest.starts_with('_')) {
      out += '_';
      rest.remove_prefix(1);
    } else if (const auto character = TakeCodePoint(rest)) {
      AppendCharacter(out, *character);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::string UnescapeDots(std::string_view rest) {
  constexpr std::string_view kDot = "_dot_";
  std::string out;
  while (!rest.empty()) {
    if (rest.starts_with(kDot)) {
      out += '.';
      rest.remove_prefix(kDot.size());
    } else {
      out += rest.front();
      rest.remove_prefix(rest.starts_with("__") ? 2 : 1);
    }
  }
  return out;
}

}  // namespace

void AppendEscapedName(std::string& out, std::string_view name, Escaping escaping, bool is_label) {
  const bool legacy_name = is_label ? IsLegacyLabelName(name) : IsLegacyMetricName(name);
  if (escaping == Escaping::kAllowUtf8 || (legacy_name && escaping != Escaping::kDots)) {
    out += name;
    return;
  }
  if (escaping == Escaping::kValues) out += kValuesPrefix;
  const std::size_t start = out.size();
  while (!name.empty()) {
    const char32_t c = TakeCharacter(name);
    // As upstream: a digit in front is escaped even behind "U__".
    AppendByEscaping(out, c, IsLegacyCharacter(c, out.size() == start, is_label), escaping);
  }
}

std::string UnescapeName(std::string_view name, Escaping escaping) {
  if (escaping == Escaping::kDots) return UnescapeDots(name);
  if (escaping == Escaping::kValues && name.starts_with(kValuesPrefix)) {
    if (auto plain = UnescapeValues(name.substr(kValuesPrefix.size()))) return std::move(*plain);
  }
  return std::string(name);
}

void AppendValidUtf8(std::string& out, std::string_view text) {
  if (IsValidUtf8(text)) {
    out += text;
    return;
  }
  while (!text.empty()) AppendCharacter(out, TakeCharacter(text));
}

}  // namespace tickbird::exposition
