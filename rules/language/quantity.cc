#include "rules/language/quantity.h"

#include <array>
#include <cmath>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::language {
namespace {

constexpr std::array<std::string_view, 7> kDurationUnits = {"ms", "s", "m", "h", "d", "w", "y"};
constexpr std::array<std::string_view, 21> kUnits = {"ms", "s",   "m",   "h",   "d",   "w",   "y",
                                                     "B",  "KB",  "MB",  "GB",  "TB",  "PB",  "EB",
                                                     "%",  "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

Token Invalid(std::string message) {
  return {.kind = TokenKind::kInvalid, .text = std::move(message)};
}

bool IsClock(std::string_view word) {
  const auto colon = word.find(':');
  if (colon == 0 || colon > 2 || word.size() != colon + 3) return false;
  for (const char c : word) {
    if (c != ':' && !IsDigit(c)) return false;
  }
  return true;
}

/// The power of two that a unit of size stands for, or -1.
int SizeShift(std::string_view unit) {
  if (unit == "B") return 0;
  const bool well_formed = (unit.size() == 2 && unit[1] == 'B') || (unit.size() == 3 && unit.substr(1) == "iB");
  if (!well_formed) return -1;
  const auto prefix = std::string_view("KMGTPE").find(unit[0]);
  return prefix == std::string_view::npos ? -1 : static_cast<int>(prefix + 1) * 10;
}

Token ReadWithUnit(std::string_view word, std::string_view digits, std::string_view unit) {
  if (auto duration = ParseDuration(word)) {
    return {.kind = TokenKind::kDuration,
            .text = std::string(word),
            .number = static_cast<double>(*duration) / 1000,
            .duration = *duration};
  }
  const auto number = ParseDouble(digits);
  if (!number) return Invalid(fmt::format("\"{}\" is not a number", word));
  if (unit == "%") return {.kind = TokenKind::kPercent, .text = std::string(word), .number = *number / 100};
  if (const int shift = SizeShift(unit); shift >= 0) {
    return {.kind = TokenKind::kSize, .text = std::string(word), .number = std::ldexp(*number, shift)};
  }
  for (const std::string_view known : kDurationUnits) {
    if (unit.starts_with(known) && (unit.size() == known.size() || IsDigit(unit[known.size()]))) {
      return Invalid(ParseDuration(word).error().message);
    }
  }
  return Invalid(fmt::format(
      "unknown unit \"{}\" in \"{}\"{}; units are % for shares, ms s m h d w y for times, B KB MB GB TB for sizes",
      unit, word, DidYouMean(unit, kUnits)));
}

}  // namespace

Token ReadQuantity(std::string_view word) {
  if (IsClock(word)) return {.kind = TokenKind::kClock, .text = std::string(word)};
  if (const auto number = ParseDouble(word)) {
    return {.kind = TokenKind::kNumber, .text = std::string(word), .number = *number};
  }
  std::size_t digits = 0;
  while (digits < word.size() && (IsDigit(word[digits]) || word[digits] == '.')) ++digits;
  return ReadWithUnit(word, word.substr(0, digits), word.substr(digits));
}

std::string DurationNeedsUnit(std::string_view number) {
  return fmt::format("\"{0}\" needs a unit: write {0}s or {0}m", number);
}

}  // namespace tickbird::language
