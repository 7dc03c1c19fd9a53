#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/exposition/negotiate.h"
#include "core/model/queryable.h"

namespace tickbird::exporters {

/// A label that says nothing on this page: it is left out where it has this value.
struct StripLabel {
  std::string name;
  std::string value;
};

struct PageOptions {
  /// `instance=<this host>` and `job=node` make the page look like node_exporter's.
  std::vector<StripLabel> strip;
  /// A series is shown when its newest sample is younger than this.
  DurationMs lookback = 5 * kMinuteMs;
  /// Identity under which our own metrics are stored: where a family of `own` comes with it from the store, it is
  /// skipped there.
  std::string own_job = "tickbird";
  std::string own_instance;
};

struct PageCounts {
  std::size_t families = 0;
  std::size_t series = 0;
  /// Series that were the same as another one after stripping, and were left out.
  std::size_t duplicates = 0;
};

/// Appends the /metrics page to `out`: the newest sample of every stored series, and `own` (what the registry's
/// Collect() gave), without timestamps. Families are sorted by name, their series by labels; histograms and summaries
/// stand under the name of their family with buckets rising. Stale series are not shown. Of duplicates the one with the
/// smaller stored labels stays, our own before stored ones. What a stored series' family is comes from the store's
/// metadata; `x_bucket` with a label le and no metadata makes x a histogram. Pure; the page is O(series log series).
/// Returns the store's error, with nothing appended.
Result<PageCounts> WriteMetricsPage(const Queryable& stored, const std::vector<prometheus::MetricFamily>& own,
                                    TimestampMs now, const PageOptions& options, const exposition::Negotiated& form,
                                    std::string& out);

}  // namespace tickbird::exporters
