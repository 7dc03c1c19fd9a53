#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird::tsdb {

/// A new identifier: 48 bits of time, 80 of chance, in Crockford's base 32. Sorts by time.
std::string NewUlid(TimestampMs now);
/// 26 characters of that alphabet, not above the largest.
bool IsUlid(std::string_view name);

}  // namespace tickbird::tsdb
