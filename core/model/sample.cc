#include "core/model/sample.h"

#include <array>
#include <utility>

namespace tickbird {
namespace {

constexpr std::array<std::pair<MetricType, std::string_view>, 8> kTypeNames = {
    {{MetricType::kUnknown, "unknown"},
     {MetricType::kCounter, "counter"},
     {MetricType::kGauge, "gauge"},
     {MetricType::kHistogram, "histogram"},
     {MetricType::kSummary, "summary"},
     {MetricType::kInfo, "info"},
     {MetricType::kStateSet, "stateset"},
     {MetricType::kGaugeHistogram, "gaugehistogram"}}};

}  // namespace

std::string_view MetricTypeName(MetricType type) {
  for (const auto& [known, name] : kTypeNames) {
    if (known == type) return name;
  }
  return "unknown";
}

MetricType ParseMetricType(std::string_view name, bool* ok) {
  if (ok) *ok = true;
  for (const auto& [type, known] : kTypeNames) {
    if (known == name) return type;
  }
  if (ok) *ok = name == "untyped";
  return MetricType::kUnknown;
}

}  // namespace tickbird
