#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace tickbird::app {

/// Builds prometheus-cpp's families from numbers that the parts of the process count anyway: no second count, no hooks
/// in hot paths. Values of one family are added one after the other.
class MetricSheet {
 public:
  using LabelPairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  MetricSheet& Counter(std::string_view name, std::string_view help, double value, LabelPairs labels = {});
  MetricSheet& Gauge(std::string_view name, std::string_view help, double value, LabelPairs labels = {});

  std::vector<prometheus::MetricFamily> Take() && { return std::move(families_); }

 private:
  prometheus::ClientMetric& Add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                LabelPairs labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace tickbird::app
