#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/appender.h"
#include "tests/testing/float_appender.h"

namespace tickbird {

/// Remembers what was appended, by series as text, and checks that references are used as the contract says.
class RecordingAppender final : public testing::FloatAppender {
 public:
  Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value) override {
    const std::string name = labels.ToString();
    if (refuse) return Error{ErrorCode::kTooLarge, "series limit"};
    const auto [known, is_new] = refs.try_emplace(name, refs.size() + 1);
    if (ref == 0) ++appends_without_ref;
    if (ref != 0 && ref != known->second) return Error{ErrorCode::kInternal, "reference of another series"};
    samples[name].push_back({timestamp, value});
    return known->second;
  }
  void SetMetadata(std::string_view family, const MetricMetadata& family_metadata) override {
    metadata[std::string(family)] = family_metadata;
  }
  Status Commit() override { return {}; }
  void Rollback() override {}

  /// The newest value of a series; -12345 when it has none.
  double Newest(const std::string& series) const {
    const auto at = samples.find(series);
    return at == samples.end() ? -12345 : at->second.back().value;
  }

  bool refuse = false;
  int appends_without_ref = 0;
  std::map<std::string, SeriesRef> refs;
  std::map<std::string, std::vector<Sample>> samples;
  std::map<std::string, MetricMetadata> metadata;
};

}  // namespace tickbird
