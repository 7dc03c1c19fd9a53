#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/strings.h"
#include "core/model/labels.h"

namespace tickbird::tsdb {

struct NamedCount {
  std::string name;
  std::int64_t value = 0;
  friend bool operator==(const NamedCount&, const NamedCount&) = default;
};

/// What makes series many, the largest first, of equal ones in the order of names.
struct Census {
  std::int64_t series = 0;
  std::int64_t label_pairs = 0;  ///< Distinct ones.
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label;       ///< Distinct values of each label.
  std::vector<NamedCount> value_bytes_by_label;  ///< Lengths of the values, once for each series.
  std::vector<NamedCount> series_by_label_pair;  ///< Named `label=value`.
};

/// Counts labels for /api/v1/status/tsdb. Source: prometheus/prometheus tsdb/index/postings.go (MemPostings.Stats).
class CensusTaker {
 public:
  void Add(const Labels& labels);
  /// The first `limit` of each list.
  Census Take(std::size_t limit) const;

 private:
  using Counts = std::map<std::string, std::int64_t, std::less<>>;
  std::int64_t series_ = 0;
  std::map<std::string, Counts, std::less<>> series_by_value_;  // by label name
};

}  // namespace tickbird::tsdb
