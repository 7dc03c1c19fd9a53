#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/queryable.h"

namespace tickbird {

/// A store that is a list of series, each with a few samples.
class SeriesList final : public Queryable {
 public:
  void Add(Labels labels, std::vector<Sample> samples) { series_.emplace_back(std::move(labels), std::move(samples)); }
  /// With one sample at time 1000.
  void Add(Labels labels, double value) { Add(std::move(labels), std::vector<Sample>{{1000, value}}); }

  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override {
    if (failure) return *failure;
    std::vector<SelectedSeries> selected;
    for (const auto& [labels, samples] : series_) {
      std::vector<Sample> wanted;
      for (const Sample& sample : samples) {
        if (sample.timestamp >= selection.min && sample.timestamp <= selection.max) wanted.push_back(sample);
      }
      selected.push_back({labels, std::make_unique<Cursor>(std::move(wanted))});
    }
    return selected;
  }
  std::vector<std::string> LabelNames(const std::vector<Matcher>&) const override { return {}; }
  std::vector<std::string> LabelValues(std::string_view, const std::vector<Matcher>&) const override { return {}; }
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override { return metadata; }

  std::map<std::string, MetricMetadata, std::less<>> metadata;
  std::optional<Error> failure;

 private:
  class Cursor final : public SeriesCursor {
   public:
    explicit Cursor(std::vector<Sample> samples) : samples_(std::move(samples)) {}
    std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
      std::size_t count = 0;
      for (; count < timestamps.size() && next_ < samples_.size(); ++count, ++next_) {
        timestamps[count] = samples_[next_].timestamp;
        values[count] = samples_[next_].value;
      }
      return count;
    }

   private:
    std::vector<Sample> samples_;
    std::size_t next_ = 0;
  };

  std::vector<std::pair<Labels, std::vector<Sample>>> series_;
};

}  // namespace tickbird
