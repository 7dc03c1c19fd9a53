#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace tickbird {

/// Parses Prometheus' durations: units y w d h m s ms in falling order, each at most once ("1h30m"), or a bare "0".
/// Fractions and numbers without a unit are refused with a text that says how to write it. kParse.
/// Source: prometheus/common, model/time.go. 1y = 365 d, 1w = 7 d.
Result<DurationMs> ParseDuration(std::string_view text);

/// The shortest spelling that ParseDuration reads back: "1h30m", "90ms", "0s". Negative values get a leading '-'.
std::string FormatDuration(DurationMs duration);

/// For people: at most two units and no milliseconds above ten seconds: "2m 5s", "1d 3h", "340ms".
std::string HumanDuration(DurationMs duration);

/// RFC 3339 in UTC with milliseconds when there are any: "2026-11-21T12:00:00Z", "2026-11-21T12:00:00.250Z".
std::string FormatTimestamp(TimestampMs timestamp);

/// Reads RFC 3339 with any offset and up to nanoseconds (cut to milliseconds), or Unix seconds with a fraction. kParse.
Result<TimestampMs> ParseTimestamp(std::string_view text);

/// Parses "512MB", "10KiB", "3GiB": a number with a unit, powers of two in either spelling, as Prometheus does. kParse.
Result<std::int64_t> ParseByteSize(std::string_view text);

}  // namespace tickbird
