#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/tsdb/head/head.h"
#include "tests/testing/mem_fs.h"

namespace tickbird::tsdb {

inline constexpr TimestampMs kNow = 1'700'000'000'000;
inline constexpr const char* kData = "data";
inline constexpr const char* kWal = "data/wal";

/// All samples in the range by series, printed as "name{...}".
using Content = std::map<std::string, std::vector<Sample>>;

inline Content Read(const Queryable& store, const Selection& selection) {
  Content content;
  auto selected = store.Select(selection);
  EXPECT_TRUE(selected) << (selected ? "" : selected.error().ToString());
  if (!selected) return content;
  for (SelectedSeries& series : *selected) {
    std::vector<Sample>& samples = content[series.labels.ToString()];
    TimestampMs timestamps[50];
    double values[50];
    while (const std::size_t got = series.cursor->Read(timestamps, values)) {
      for (std::size_t i = 0; i < got; ++i) samples.push_back({timestamps[i], values[i]});
    }
  }
  return content;
}

inline Content ReadAll(const Queryable& store) {
  return Read(store, {.matchers = {}, .min = kNoTime + 1, .max = std::numeric_limits<TimestampMs>::max()});
}

inline Labels Metric(std::string_view name, std::string_view instance = "") {
  return {{"__name__", name}, {"instance", instance}};
}

/// Commits one sample.
inline Status Put(Appendable& store, const Labels& labels, TimestampMs timestamp, double value) {
  const auto appender = store.NewAppender();
  TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const SeriesRef ref, appender->Append(0, labels, timestamp, value));
  return appender->Commit();
}

inline std::unique_ptr<Head> OpenHead(Fs& fs, HeadOptions options = {}, const std::string& directory = kData,
                                      TimestampMs now = kNow, DurationMs retention = 2 * kHourMs) {
  auto head = Head::Open(fs, std::move(options), directory, now - retention, now);
  EXPECT_TRUE(head) << (head ? "" : head.error().ToString());
  return head ? std::move(*head) : nullptr;
}

/// What a store does now and then that keeps samples for `retention` and has no blocks.
inline void Maintain(Head& head, TimestampMs now, DurationMs retention = 2 * kHourMs) {
  head.DropBefore(now - retention);
  head.Maintain(now);
}

inline std::int64_t Refused(const Head& head, RefusedReason reason) {
  return head.Stats().samples_refused[static_cast<std::size_t>(reason)];
}

}  // namespace tickbird::tsdb
