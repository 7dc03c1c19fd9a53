#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "agent/ingest/statsd/statsd_line.h"
#include "core/model/labels.h"

namespace tickbird::statsd {

/// What a StatsD metric becomes.
enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram, kSet };

/// Under which name and labels a line is stored.
struct Naming {
  std::string family;  ///< `page_load_seconds`; counters carry their `_total`.
  Kind kind = Kind::kGauge;
  double divisor = 1;    ///< Values are divided by it: 1000 for timers, so that they are in seconds.
  LabelsBuilder labels;  ///< The tags; without the metric name.
  int bad_tags = 0;      ///< Left out.
};

/// Names a metric as Prometheus users expect it:
/// - characters outside [a-zA-Z0-9_:] become '_', as in statsd_exporter; a leading digit gets '_' in front;
/// - counters end in `_total`, timers in `_seconds` (a trailing `_ms`, `_msec` or `_milliseconds` gives way to it);
/// - tags become labels. A tag without a value becomes `tag="true"`, the last of equal names wins, and names with a
/// meaning of
///   their own (job, instance, le, quantile, and what starts with "__") get "exported_" in front, as for scraped
///   labels.
/// Tags in the name, `n,k=v` (InfluxDB), `n#k=v` (Librato), `n[k=v]` (SignalFX), are read too, one style a line.
/// Fails with kMixedTagStyles, kInvalidUtf8 or kMalformedLine (nothing left of the name).
std::expected<Naming, Reason> NameSeries(std::string_view raw_name, std::string_view tags, LineType type);

}  // namespace tickbird::statsd
