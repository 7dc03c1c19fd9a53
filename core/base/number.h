#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace tickbird {

/// Writes a double as Prometheus' text formats do: shortest text that reads back to the same value, plain decimal
/// unless below 1e-6 or from 1e21 on, "NaN", "+Inf", "-Inf". Appends to `out`. Source: Go strconv.FormatFloat(v,
/// 'f'|'e', -1, 64) as used by the HTTP API (web/api/v1/json_codec.go).
void AppendDouble(std::string& out, double value);
std::string FormatDouble(double value);

/// As Go's 'g' format with shortest digits, the exposition formats' spelling: exponent below 1e-4 and from 1e21 on,
/// with at least two exponent digits ("1e-05", "1e+21").
void AppendDoubleExposition(std::string& out, double value);

/// Reads what Go's strconv.ParseFloat reads: decimal with exponent, hexadecimal floats, and any-case inf, +Inf,
/// -infinity, NaN. The whole text must be a number; no blanks. Out of range becomes infinity or zero. kParse.
Result<double> ParseDouble(std::string_view text);

/// For people: about three significant digits, "1.23", "45.6", "1,234" is never written.
std::string HumanNumber(double value);
/// "87.3%" for a ratio of 0.873.
std::string HumanPercent(double ratio);
/// "1.5 GiB".
std::string HumanBytes(double bytes);

}  // namespace tickbird
