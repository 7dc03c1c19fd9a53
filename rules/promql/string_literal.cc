#include <cstdint>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/promql/lexer.h"

namespace tickbird::promql {
namespace {

Error BadEscape(std::string_view escape) {
  return {
      ErrorCode::kParse,
      fmt::format("bad escape {} in a string: known are \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\' \\123 \\x1f \\u1234 "
                  "\\U00012345; a raw string is written `...`",
                  Quoted(escape))};
}

void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Reads exactly `count` digits of `base` at the front of `rest`.
bool TakeDigits(std::string_view& rest, std::size_t count, int base, std::uint32_t& value) {
  if (rest.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = DigitValue(rest[i]);
    if (digit >= base) return false;
    value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
  }
  rest.remove_prefix(count);
  return true;
}

/// `rest` starts behind the backslash and is moved behind the escape.
bool AppendEscape(std::string& out, std::string_view& rest, char quote) {
  if (rest.empty()) return false;
  const char kind = rest.front();
  constexpr std::string_view kNames = "abfnrtv\\";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
  std::uint32_t code = 0;
  if (kind >= '0' && kind <= '7') {
    if (!TakeDigits(rest, 3, 8, code) || code > 0xFF) return false;
    out += static_cast<char>(code);
    return true;
  }
  rest.remove_prefix(1);
  if (kind == quote) {
    out += quote;
  } else if (const auto simple = kNames.find(kind); simple != std::string_view::npos) {
    out += kValues[simple];
  } else if (kind == 'x') {
    if (!TakeDigits(rest, 2, 16, code)) return false;
    out += static_cast<char>(code);
  } else if (kind == 'u' || kind == 'U') {
    if (!TakeDigits(rest, kind == 'u' ? 4 : 8, 16, code)) return false;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    AppendUtf8(out, code);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<std::string> ParseStringLiteral(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return Error{ErrorCode::kParse, "not a quoted string"};
  const char quote = text.front();
  std::string_view rest = text.substr(1, text.size() - 2);
  std::string out;
  if (quote == '`') {
    // As in Go, carriage returns are not part of a raw string.
    for (const char c : rest) {
      if (c != '\r') out += c;
    }
    return out;
  }
  while (!rest.empty()) {
    if (rest.front() != '\\') {
      out += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const std::string_view escape = rest.substr(0, 2);
    rest.remove_prefix(1);
    if (!AppendEscape(out, rest, quote)) return BadEscape(escape);
  }
  return out;
}

}  // namespace tickbird::promql
