#pragma once

#include <string_view>

#include "core/base/clock.h"

namespace tickbird::exposition {

/// Reads a value of the text formats: decimal with an optional exponent, or NaN and Inf in any case with a sign. Unlike
/// ParseDouble it refuses hexadecimal, which both formats forbid, and takes the short way for the short numbers most
/// pages consist of. False when `text` is anything else.
bool ReadNumber(std::string_view text, double& value);

/// A timestamp of text 0.0.4: whole milliseconds, with a sign.
bool ReadTimestampMs(std::string_view text, TimestampMs& timestamp);

/// A timestamp of OpenMetrics: seconds, any finite number. Rounded to milliseconds; one outside the range of
/// TimestampMs becomes its nearest end.
bool ReadTimestampSeconds(std::string_view text, TimestampMs& timestamp);

}  // namespace tickbird::exposition
