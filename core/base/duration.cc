#include "core/base/duration.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>

#include <fmt/core.h>

namespace tickbird {
namespace {

struct Unit {
  std::string_view name;
  DurationMs ms;
};

constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDayMs},
                                         {"w", 7 * kDayMs},
                                         {"d", kDayMs},
                                         {"h", kHourMs},
                                         {"m", kMinuteMs},
                                         {"s", kSecondMs},
                                         {"ms", 1}}};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

Error BadDuration(std::string_view text, std::string_view why) {
  return {ErrorCode::kParse, fmt::format("\"{}\" is not a duration: {}", text, why)};
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
std::int64_t DaysFromCivil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = year - era * 400;
  const auto day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

/// Reads exactly `count` digits from the front of `text`.
bool TakeDigits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool TakeChar(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// A fraction ".123456" to milliseconds; more digits are cut.
bool TakeFraction(std::string_view& text, int& ms) {
  ms = 0;
  if (!TakeChar(text, '.')) return true;
  int scale = 100;
  if (text.empty() || !IsDigit(text.front())) return false;
  while (!text.empty() && IsDigit(text.front())) {
    ms += scale * (text.front() - '0');
    scale /= 10;
    text.remove_prefix(1);
  }
  return true;
}

bool TakeOffset(std::string_view& text, int& minutes) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) {
    minutes = 0;
    return true;
  }
  const bool negative = !text.empty() && text.front() == '-';
  int hours = 0;
  int rest = 0;
  if (!TakeChar(text, '+') && !TakeChar(text, '-')) return false;
  if (!TakeDigits(text, 2, hours) || !TakeChar(text, ':') || !TakeDigits(text, 2, rest)) return false;
  if (hours > 23 || rest > 59) return false;
  minutes = (hours * 60 + rest) * (negative ? -1 : 1);
  return true;
}

bool ParseRfc3339(std::string_view text, TimestampMs& out) {
  int year, month, day, hour, minute, second, ms, offset;
  if (!TakeDigits(text, 4, year) || !TakeChar(text, '-') || !TakeDigits(text, 2, month) || !TakeChar(text, '-') ||
      !TakeDigits(text, 2, day)) {
    return false;
  }
  if (!TakeChar(text, 'T') && !TakeChar(text, 't')) return false;
  if (!TakeDigits(text, 2, hour) || !TakeChar(text, ':') || !TakeDigits(text, 2, minute) || !TakeChar(text, ':') ||
      !TakeDigits(text, 2, second) || !TakeFraction(text, ms) || !TakeOffset(text, offset) || !text.empty()) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return false;
  const std::int64_t minutes = (DaysFromCivil(year, month, day) * 24 + hour) * 60 + minute - offset;
  out = (minutes * 60 + second) * kSecondMs + ms;
  return true;
}

}  // namespace

Result<DurationMs> ParseDuration(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return BadDuration(text, "it is empty; write for example 30s or 1h30m");
  std::string_view rest = text;
  DurationMs total = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (code == std::errc::result_out_of_range) return BadDuration(text, "the number is too large");
    if (code != std::errc() || !IsDigit(rest.front()))
      return BadDuration(text, "expected a number with a unit, for example 30s");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty()) return BadDuration(text, fmt::format("it needs a unit, for example {}s or {}m", number, number));
    if (rest.front() == '.')
      return BadDuration(text, "fractions are not allowed; use a smaller unit, for example 1500ms");
    std::size_t length = 0;
    while (length < rest.size() && !IsDigit(rest[length])) ++length;
    const std::string_view name = rest.substr(0, length);
    std::size_t unit = 0;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size())
      return BadDuration(text, fmt::format("unknown unit \"{}\"; use ms, s, m, h, d, w or y", name));
    if (unit < next_unit) return BadDuration(text, "units go from large to small, each once");
    next_unit = unit + 1;
    DurationMs part = 0;
    if (__builtin_mul_overflow(number, kUnits[unit].ms, &part) || __builtin_add_overflow(total, part, &total)) {
      return BadDuration(text, "it is too long");
    }
    rest.remove_prefix(length);
  }
  return total;
}

std::string FormatDuration(DurationMs duration) {
  if (duration == 0) return "0s";
  std::string out;
  if (duration < 0) out += '-';
  auto rest = duration < 0 ? 0 - static_cast<std::uint64_t>(duration) : static_cast<std::uint64_t>(duration);
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.ms);
    // Years and weeks only where they say it all: "90d" reads better than "12w6d".
    if ((unit.name == "y" || unit.name == "w") && rest % size != 0) continue;
    if (rest >= size) {
      out += fmt::format("{}{}", rest / size, unit.name);
      rest %= size;
    }
  }
  return out;
}

std::string HumanDuration(DurationMs duration) {
  std::string out = duration < 0 ? "-" : "";
  auto rest = duration < 0 ? 0 - static_cast<std::uint64_t>(duration) : static_cast<std::uint64_t>(duration);
  if (rest < 1000) return fmt::format("{}{}ms", out, rest);
  if (rest < 10'000) {
    const auto tenths = rest / 100;
    return tenths % 10 == 0 ? fmt::format("{}{}s", out, tenths / 10)
                            : fmt::format("{}{}.{}s", out, tenths / 10, tenths % 10);
  }
  int parts = 0;
  for (const Unit& unit : {kUnits[2], kUnits[3], kUnits[4], kUnits[5]}) {
    const auto size = static_cast<std::uint64_t>(unit.ms);
    if (rest >= size && parts < 2) {
      out += fmt::format("{}{}{}", parts > 0 ? " " : "", rest / size, unit.name);
      rest %= size;
      ++parts;
    } else if (parts > 0) {
      break;
    }
  }
  return out;
}

std::string FormatTimestamp(TimestampMs timestamp) {
  std::int64_t seconds = timestamp / 1000;
  std::int64_t ms = timestamp % 1000;
  if (ms < 0) {
    ms += 1000;
    --seconds;
  }
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (ms != 0) out += fmt::format(".{:03}", ms);
  return out + "Z";
}

Result<TimestampMs> ParseTimestamp(std::string_view text) {
  double seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code == std::errc() && end == text.data() + text.size() && std::isfinite(seconds)) {
    const double ms = std::round(seconds * 1000);
    if (std::fabs(ms) < 9.2e18) return static_cast<TimestampMs>(ms);
  }
  TimestampMs timestamp = 0;
  if (ParseRfc3339(text, timestamp)) return timestamp;
  return Error{
      ErrorCode::kParse,
      fmt::format("\"{}\" is not a time: write Unix seconds (1700000000.5) or RFC 3339 (2026-11-21T12:00:00Z)", text)};
}

Result<std::int64_t> ParseByteSize(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = code == std::errc() ? text.substr(static_cast<std::size_t>(end - text.data())) : "";
  constexpr std::string_view kPrefixes = "KMGTPE";
  int shift = -1;
  if (unit == "B") shift = 0;
  if (unit.size() >= 2 && unit.size() <= 3 && unit.back() == 'B') {
    const auto prefix = kPrefixes.find(unit.front());
    const bool spelling_ok = unit.size() == 2 || unit[1] == 'i';
    if (prefix != std::string_view::npos && spelling_ok) shift = static_cast<int>(prefix + 1) * 10;
  }
  std::int64_t bytes = 0;
  if (shift < 0 || number < 0 || __builtin_mul_overflow(number, std::int64_t{1} << shift, &bytes)) {
    return Error{ErrorCode::kParse,
                 fmt::format("\"{}\" is not a size: write a whole number and a unit, for example 512MB or 2GiB", text)};
  }
  return bytes;
}

}  // namespace tickbird
