#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "agent/ingest/statsd/statsd_line.h"

namespace tickbird::statsd {

/// A number that one thread changes and any thread reads. Cheaper than a locked increment, which a line would need
/// several of.
class Tally {
 public:
  void Add(std::uint64_t by = 1) { value_.store(value() + by, std::memory_order_relaxed); }
  void Set(std::uint64_t to) { value_.store(to, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// What the aggregator did since it was made.
struct AggregatorStats {
  Tally lines;                               ///< All that were not blank.
  std::array<Tally, kLineTypeCount> values;  ///< Values taken, by type.
  std::array<Tally, kReasonCount> errors;    ///< By reason.
  Tally series;  ///< Now; as the store counts them (a histogram is one for each bucket and two more).
  Tally names;   ///< Metric families now.
  Tally expired_series;
  Tally append_errors;  ///< Samples that the store refused.
};

/// What a socket did since it was opened.
struct ListenerStats {
  Tally datagrams;
  Tally bytes;
  Tally kernel_drops;  ///< Datagrams that the kernel threw away because the receive buffer was full.
  Tally receive_errors;
};

}  // namespace tickbird::statsd
