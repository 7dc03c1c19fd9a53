#include "agent/samplers/text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

constexpr std::size_t kQuotedLineBytes = 80;

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

std::string_view TakeLine(std::string_view& text) {
  const auto* const newline =
      text.empty() ? nullptr : static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
  if (newline == nullptr) {
    const std::string_view line = text;
    text = {};
    return line;
  }
  const auto length = static_cast<std::size_t>(newline - text.data());
  const std::string_view line = text.substr(0, length);
  text.remove_prefix(length + 1);
  return line;
}

std::string_view TakeField(std::string_view& line) {
  const char* at = line.data();
  const char* const end = at + line.size();
  while (at != end && IsBlank(*at)) ++at;
  const char* const start = at;
  while (at != end && !IsBlank(*at)) ++at;
  line = std::string_view(at, static_cast<std::size_t>(end - at));
  return {start, static_cast<std::size_t>(at - start)};
}

bool ParseUint(std::string_view field, std::uint64_t& value) {
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  return error == std::errc() && stop == end;
}

bool ParseInteger(std::string_view field, double& value) {
  const bool is_negative = field.starts_with('-');
  std::uint64_t magnitude = 0;
  if (!ParseUint(is_negative ? field.substr(1) : field, magnitude)) return false;
  value = is_negative ? -static_cast<double>(magnitude) : static_cast<double>(magnitude);
  return true;
}

bool ParseFraction(std::string_view field, double& value) {
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value, std::chars_format::fixed);
  return error == std::errc() && stop == end && std::isfinite(value) && value >= 0;
}

bool TakeUint(std::string_view& line, std::uint64_t& value) {
  return ParseUint(TakeField(line), value);
}

Error MalformedLine(std::string_view file, int line_number, std::string_view expected, std::string_view line) {
  std::string message(file);
  message += " line " + std::to_string(line_number) + ": expected ";
  message += expected;
  message += ", got " + Quoted(line.substr(0, kQuotedLineBytes));
  return {.code = ErrorCode::kParse, .message = std::move(message)};
}

}  // namespace tickbird::samplers
