#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/model/queryable.h"
#include "core/model/sample.h"
#include "rules/promql/fwd.h"

namespace tickbird::promql {

struct VectorElement {
  Labels labels;
  double value = 0;
};
/// One value per label set at one time. Order: as the operators leave it (sort and topk order it), otherwise
/// unspecified.
struct Vector {
  TimestampMs timestamp = 0;
  std::vector<VectorElement> elements;
};
struct SeriesPoints {
  Labels labels;
  std::vector<Sample> samples;
};
/// Sorted by labels.
using Matrix = std::vector<SeriesPoints>;
struct Scalar {
  TimestampMs timestamp = 0;
  double value = 0;
};
using Value = std::variant<Scalar, Vector, Matrix, std::string>;

struct QueryOptions {
  DurationMs lookback = 5 * kMinuteMs;
  std::size_t max_samples = 50'000'000;          ///< Decoded or produced at once; past it kTooLarge.
  const std::atomic<bool>* cancelled = nullptr;  ///< Checked between series and steps; true: kCancelled.
  DurationMs default_subquery_step =
      kMinuteMs;  ///< Of `expr[range:]`; Prometheus takes its global evaluation interval.
  /// Metric names go away from the final result and not from each intermediate one, so that label_replace and `by
  /// (__name__)` still see them. Prometheus' feature promql-delayed-name-removal, off there too.
  bool delayed_name_removal = false;
};

struct QueryResult {
  Value value;
  std::vector<std::string> warnings;  ///< Texts with position, as Prometheus' annotations: "PromQL warning: ...".
  std::vector<std::string> infos;
};

/// Evaluates at one time, or at start, start + step, ... up to end (inclusive). Pure: no clock, no I/O but `data`.
/// Thread safe. Semantics of Prometheus 3.14 (left-open windows, staleness, extrapolation). kUnsupported for what
/// CheckSupported names, kInvalidArgument for what Prometheus calls an execution error (many-to-many matching, ...),
/// kTooLarge, kCancelled.
Result<QueryResult> EvalInstant(const Expr& expr, const Queryable& data, TimestampMs at,
                                const QueryOptions& options = {});
Result<QueryResult> EvalRange(const Expr& expr, const Queryable& data, TimestampMs start, TimestampMs end,
                              DurationMs step, const QueryOptions& options = {});

}  // namespace tickbird::promql
