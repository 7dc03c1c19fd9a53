#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/queryable.h"

namespace tickbird::testing {

/// Series in memory for tests of what reads a Queryable. Samples may be added in any order; a second one at the same
/// time replaces the first. Counts its selects, so that a test can say how often data was read.
class MemoryQueryable final : public Queryable {
 public:
  void Add(const Labels& labels, TimestampMs timestamp, double value) { series_[labels][timestamp] = value; }
  void Remove(const Labels& labels) { series_.erase(labels); }
  void Clear() { series_.clear(); }
  int selects() const { return selects_; }

  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override {
    ++selects_;
    std::vector<SelectedSeries> selected;
    for (const auto& [labels, samples] : series_) {
      if (!AllMatch(selection.matchers, labels)) continue;
      std::vector<Sample> wanted;
      for (auto at = samples.lower_bound(selection.min); at != samples.end() && at->first <= selection.max; ++at) {
        wanted.push_back({at->first, at->second});
      }
      if (selection.newest_only && wanted.size() > 1) wanted.erase(wanted.begin(), wanted.end() - 1);
      selected.push_back({labels, std::make_unique<Cursor>(std::move(wanted))});
    }
    return selected;
  }

  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override {
    std::set<std::string> names;
    for (const auto& [labels, samples] : series_) {
      if (!AllMatch(matchers, labels)) continue;
      for (const LabelView& label : labels) names.emplace(label.name);
    }
    return {names.begin(), names.end()};
  }

  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override {
    std::set<std::string> values;
    for (const auto& [labels, samples] : series_) {
      if (AllMatch(matchers, labels) && labels.Has(name)) values.emplace(labels.Get(name));
    }
    return {values.begin(), values.end()};
  }

  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override { return {}; }

 private:
  class Cursor final : public SeriesCursor {
   public:
    explicit Cursor(std::vector<Sample> samples) : samples_(std::move(samples)) {}
    std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
      const std::size_t count = std::min(timestamps.size(), samples_.size() - at_);
      for (std::size_t i = 0; i < count; ++i, ++at_) {
        timestamps[i] = samples_[at_].timestamp;
        values[i] = samples_[at_].value;
      }
      return count;
    }

   private:
    std::vector<Sample> samples_;
    std::size_t at_ = 0;
  };

  static bool AllMatch(const std::vector<Matcher>& matchers, const Labels& labels) {
    return std::all_of(matchers.begin(), matchers.end(),
                       [&](const Matcher& matcher) { return matcher.Matches(labels); });
  }

  std::map<Labels, std::map<TimestampMs, double>> series_;
  mutable int selects_ = 0;
};

}  // namespace tickbird::testing
