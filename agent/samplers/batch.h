#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "agent/samplers/proc_file.h"
#include "core/base/strings.h"
#include "core/model/appender.h"

namespace tickbird::samplers {

/// One series that we write: its labels, its number in the store, and the last round in which it got a value.
struct Series {
  Labels labels;
  SeriesRef ref = 0;
  std::uint64_t round = 0;  // 0: has no value, or has ended
};

/// What outlives a single batch: the reading buffer, the families already described, and counters.
struct BatchState {
  std::uint64_t round = 0;
  ReadBuffer buffer;
  std::unordered_set<std::string, StringHash, std::equal_to<>> described;
  std::uint64_t appended = 0;
  std::uint64_t refused = 0;
};

/// One sample of the host on its way into an Appender: the time, the round, and where values go. A round is one call of
/// HostSampler::Sample. Lives as long as that call.
class Batch {
 public:
  Batch(BatchState& state, Appender& appender, TimestampMs now) : state_(state), appender_(appender), now_(now) {}

  TimestampMs now() const { return now_; }
  /// Counts from 1.
  std::uint64_t round() const { return state_.round; }
  ReadBuffer& buffer() { return state_.buffer; }

  /// A refusal (out of order, series limit) is counted; the next round tries again.
  void Append(Series& series, double value);
  /// Writes the stale marker if the series had a value and got none in this round.
  void EndIfNotAppended(Series& series);
  /// Tells the store what a family is, once per life of the sampler.
  void Describe(std::string_view family, MetricType type, std::string_view help);

 private:
  BatchState& state_;
  Appender& appender_;
  TimestampMs now_;
};

}  // namespace tickbird::samplers
