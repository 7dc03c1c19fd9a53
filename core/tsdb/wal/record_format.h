#pragma once

#include <array>
#include <string_view>

#include "core/model/sample.h"

/// What writing and reading of metadata records must agree on.
namespace tickbird::tsdb {

inline constexpr std::string_view kUnitField = "UNIT";
inline constexpr std::string_view kHelpField = "HELP";
/// Ours; Prometheus skips it.
inline constexpr std::string_view kFamilyField = "FAMILY";

/// In the order of the numbers on disk.
inline constexpr std::array<MetricType, 8> kMetricTypes = {
    MetricType::kUnknown,        MetricType::kCounter, MetricType::kGauge, MetricType::kHistogram,
    MetricType::kGaugeHistogram, MetricType::kSummary, MetricType::kInfo,  MetricType::kStateSet};

}  // namespace tickbird::tsdb
