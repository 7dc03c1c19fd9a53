#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/store/store.h"
#include "tests/testing/mem_fs.h"

namespace tickbird::tsdb {

inline constexpr const char* kData = "data";
/// The start of a range of 10 minutes and of one of 2 hours.
inline constexpr TimestampMs kStart = 236'112 * 2 * kHourMs;
inline constexpr DurationMs kRange = 10 * kMinuteMs;
inline constexpr TimestampMs kFirstTime = std::numeric_limits<TimestampMs>::min();
inline constexpr TimestampMs kLastTime = std::numeric_limits<TimestampMs>::max();

/// Time to value, by series printed as `name{...}`.
using Content = std::map<std::string, std::map<TimestampMs, double>>;

/// What a selection gives. Fails the test when a time comes twice, or not in order.
inline Content Read(const Queryable& store, const Selection& selection) {
  Content content;
  auto selected = store.Select(selection);
  EXPECT_TRUE(selected) << (selected ? "" : selected.error().ToString());
  if (!selected) return content;
  for (SelectedSeries& series : *selected) {
    const std::string name = series.labels.ToString();
    EXPECT_FALSE(content.contains(name)) << name << " comes twice";
    auto& samples = content[name];
    TimestampMs timestamps[50];
    double values[50];
    while (const std::size_t got = series.cursor->Read(timestamps, values)) {
      for (std::size_t i = 0; i < got; ++i) {
        EXPECT_TRUE(samples.empty() || samples.rbegin()->first < timestamps[i]) << name << " at " << timestamps[i];
        samples[timestamps[i]] = values[i];
      }
    }
    if (samples.empty()) content.erase(name);
  }
  return content;
}

inline Content ReadAll(const Queryable& store) {
  return Read(store, {.matchers = {}, .min = kFirstTime + 1, .max = kLastTime});
}

inline Labels Metric(std::string_view name, std::string_view instance = "") {
  return {{"__name__", name}, {"instance", instance}};
}

inline Status Put(Appendable& store, const Labels& labels, TimestampMs timestamp, double value) {
  const auto appender = store.NewAppender();
  TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const SeriesRef ref, appender->Append(0, labels, timestamp, value));
  return appender->Commit();
}

/// Blocks of 10 minutes that grow to 2 hours, kept for a day.
inline StoreOptions SmallBlocks() {
  StoreOptions options;
  options.head.block_range = kRange;
  options.max_block_range = 2 * kHourMs;
  options.retention = kDayMs;
  options.retention_bytes = 0;
  return options;
}

inline std::unique_ptr<Store> OpenStore(Fs& fs, TimestampMs now, StoreOptions options = SmallBlocks(),
                                        const std::string& directory = kData) {
  auto store = Store::Open(fs, std::move(options), directory, now);
  EXPECT_TRUE(store) << (store ? "" : store.error().ToString());
  return store ? std::move(*store) : nullptr;
}

/// Appends a sample of `a` every `step` in [from, to), its value the seconds since kStart, with a Maintain each minute.
/// Returns what was written.
inline std::map<TimestampMs, double> Fill(Store& store, TimestampMs from, TimestampMs to,
                                          DurationMs step = 5 * kSecondMs, const Labels& labels = Metric("a")) {
  std::map<TimestampMs, double> written;
  for (TimestampMs time = from; time < to; time += step) {
    if (time % kMinuteMs == 0) store.Maintain(time);
    const auto value = static_cast<double>((time - kStart) / kSecondMs);
    EXPECT_TRUE(Put(store, labels, time, value));
    written[time] = value;
  }
  return written;
}

/// Series in memory, for blocks that come from elsewhere.
class ListSource final : public ChunkSeriesSource {
 public:
  explicit ListSource(std::vector<ChunkSeries> series) : series_(std::move(series)) {}
  Result<bool> Next(ChunkSeries* series) override {
    if (next_ == series_.size()) return false;
    *series = series_[next_++];
    return true;
  }

 private:
  std::vector<ChunkSeries> series_;
  std::size_t next_ = 0;
};

/// Writes a block that holds samples of `a`; the meta's ULID, times and sources are filled in where they are not given.
inline BlockMeta WriteTestBlock(Fs& fs, const std::map<TimestampMs, double>& samples, BlockMeta meta = {},
                                const Labels& labels = Metric("a"), const std::string& directory = kData) {
  ChunkBuilder builder;
  for (const auto& [time, value] : samples) builder.Append(time, value);
  const std::vector<ChunkSeries> series = {{labels, builder.Finish()}};
  if (meta.max_time == 0) {
    meta.min_time = samples.begin()->first;
    meta.max_time = samples.rbegin()->first + 1;
  }
  if (meta.ulid.empty()) meta.ulid = NewUlid(meta.max_time);
  if (meta.sources.empty()) meta.sources = {meta.ulid};
  const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> one;
    one.push_back(std::make_unique<ListSource>(series));
    return one;
  };
  EXPECT_TRUE(fs.MakeDirs(directory));
  const auto written = WriteBlock(fs, directory, meta, sources, {}, nullptr);
  EXPECT_TRUE(written) << (written ? "" : written.error().ToString());
  return written ? *written : meta;
}

/// Samples at every `step` in [from, to) with one value.
inline std::map<TimestampMs, double> Samples(TimestampMs from, TimestampMs to, DurationMs step, double value) {
  std::map<TimestampMs, double> samples;
  for (TimestampMs time = from; time < to; time += step) samples[time] = value;
  return samples;
}

/// The names in a directory that end so.
inline std::vector<std::string> Names(Fs& fs, std::string_view end = "", const std::string& directory = kData) {
  auto names = fs.List(directory);
  if (!names) return {};
  std::erase_if(*names, [&](const std::string& name) { return !name.ends_with(end); });
  return *names;
}

inline std::vector<std::string> BlockNames(Fs& fs, const std::string& directory = kData) {
  std::vector<std::string> names = Names(fs, "", directory);
  std::erase_if(names, [](const std::string& name) { return !IsUlid(name); });
  return names;
}

/// All files with their content, by path.
inline std::map<std::string, std::string> AllFiles(Fs& fs, const std::string& directory = kData) {
  std::map<std::string, std::string> files;
  for (const std::string& name : Names(fs, "", directory)) {
    const std::string path = JoinPath(directory, name);
    if (fs.List(path)) {
      files.merge(AllFiles(fs, path));
    } else {
      files[path] = fs.Read(path).value_or("");
    }
  }
  return files;
}

inline std::vector<std::pair<TimestampMs, TimestampMs>> BlockTimes(const Store& store) {
  std::vector<std::pair<TimestampMs, TimestampMs>> times;
  for (const BlockInfo& info : store.Blocks()) {
    times.emplace_back((info.meta.min_time - kStart) / kMinuteMs, (info.meta.max_time - kStart) / kMinuteMs);
  }
  return times;
}

}  // namespace tickbird::tsdb
