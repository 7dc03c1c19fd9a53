#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/exemplar.h"
#include "core/model/histogram.h"
#include "core/model/labels.h"
#include "core/model/queryable.h"

namespace tickbird::testing {

/// What a store holds, by series and time, as text that can be compared byte by byte with what Prometheus' store says
/// (tests/testing/promtsdb, whose README describes the lines). Not thread safe.
class TsdbContent {
 public:
  using Samples = std::map<std::int64_t, std::string>;

  void Add(const std::string& series, TimestampMs timestamp, double value);
  void Add(const std::string& series, TimestampMs timestamp, const FloatHistogram& histogram);
  void AddExemplar(const std::string& series, const Exemplar& exemplar);
  /// Drops the samples of a series with min <= t <= max.
  void Remove(const std::string& series, TimestampMs min, TimestampMs max);
  /// Adds all that `other` holds.
  void Merge(const TsdbContent& other);
  bool Has(const std::string& series, TimestampMs timestamp) const;

  /// Adds all that `store` holds with min <= t <= max. kInternal when a series comes twice or its samples are not in
  /// order; the cursor's status when something could not be read, after the rest was added.
  Status Read(const Queryable& store, TimestampMs min, TimestampMs max);

  /// By the text of the series; a series that lost all of its samples may stay, empty.
  const std::map<std::string, Samples>& series() const { return series_; }
  std::size_t size() const;
  void Print(std::FILE* out) const;
  /// Series without samples do not count.
  friend bool operator==(const TsdbContent& a, const TsdbContent& b);

 private:
  std::map<std::string, Samples> series_;
  std::multimap<std::string, std::string> exemplars_;
};

/// The labels as a JSON object, in their order.
std::string SeriesText(const Labels& labels);

}  // namespace tickbird::testing
