#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/model/appender.h"
#include "core/model/matcher.h"
#include "core/tsdb/chunk/chunk_series.h"
#include "tests/testing/tsdb_lines.h"

namespace tickbird::testing {

struct TsdbWorkloadOptions {
  std::uint64_t seed = 1;
  int series = 44;
  int rounds = 600;  ///< Samples a series, but for those that come late or leave early.
  TimestampMs start = 1'700'000'000'000;
  DurationMs step = 15 * kSecondMs;
  bool histograms = true;
  bool utf8 = true;        ///< Names as only Prometheus 3 has them.
  DurationMs late_by = 0;  ///< Floats out of order, up to this late; 0: none.
  bool exemplars = false;
};

/// What a workload calls besides the appender. Empty functions are left out.
struct TsdbWorkloadHooks {
  std::function<Status(int round, TimestampMs now)> after_round;
  /// Called at two thirds and at the end, for intervals older than `late_by`.
  std::function<Status(const std::vector<Matcher>&, tsdb::Interval)> remove;
};

/// Writes what a store must keep: counters, gauges, constants, special and wild values, native histograms of each kind,
/// series that mix them, that come late and that end. Keeps the truth of what was accepted. The same options give the
/// same samples. An error is one of the store that this workload does not expect.
Status RunTsdbWorkload(const TsdbWorkloadOptions& options, Appendable& store, const TsdbWorkloadHooks& hooks,
                       TsdbContent* truth);

}  // namespace tickbird::testing
