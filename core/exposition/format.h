#pragma once

#include <string_view>

namespace tickbird::exposition {

/// The two text formats metrics are exchanged in.
enum class Format {
  kText,         ///< Prometheus text 0.0.4: forgiving about blanks, timestamps in milliseconds.
  kOpenMetrics,  ///< OpenMetrics 1.0: exact about blanks, timestamps in seconds, "# EOF" at the end, exemplars, units.
};

/// What a writer does with names outside [a-zA-Z_:][a-zA-Z0-9_:]*. Source: Prometheus docs, escaping_schemes.md.
enum class Escaping {
  kUnderscores,  ///< Each bad character becomes '_'. Two names may become one.
  kDots,         ///< '.' becomes "_dot_", '_' becomes "__", others "__".
  kValues,       ///< "U__" in front, each bad character becomes its hexadecimal code point between '_'. Can be undone.
  kAllowUtf8,    ///< Written as they are, in quotes.
};

}  // namespace tickbird::exposition
