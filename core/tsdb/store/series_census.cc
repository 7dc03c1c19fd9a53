#include "core/tsdb/store/series_census.h"

#include <algorithm>
#include <utility>

namespace tickbird::tsdb {
namespace {

/// Keeps the largest `limit`.
class Ranking {
 public:
  explicit Ranking(std::size_t limit) : limit_(limit) {}

  void Add(std::string name, std::int64_t value) {
    if (limit_ == 0 || (counts_.size() == limit_ && !IsBefore({name, value}, counts_.back()))) return;
    NamedCount count{std::move(name), value};
    counts_.insert(std::upper_bound(counts_.begin(), counts_.end(), count, IsBefore), std::move(count));
    if (counts_.size() > limit_) counts_.pop_back();
  }

  std::vector<NamedCount> Take() { return std::move(counts_); }

 private:
  static bool IsBefore(const NamedCount& a, const NamedCount& b) {
    return a.value != b.value ? a.value > b.value : a.name < b.name;
  }

  std::size_t limit_;
  std::vector<NamedCount> counts_;
};

}  // namespace

void CensusTaker::Add(const Labels& labels) {
  ++series_;
  for (const LabelView& label : labels) {
    auto name = series_by_value_.find(label.name);
    if (name == series_by_value_.end()) name = series_by_value_.emplace(label.name, Counts()).first;
    auto value = name->second.find(label.value);
    if (value == name->second.end()) value = name->second.emplace(label.value, 0).first;
    ++value->second;
  }
}

Census CensusTaker::Take(std::size_t limit) const {
  Census census{.series = series_};
  Ranking metrics(limit);
  Ranking values(limit);
  Ranking bytes(limit);
  Ranking pairs(limit);
  for (const auto& [name, counts] : series_by_value_) {
    census.label_pairs += static_cast<std::int64_t>(counts.size());
    values.Add(name, static_cast<std::int64_t>(counts.size()));
    std::int64_t length = 0;
    for (const auto& [value, series] : counts) {
      length += static_cast<std::int64_t>(value.size()) * series;
      pairs.Add(name + "=" + value, series);
      if (name == kMetricNameLabel) metrics.Add(value, series);
    }
    bytes.Add(name, length);
  }
  census.series_by_metric = metrics.Take();
  census.values_by_label = values.Take();
  census.value_bytes_by_label = bytes.Take();
  census.series_by_label_pair = pairs.Take();
  return census;
}

}  // namespace tickbird::tsdb
