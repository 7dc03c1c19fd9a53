#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "core/model/appender.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird::exporters {

/// One sample of the registry, as the text formats and the store see it: a histogram is many.
struct OwnSample {
  std::string_view family;
  std::string_view suffix;  ///< "", "_bucket", "_sum", "_count"
  const std::vector<prometheus::ClientMetric::Label>& labels;
  std::string_view bound_label;  ///< "le", "quantile", or empty.
  double bound = 0;
  double value = 0;
};

/// Calls `visit` for each sample of a family, histograms and summaries in the order in which a page shows them.
void ForEachSample(const prometheus::MetricFamily& family, const std::function<void(const OwnSample&)>& visit);

MetricMetadata MetadataOf(const prometheus::MetricFamily& family);

/// Adds the labels of `sample` and its metric name.
void SetLabels(const OwnSample& sample, LabelsBuilder& into);

/// Writes Tickbird's own metrics into the store, so that rules can watch Tickbird itself. Remembers which series is
/// which, so that a registry that does not change costs no labels. Not thread safe. Bounded by the registry.
class OwnMetricsRecorder {
 public:
  OwnMetricsRecorder(std::string job, std::string instance) : job_(std::move(job)), instance_(std::move(instance)) {}

  /// Appends all samples of `families` (what the registry's Collect() gave) at `now`. The caller commits. Returns how
  /// many samples the store refused.
  std::size_t Record(const std::vector<prometheus::MetricFamily>& families, TimestampMs now, Appender& appender);

 private:
  struct Known {
    std::uint64_t key = 0;  // hash of everything that makes the labels
    Labels labels;
    SeriesRef ref = 0;
  };

  const std::string job_;
  const std::string instance_;
  std::vector<Known> known_;  // in the registry's order, which is the same until a metric comes or goes
};

}  // namespace tickbird::exporters
