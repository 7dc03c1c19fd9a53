#pragma once

#include <string_view>

#include "rules/language/token.h"

namespace tickbird::language {

/// What a word that begins with a digit says: a number, a percentage, a size, a duration or a time of day. kInvalid
/// with a text that names the nearest right spelling when it is none of them. The span is left to the caller. Sizes
/// count in powers of two in either spelling (MB as MiB), as ParseByteSize and Prometheus do.
Token ReadQuantity(std::string_view word);

/// The most suitable units for a bare number where a duration is needed: `"15" needs a unit: write 15s or 15m`.
std::string DurationNeedsUnit(std::string_view number);

}  // namespace tickbird::language
