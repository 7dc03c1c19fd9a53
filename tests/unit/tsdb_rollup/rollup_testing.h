#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/tsdb/rollup/rollup_point.h"

namespace tickbird::tsdb {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline const double kNan = std::bit_cast<double>(kNormalNanBits);
inline constexpr TimestampMs kHour0 = 472'222 * kHourMs;  // 2023-11-14T22:00:00Z
inline constexpr TimestampMs kMinTime = std::numeric_limits<TimestampMs>::min();
inline constexpr TimestampMs kMaxTime = std::numeric_limits<TimestampMs>::max();

inline bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline bool operator==(const RollupPoint& a, const RollupPoint& b) {
  return a.end == b.end && SameBits(a.min, b.min) && SameBits(a.max, b.max) && SameBits(a.sum, b.sum) &&
         a.count == b.count;
}

inline void PrintTo(const RollupPoint& point, std::ostream* os) {
  *os << "{end " << point.end << ", min " << point.min << ", max " << point.max << ", sum " << point.sum << ", count "
      << point.count << "}";
}

/// What the samples come to, computed in the plainest way; sums of whole numbers, so that they are exact. Times after
/// 1970 only.
inline std::vector<RollupPoint> BruteForce(const std::map<TimestampMs, double>& samples, DurationMs resolution,
                                           TimestampMs min = kMinTime, TimestampMs max = kMaxTime) {
  std::map<TimestampMs, std::vector<double>> buckets;
  for (const auto& [time, value] : samples) {
    if (time < min || time > max || IsStaleMarker(value)) continue;
    buckets[(time + resolution - 1) / resolution * resolution].push_back(value);
  }
  std::vector<RollupPoint> points;
  for (const auto& [end, values] : buckets) {
    RollupPoint point = {
        .end = end, .min = kNan, .max = kNan, .sum = 0, .count = static_cast<std::int64_t>(values.size())};
    for (const double value : values) {
      if (!(point.min <= value)) point.min = std::isnan(value) ? point.min : value;
      if (!(point.max >= value)) point.max = std::isnan(value) ? point.max : value;
      point.sum += value;
    }
    points.push_back(point);
  }
  return points;
}

}  // namespace tickbird::tsdb
