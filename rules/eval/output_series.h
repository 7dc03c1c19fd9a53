#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

#include "core/model/appender.h"

namespace tickbird::rules {

/// The series that one rule writes. Remembers their references, and ends those that are no longer written with a stale
/// marker, so that a query does not see them for another five minutes. As many entries as the rule had results the last
/// time. Not thread safe.
class OutputSeries {
 public:
  /// `metadata` describes the family to the store. Counts samples that the store refused; the rest of the round is not
  /// affected.
  OutputSeries(MetricMetadata metadata, std::uint64_t* refused) : metadata_(std::move(metadata)), refused_(refused) {}

  void BeginRound() { ++round_; }
  /// A sample of this round. False when the series was written in this round already; then nothing is appended.
  bool Write(Appender& appender, const Labels& labels, TimestampMs at, double value);
  /// Ends the series that this round did not write.
  void EndRound(Appender& appender, TimestampMs at);

  bool empty() const { return series_.empty(); }

 private:
  struct Entry {
    SeriesRef ref = 0;
    std::uint64_t round = 0;
  };
  void Append(Appender& appender, const Labels& labels, Entry& entry, TimestampMs at, double value);

  MetricMetadata metadata_;
  std::uint64_t* refused_;
  std::uint64_t round_ = 0;
  std::unordered_map<Labels, Entry> series_;
};

}  // namespace tickbird::rules
