#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird {

struct Sample {
  TimestampMs timestamp = 0;
  double value = 0;
  /// Bitwise on the value, so that NaN equals itself and the stale marker is told from other NaNs.
  friend bool operator==(const Sample& a, const Sample& b) {
    return a.timestamp == b.timestamp && std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
  }
};

/// "This series ended here": a NaN with Prometheus' bit pattern. Ordinary NaNs are written with kNormalNanBits.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002;
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;
inline double StaleMarker() {
  return std::bit_cast<double>(kStaleNanBits);
}
inline bool IsStaleMarker(double value) {
  return std::bit_cast<std::uint64_t>(value) == kStaleNanBits;
}

enum class MetricType { kUnknown, kCounter, kGauge, kHistogram, kSummary, kInfo, kStateSet, kGaugeHistogram };

/// OpenMetrics' spelling: "unknown", "counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram".
std::string_view MetricTypeName(MetricType type);
/// Reads that spelling, and text 0.0.4's "untyped"; kUnknown for anything else with `ok` false.
MetricType ParseMetricType(std::string_view name, bool* ok = nullptr);

/// What is known of a metric family, by the family's name (for a counter in text 0.0.4: with its _total).
struct MetricMetadata {
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::string unit;
  friend bool operator==(const MetricMetadata&, const MetricMetadata&) = default;
};

}  // namespace tickbird
