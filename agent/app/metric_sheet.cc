#include "agent/app/metric_sheet.h"

namespace tickbird::app {

MetricSheet& MetricSheet::Counter(std::string_view name, std::string_view help, double value, LabelPairs labels) {
  Add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
  return *this;
}

MetricSheet& MetricSheet::Gauge(std::string_view name, std::string_view help, double value, LabelPairs labels) {
  Add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
  return *this;
}

prometheus::ClientMetric& MetricSheet::Add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                           LabelPairs labels) {
  if (families_.empty() || families_.back().name != name) {
    families_.emplace_back();
    families_.back().name = name;
    families_.back().help = help;
    families_.back().type = type;
  }
  prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
  for (const auto& [label, text] : labels) {
    prometheus::ClientMetric::Label& pair = metric.label.emplace_back();
    pair.name = label;
    pair.value = text;
  }
  return metric;
}

}  // namespace tickbird::app
