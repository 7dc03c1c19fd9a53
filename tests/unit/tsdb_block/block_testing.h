#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/tsdb/block/block.h"
#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/chunk/chunk_builder.h"
#include "core/tsdb/chunk/chunk_reader.h"
#include "tests/testing/mem_fs.h"

namespace tickbird::tsdb {

inline constexpr const char* kParent = "data";
inline constexpr const char* kUlid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
inline constexpr TimestampMs kFrom = 1'700'000'000'000;
inline constexpr TimestampMs kUntil = kFrom + 2 * kHourMs;

/// Float samples by series.
using Data = std::map<Labels, std::vector<Sample>>;

inline std::vector<ChunkRef> Chunks(const std::vector<Sample>& samples) {
  ChunkBuilder builder;
  for (const Sample& sample : samples) builder.Append(sample.timestamp, sample.value);
  return builder.Finish();
}

inline std::vector<Sample> Samples(const std::vector<ChunkRef>& chunks) {
  std::vector<Sample> samples;
  for (const ChunkRef& chunk : chunks) {
    ChunkReader reader(chunk);
    Sample sample;
    while (reader.Read({&sample.timestamp, 1}, {&sample.value, 1}) > 0) samples.push_back(sample);
  }
  return samples;
}

/// Series as they are, with errors in between where asked for.
class ListSource final : public ChunkSeriesSource {
 public:
  explicit ListSource(std::vector<ChunkSeries> series) : series_(std::move(series)) {}
  explicit ListSource(const Data& data) {
    for (const auto& [labels, samples] : data) series_.push_back({labels, Chunks(samples)});
  }
  /// The call for series `at` fails with `error` instead.
  void FailAt(std::size_t at, Error error) { errors_.emplace(at, std::move(error)); }

  Result<bool> Next(ChunkSeries* series) override {
    if (next_ == series_.size()) return false;
    const std::size_t at = next_++;
    *series = series_[at];
    if (const auto error = errors_.find(at); error != errors_.end()) return error->second;
    return true;
  }

 private:
  std::vector<ChunkSeries> series_;
  std::map<std::size_t, Error> errors_;
  std::size_t next_ = 0;
};

inline BlockMeta NewMeta() {
  return {.ulid = kUlid, .min_time = kFrom, .max_time = kUntil, .level = 1, .sources = {kUlid}};
}

inline OpenSources Sources(std::vector<Data> all) {
  return [all = std::move(all)]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> sources;
    for (const Data& data : all) sources.push_back(std::make_unique<ListSource>(data));
    return sources;
  };
}

inline Result<BlockMeta> Write(Fs& fs, const Data& data, const BlockWriteOptions& options = {}) {
  std::vector<std::string> notes;
  auto meta = WriteBlock(fs, kParent, NewMeta(), Sources({data}), options, &notes);
  EXPECT_THAT(notes, ::testing::IsEmpty());
  return meta;
}

inline std::string BlockPath() {
  return JoinPath(kParent, kUlid);
}

inline std::shared_ptr<Block> OpenBlock(Fs& fs) {
  auto block = Block::Open(fs, BlockPath());
  EXPECT_TRUE(block) << (block ? "" : block.error().ToString());
  return block ? *block : nullptr;
}

/// Writes and opens.
inline std::shared_ptr<Block> MakeBlock(Fs& fs, const Data& data, const BlockWriteOptions& options = {}) {
  const auto meta = Write(fs, data, options);
  EXPECT_TRUE(meta) << (meta ? "" : meta.error().ToString());
  return meta ? OpenBlock(fs) : nullptr;
}

/// All floats that cursors give; `damaged` counts those that say that something is missing.
inline Data Read(const Queryable& store, const Selection& selection, int* damaged = nullptr) {
  Data data;
  auto selected = store.Select(selection);
  EXPECT_TRUE(selected) << (selected ? "" : selected.error().ToString());
  if (!selected) return data;
  for (SelectedSeries& series : *selected) {
    std::vector<Sample> samples;
    TimestampMs timestamps[50];
    double values[50];
    while (const std::size_t got = series.cursor->Read(timestamps, values)) {
      for (std::size_t i = 0; i < got; ++i) samples.push_back({timestamps[i], values[i]});
    }
    if (damaged && !series.cursor->status()) ++*damaged;
    if (!samples.empty()) data[series.labels] = samples;
  }
  return data;
}

inline Selection Everything() {
  return {
      .matchers = {}, .min = std::numeric_limits<TimestampMs>::min(), .max = std::numeric_limits<TimestampMs>::max()};
}

inline Matcher Match(Matcher::Type type, const std::string& name, const std::string& value) {
  auto matcher = Matcher::Create(type, name, value);
  EXPECT_TRUE(matcher);
  return *matcher;
}

/// `series` series of `samples` samples a second apart, some labels shared and some not.
inline Data MakeData(int series, int samples) {
  Data data;
  for (int n = 0; n < series; ++n) {
    const std::string number = std::to_string(n);
    const Labels labels = {{"__name__", n % 3 == 0 ? "up" : "down"}, {"n", number}, {"mod", std::to_string(n % 7)}};
    for (int i = 0; i < samples; ++i) data[labels].push_back({kFrom + i * kSecondMs, n * 1000.0 + i % 17});
  }
  return data;
}

}  // namespace tickbird::tsdb
