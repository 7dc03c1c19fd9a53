#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace tickbird::statsd {

/// Why a line, or a part of one, was not taken. Also the label `reason` of tickbird_statsd_errors_total.
enum class Reason : std::uint8_t {
  kMalformedLine,    ///< No name, no ':' or no '|'.
  kMalformedValue,   ///< Not a finite number. The other values of a packed line count.
  kUnknownType,      ///< Behind the '|' stands none of c g ms h d s m.
  kBadSampleRate,    ///< Not in [1e-9, 1]. The line counts as sampled at 1.
  kBadTag,           ///< A tag without a name. The line counts without it.
  kMixedTagStyles,   ///< Tags in the name and behind "|#" on one line.
  kInvalidUtf8,      ///< Name or tags are not UTF-8.
  kNegativeCounter,  ///< Counters only grow.
  kTooLong,          ///< Name and tags are longer than the limit.
  kTypeConflict,     ///< The metric exists with another type.
  kNameLimit,        ///< One metric name more than allowed; dropped.
  kSeriesLimit,      ///< One label set more than allowed; counted in the overflow series of its name, or dropped.
  kSetLimit,         ///< One distinct value more than a set holds between flushes; not counted in the set.
  kEvent,            ///< A DogStatsD event (`_e{`): understood, not supported.
  kServiceCheck,     ///< A DogStatsD service check (`_sc|`): understood, not supported.
};
inline constexpr int kReasonCount = static_cast<int>(Reason::kServiceCheck) + 1;

/// "malformed_line", "malformed_value", ...
std::string_view ReasonName(Reason reason);

/// What the letters behind the '|' ask for.
enum class LineType : std::uint8_t {
  kCounter,       ///< c, and m (meter)
  kGauge,         ///< g
  kTimer,         ///< ms
  kHistogram,     ///< h
  kDistribution,  ///< d
  kSet,           ///< s
};
inline constexpr int kLineTypeCount = static_cast<int>(LineType::kSet) + 1;

std::string_view LineTypeName(LineType type);

/// One line, `page_load:320:410|ms|@0.5|#page:home`, taken apart. Views into the line.
struct Line {
  std::string_view name;    ///< As sent: may hold tags in the styles of InfluxDB, Librato or SignalFX.
  std::string_view values;  ///< One value, or several with ':' between (never for sets); not yet checked.
  std::string_view tags;    ///< Behind "|#": `k:v,k2:v2`.
  LineType type = LineType::kCounter;
  double sample_rate = 1;        ///< In [1e-9, 1].
  bool bad_sample_rate = false;  ///< It had one that is not, and 1 was put in its place.
};

/// Takes a line without its newline. Extension fields (container id, timestamp, external data, cardinality, unknown
/// ones) are skipped. Allocates nothing. Source: github.com/statsd/statsd docs/metric_types.md; DogStatsD protocol 1.0
/// to 1.6.
std::expected<Line, Reason> ParseLine(std::string_view line);

}  // namespace tickbird::statsd
