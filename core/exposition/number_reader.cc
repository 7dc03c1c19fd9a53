#include "core/exposition/number_reader.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/number.h"

namespace tickbird::exposition {
namespace {

// Powers of ten that a double holds exactly: mantissa / power is then rounded once, which is the right result (Clinger
// 1990).
constexpr std::array<double, 16> kPowersOfTen = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

bool ReadSlowly(std::string_view text, double& value) {
  if (text.find_first_of("xX") != std::string_view::npos) return false;
  const auto parsed = ParseDouble(text);
  if (!parsed) return false;
  value = *parsed;
  return true;
}

}  // namespace

bool ReadNumber(std::string_view text, double& value) {
  constexpr std::size_t kMostDigits = 15;  // below 2^53
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (at == end || static_cast<std::size_t>(end - at) > kMostDigits + 1) return ReadSlowly(text, value);
  std::uint64_t mantissa = 0;
  std::size_t digits = 0;
  std::size_t fraction = 0;
  bool point = false;
  for (; at != end; ++at) {
    if (*at >= '0' && *at <= '9') {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at - '0');
      ++digits;
      fraction += point;
    } else if (*at == '.' && !point) {
      point = true;
    } else {
      return ReadSlowly(text, value);
    }
  }
  if (digits == 0 || digits > kMostDigits) return ReadSlowly(text, value);
  const double magnitude = static_cast<double>(mantissa) / kPowersOfTen[fraction];
  value = negative ? -magnitude : magnitude;
  return true;
}

bool ReadTimestampMs(std::string_view text, TimestampMs& timestamp) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), timestamp);
  return code == std::errc() && end == text.data() + text.size();
}

bool ReadTimestampSeconds(std::string_view text, TimestampMs& timestamp) {
  double seconds = 0;
  if (!ReadNumber(text, seconds) || !std::isfinite(seconds)) return false;
  constexpr double kLimit = 9.2e18;
  const double milliseconds = std::round(seconds * 1000);
  if (milliseconds >= kLimit) {
    timestamp = std::numeric_limits<TimestampMs>::max();
  } else if (milliseconds <= -kLimit) {
    timestamp = std::numeric_limits<TimestampMs>::min();
  } else {
    timestamp = static_cast<TimestampMs>(milliseconds);
  }
  return true;
}

}  // namespace tickbird::exposition
