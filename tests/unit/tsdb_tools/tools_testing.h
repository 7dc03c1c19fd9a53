#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/tsdb/tools/directory_view.h"
#include "core/tsdb/tools/dump.h"
#include "core/tsdb/tools/import_stage.h"
#include "core/tsdb/tools/sample_collector.h"
#include "tests/testing/mem_fs.h"

namespace tickbird::tsdb {

inline constexpr TimestampMs kHour0 = 472'222 * kHourMs;  // 2023-11-14T22:00:00Z, where a block of two hours starts
inline constexpr TimestampMs kNow = kHour0 + 100 * kHourMs;
inline const std::string kData = "data";

inline Selection Everything() {
  return {.matchers = {}, .min = kNoTime + 1, .max = std::numeric_limits<TimestampMs>::max()};
}

inline TextSink Into(std::string* out) {
  return [out](std::string_view text) -> Status {
    *out += text;
    return {};
  };
}

/// What `tickbird tsdb dump` prints.
inline std::string DumpOf(Fs& fs, const std::string& directory) {
  const auto view = DirectoryView::Open(fs, directory, {}, kNow);
  EXPECT_TRUE(view) << (view ? "" : view.error().message);
  std::string text;
  if (view) EXPECT_TRUE(DumpSamples(**view, Everything(), Into(&text)));
  return text;
}

/// The names of the blocks in a directory.
inline std::vector<std::string> BlocksIn(Fs& fs, const std::string& directory) {
  std::vector<std::string> blocks;
  const auto names = fs.List(directory);
  if (!names) return blocks;
  for (const std::string& name : *names) {
    if (IsUlid(name)) blocks.push_back(name);
  }
  return blocks;
}

/// `series` series with a sample a second, as blocks.
inline void ImportSeconds(Fs& fs, const std::string& directory, int series, int seconds) {
  auto stage = ImportStage::Open(fs, directory, kNow);
  ASSERT_TRUE(stage) << stage.error().message;
  SampleCollector collector(stage->get());
  for (int i = 0; i < series; ++i) {
    const Labels labels = {{"__name__", "m"}, {"i", std::to_string(i)}};
    for (int second = 0; second < seconds; ++second)
      ASSERT_TRUE(collector.Add(labels, kHour0 + second * kSecondMs, second * (i + 1)));
  }
  ASSERT_TRUE(collector.Finish());
  ASSERT_TRUE((*stage)->Commit());
}

}  // namespace tickbird::tsdb
