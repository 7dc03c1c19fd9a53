#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird::cli {

struct AnsweredSeries {
  Labels labels;
  std::vector<Sample> samples;
};

struct RangeAnswer {
  std::vector<AnsweredSeries> series;
  std::int64_t histograms = 0;  ///< Native ones, which are passed over.
};

/// The body of Prometheus' answer to a range selector. kCorruption: it is no such answer, or it was cut off.
/// kUnavailable: the server's own error, with its text.
Result<RangeAnswer> ParseRangeAnswer(std::string_view body);

}  // namespace tickbird::cli
