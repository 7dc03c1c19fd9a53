#include "agent/ingest/statsd/statsd_metrics.h"

#include <string>

namespace tickbird::statsd {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

void AddMetric(MetricFamily& family, std::string_view label, std::string_view label_value, const Tally& tally) {
  prometheus::ClientMetric metric;
  if (!label.empty()) metric.label.push_back({std::string(label), std::string(label_value)});
  const auto value = static_cast<double>(tally.value());
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

MetricFamily Plain(const char* name, const char* help, MetricType type, const Tally& tally) {
  MetricFamily family{.name = name, .help = help, .type = type, .metric = {}};
  AddMetric(family, {}, {}, tally);
  return family;
}

}  // namespace

std::vector<MetricFamily> StatsdMetrics::Collect() const {
  std::vector<MetricFamily> families;
  families.push_back(
      Plain("tickbird_statsd_lines_total", "StatsD lines received.", MetricType::Counter, aggregator_.lines));
  MetricFamily values{.name = "tickbird_statsd_values_total",
                      .help = "StatsD values taken.",
                      .type = MetricType::Counter,
                      .metric = {}};
  for (int i = 0; i < kLineTypeCount; ++i) {
    AddMetric(values, "type", LineTypeName(static_cast<LineType>(i)), aggregator_.values[static_cast<std::size_t>(i)]);
  }
  families.push_back(std::move(values));
  MetricFamily errors{.name = "tickbird_statsd_errors_total",
                      .help = "StatsD lines, or parts of them, that were not taken or not taken as sent.",
                      .type = MetricType::Counter,
                      .metric = {}};
  for (int i = 0; i < kReasonCount; ++i) {
    AddMetric(errors, "reason", ReasonName(static_cast<Reason>(i)), aggregator_.errors[static_cast<std::size_t>(i)]);
  }
  families.push_back(std::move(errors));
  families.push_back(
      Plain("tickbird_statsd_series", "Series that StatsD lines made.", MetricType::Gauge, aggregator_.series));
  families.push_back(
      Plain("tickbird_statsd_names", "Metric families that StatsD lines made.", MetricType::Gauge, aggregator_.names));
  families.push_back(Plain("tickbird_statsd_expired_series_total", "Series ended because no line came for them.",
                           MetricType::Counter, aggregator_.expired_series));
  families.push_back(Plain("tickbird_statsd_append_errors_total", "Samples that the store refused.",
                           MetricType::Counter, aggregator_.append_errors));
  if (!listener_) return families;
  families.push_back(Plain("tickbird_statsd_datagrams_total", "StatsD datagrams received.", MetricType::Counter,
                           listener_->datagrams));
  families.push_back(Plain("tickbird_statsd_bytes_total", "Bytes of StatsD datagrams received.", MetricType::Counter,
                           listener_->bytes));
  families.push_back(Plain("tickbird_statsd_kernel_drops_total",
                           "StatsD datagrams lost because the socket's buffer was full.", MetricType::Counter,
                           listener_->kernel_drops));
  families.push_back(Plain("tickbird_statsd_receive_errors_total", "Failed reads of the StatsD socket.",
                           MetricType::Counter, listener_->receive_errors));
  return families;
}

}  // namespace tickbird::statsd
