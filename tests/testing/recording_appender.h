#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/number.h"
#include "core/model/appender.h"
#include "tests/testing/float_appender.h"

namespace tickbird::testing {

/// An Appender that keeps what it is given, for tests of things that write samples. Gives out references as the store
/// does and accepts everything, unless told to refuse.
class RecordingAppender final : public testing::FloatAppender {
 public:
  struct Entry {
    Labels labels;
    TimestampMs timestamp = 0;
    double value = 0;
  };

  Result<SeriesRef> Append(SeriesRef ref, const Labels& labels, TimestampMs timestamp, double value) override {
    if (refuse_with_) return Error{.code = *refuse_with_, .message = "refused by the test"};
    if (ref == 0) {
      lookups_by_labels_++;
      ref = refs_.try_emplace(labels, refs_.size() + 1).first->second;
    }
    entries_.push_back({.labels = labels, .timestamp = timestamp, .value = value});
    return ref;
  }
  void SetMetadata(std::string_view family, const MetricMetadata& metadata) override {
    ++metadata_calls_;
    metadata_[std::string(family)] = metadata;
  }
  Status Commit() override { return {}; }
  void Rollback() override { entries_.clear(); }

  /// What was appended since the last Clear, in order.
  const std::vector<Entry>& entries() const { return entries_; }
  const std::map<std::string, MetricMetadata>& metadata() const { return metadata_; }
  int metadata_calls() const { return metadata_calls_; }
  /// Appends without a reference: the costly ones.
  int lookups_by_labels() const { return lookups_by_labels_; }
  void RefuseWith(std::optional<ErrorCode> code) { refuse_with_ = code; }
  void Clear() {
    entries_.clear();
    metadata_calls_ = 0;
    lookups_by_labels_ = 0;
  }

  /// `series value` per entry, sorted; a stale marker is written as "stale".
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const Entry& entry : entries_) {
      lines.push_back(entry.labels.ToString() + ' ' +
                      (IsStaleMarker(entry.value) ? "stale" : FormatDouble(entry.value)));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

 private:
  std::unordered_map<Labels, SeriesRef> refs_;
  std::vector<Entry> entries_;
  std::map<std::string, MetricMetadata> metadata_;
  std::optional<ErrorCode> refuse_with_;
  int metadata_calls_ = 0;
  int lookups_by_labels_ = 0;
};

}  // namespace tickbird::testing
