#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tsdb/rollup/rollup_point.h"

/// How the points of one series are written: a stream of bits, point after point. A step of one bucket and a count
/// like the one before take a bit each. The numbers are either
/// - decimals, when every min and max is a whole number of 10^-e (0 <= e <= 6; most counters and gauges are): min as
///   the difference to the point before, max as the difference to min, sum as the difference to what it would be if
///   the samples lay evenly between them;
/// - or any doubles: each XORed with the one before in its column, as chunks do it.
/// FORMAT.md has the bits.
namespace tickbird::tsdb {

/// Appends the points to `out`. Nothing is lost: equal bits come back, of NaNs too. REQUIRES: ends are multiples of the
/// resolution and rise; counts are positive.
void EncodeRollupPoints(const std::vector<RollupPoint>& points, DurationMs resolution, std::string* out);

/// Takes bytes from anywhere. Appends the points with min_end <= end <= max_end to `points`. kCorruption: nothing may
/// be used.
Status DecodeRollupPoints(std::string_view bytes, DurationMs resolution, TimestampMs min_end, TimestampMs max_end,
                          std::vector<RollupPoint>* points);

}  // namespace tickbird::tsdb
