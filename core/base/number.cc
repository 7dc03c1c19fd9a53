#include "core/base/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird {
namespace {

bool AppendSpecial(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return true;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return true;
  }
  return false;
}

void AppendShortest(std::string& out, double value, bool exponent) {
  // Fixed notation of the largest double below 1e21 takes 21 digits, of the smallest above 1e-6 about 25.
  std::array<char, 64> buffer;
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  out.append(buffer.data(), end);
}

}  // namespace

void AppendDouble(std::string& out, double value) {
  if (AppendSpecial(out, value)) return;
  const double magnitude = std::fabs(value);
  AppendShortest(out, value, magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21));
}

std::string FormatDouble(double value) {
  std::string out;
  AppendDouble(out, value);
  return out;
}

void AppendDoubleExposition(std::string& out, double value) {
  if (AppendSpecial(out, value)) return;
  const double magnitude = std::fabs(value);
  AppendShortest(out, value, magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e21));
}

Result<double> ParseDouble(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  const double sign = negative ? -1.0 : 1.0;
  if (EqualsIgnoreCase(rest, "inf") || EqualsIgnoreCase(rest, "infinity"))
    return sign * std::numeric_limits<double>::infinity();
  if (EqualsIgnoreCase(rest, "nan") && rest.size() == text.size()) return std::numeric_limits<double>::quiet_NaN();
  const bool plausible = !rest.empty() && ((rest.front() >= '0' && rest.front() <= '9') || rest.front() == '.');
  auto format = std::chars_format::general;
  if (rest.size() > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X')) {
    format = std::chars_format::hex;
    rest.remove_prefix(2);
  }
  double value = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value, format);
  const bool whole = end == rest.data() + rest.size();
  if (!plausible || !whole || code == std::errc::invalid_argument || rest.empty()) {
    return Error{ErrorCode::kParse, fmt::format("\"{}\" is not a number", text.substr(0, 64))};
  }
  if (code == std::errc::result_out_of_range) {
    // from_chars does not say which side: a negative exponent means too small to represent.
    const auto exponent = rest.find_last_of(format == std::chars_format::hex ? "pP" : "eE");
    const bool tiny = exponent != std::string_view::npos ? rest.substr(exponent + 1, 1) == "-"
                                                         : rest.front() == '0' || rest.front() == '.';
    return tiny ? sign * 0.0 : sign * std::numeric_limits<double>::infinity();
  }
  return sign * value;
}

std::string HumanNumber(double value) {
  if (!std::isfinite(value)) return FormatDouble(value);
  const double magnitude = std::fabs(value);
  if (magnitude >= 1000 && magnitude < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string HumanPercent(double ratio) {
  if (!std::isfinite(ratio)) return FormatDouble(ratio);
  const double percent = ratio * 100;
  return std::fabs(percent) >= 99.95 || percent == std::round(percent) ? fmt::format("{:.0f}%", percent)
                                                                       : fmt::format("{:.1f}%", percent);
}

std::string HumanBytes(double bytes) {
  if (!std::isfinite(bytes)) return FormatDouble(bytes);
  constexpr std::array<std::string_view, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  while (std::fabs(bytes) >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f} B", bytes);
  return std::fabs(bytes) >= 100 ? fmt::format("{:.0f} {}", bytes, kUnits[unit])
                                 : fmt::format("{:.3g} {}", bytes, kUnits[unit]);
}

}  // namespace tickbird
