#include "exporters/metrics_page/own_metrics.h"

#include <bit>
#include <cstdint>
#include <string>

#include "core/base/number.h"

namespace tickbird::exporters {
namespace {

using prometheus::ClientMetric;

constexpr std::string_view kBound = "le";
constexpr std::string_view kQuantile = "quantile";

MetricType TypeOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return MetricType::kCounter;
    case prometheus::MetricType::Gauge:
      return MetricType::kGauge;
    case prometheus::MetricType::Summary:
      return MetricType::kSummary;
    case prometheus::MetricType::Histogram:
      return MetricType::kHistogram;
    default:
      return MetricType::kUnknown;
  }
}

double PlainValue(const ClientMetric& metric, prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return metric.counter.value;
    case prometheus::MetricType::Gauge:
      return metric.gauge.value;
    default:
      return metric.untyped.value;
  }
}

std::uint64_t KeyOf(const OwnSample& sample) {
  std::uint64_t key = 0;
  const auto mix = [&](std::string_view part) {
    key = (key ^ std::hash<std::string_view>{}(part)) * 0x9e3779b97f4a7c15;
  };
  mix(sample.family);
  mix(sample.suffix);
  for (const auto& label : sample.labels) {
    mix(label.name);
    mix(label.value);
  }
  mix(sample.bound_label);
  const auto bits = std::bit_cast<std::uint64_t>(sample.bound);
  return (key ^ bits) * 0xff51afd7ed558ccd;
}

}  // namespace

void ForEachSample(const prometheus::MetricFamily& family, const std::function<void(const OwnSample&)>& visit) {
  for (const ClientMetric& metric : family.metric) {
    const auto emit = [&](std::string_view suffix, double value, std::string_view bound_label = {}, double bound = 0) {
      visit({.family = family.name,
             .suffix = suffix,
             .labels = metric.label,
             .bound_label = bound_label,
             .bound = bound,
             .value = value});
    };
    if (family.type == prometheus::MetricType::Histogram) {
      for (const auto& bucket : metric.histogram.bucket) {
        emit("_bucket", static_cast<double>(bucket.cumulative_count), kBound, bucket.upper_bound);
      }
      emit("_sum", metric.histogram.sample_sum);
      emit("_count", static_cast<double>(metric.histogram.sample_count));
    } else if (family.type == prometheus::MetricType::Summary) {
      for (const auto& quantile : metric.summary.quantile) emit("", quantile.value, kQuantile, quantile.quantile);
      emit("_sum", metric.summary.sample_sum);
      emit("_count", static_cast<double>(metric.summary.sample_count));
    } else {
      emit("", PlainValue(metric, family.type));
    }
  }
}

MetricMetadata MetadataOf(const prometheus::MetricFamily& family) {
  return {.type = TypeOf(family.type), .help = family.help, .unit = {}};
}

void SetLabels(const OwnSample& sample, LabelsBuilder& into) {
  for (const auto& label : sample.labels) into.Set(label.name, label.value);
  if (!sample.bound_label.empty()) {
    std::string bound;
    AppendDoubleExposition(bound, sample.bound);
    into.Set(sample.bound_label, bound);
  }
  into.Set(kMetricNameLabel, std::string(sample.family).append(sample.suffix));
}

std::size_t OwnMetricsRecorder::Record(const std::vector<prometheus::MetricFamily>& families, TimestampMs now,
                                       Appender& appender) {
  std::size_t position = 0;
  std::size_t refused = 0;
  LabelsBuilder builder;
  for (const auto& family : families) {
    appender.SetMetadata(family.name, MetadataOf(family));
    ForEachSample(family, [&](const OwnSample& sample) {
      if (position == known_.size()) known_.emplace_back();
      Known& known = known_[position++];
      if (const std::uint64_t key = KeyOf(sample); known.key != key || known.labels.empty()) {
        builder.Clear();
        SetLabels(sample, builder);
        builder.Set("job", job_).Set("instance", instance_);
        known = {.key = key, .labels = builder.Build(), .ref = 0};
      }
      if (const auto ref = appender.Append(known.ref, known.labels, now, sample.value)) {
        known.ref = *ref;
      } else {
        ++refused;
      }
    });
  }
  known_.resize(position);
  return refused;
}

}  // namespace tickbird::exporters
