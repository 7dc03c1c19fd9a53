#pragma once

#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird {

/// One example behind a sample of a series: most often the trace that a slow request belongs to.
struct Exemplar {
  Labels labels;  ///< Of the exemplar itself: trace_id and the like.
  double value = 0;
  TimestampMs timestamp = 0;
  friend bool operator==(const Exemplar& a, const Exemplar& b) {
    return a.labels == b.labels && Sample{a.timestamp, a.value} == Sample{b.timestamp, b.value};
  }
};

/// OpenMetrics' limit on names and values together, in code points.
inline constexpr std::size_t kMaxExemplarLabelRunes = 128;

}  // namespace tickbird
