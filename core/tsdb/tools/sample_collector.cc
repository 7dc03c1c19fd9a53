#include "core/tsdb/tools/sample_collector.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/tsdb/block/block.h"
#include "core/tsdb/store/data_directory.h"

namespace tickbird::tsdb {
namespace {

// What an encoded sample takes at most but for chance in every bit, and what a series takes beside its samples.
constexpr std::int64_t kSampleBytes = 8;
constexpr std::int64_t kSeriesBytes = 512;

/// Series in memory.
class ListSource final : public ChunkSeriesSource {
 public:
  explicit ListSource(const std::vector<ChunkSeries>& series) : series_(series) {}
  Result<bool> Next(ChunkSeries* series) override {
    if (next_ == series_.size()) return false;
    *series = series_[next_++];
    return true;
  }

 private:
  const std::vector<ChunkSeries>& series_;
  std::size_t next_ = 0;
};

/// In time order, of equal times the one that came last.
std::vector<ChunkRef> EncodeUnsorted(std::vector<Sample> samples) {
  std::map<TimestampMs, double> sorted;
  for (const Sample& sample : samples) sorted[sample.timestamp] = sample.value;
  ChunkBuilder builder;
  for (const auto& [timestamp, value] : sorted) builder.Append(timestamp, value);
  return builder.Finish();
}

TimestampMs WindowBegin(TimestampMs timestamp, DurationMs range) {
  const TimestampMs rest = timestamp % range;
  return timestamp - (rest < 0 ? rest + range : rest);
}

void SortByLabels(std::vector<ChunkSeries>* series) {
  std::sort(series->begin(), series->end(),
            [](const ChunkSeries& a, const ChunkSeries& b) { return a.labels < b.labels; });
}

}  // namespace

Status SampleCollector::Add(const Labels& labels, TimestampMs timestamp, double value) {
  if (timestamp >= stage_.limit()) {
    return Error{ErrorCode::kOutOfBounds,
                 fmt::format("a sample at {} cannot be imported: {} belongs to the agent itself",
                             FormatTimestamp(timestamp), stage_.limit_reason())};
  }
  Window& window = windows_[WindowBegin(timestamp, options_.block_range)];
  const auto [at, is_new] = window.try_emplace(labels);
  Series& series = at->second;
  if (timestamp > series.newest) {
    series.builder.Append(timestamp, value);
    series.newest = timestamp;
    memory_bytes_ += kSampleBytes;
  } else {
    series.late.push_back({timestamp, value});
    memory_bytes_ += static_cast<std::int64_t>(2 * sizeof(Sample));
  }
  if (is_new) memory_bytes_ += kSeriesBytes + static_cast<std::int64_t>(labels.ByteSize());
  ++samples_;
  return memory_bytes_ > options_.max_memory_bytes ? Flush() : Status();
}

BlockMeta SampleCollector::MetaOf(TimestampMs begin) const {
  BlockMeta meta;
  meta.min_time = begin;
  // The agent takes no sample that is older than the end of a block.
  meta.max_time = std::min(begin + options_.block_range, stage_.limit());
  meta.hints = {std::string(kHintImported)};
  return meta;
}

Status SampleCollector::WriteWindow(TimestampMs begin, Window* window) {
  std::vector<ChunkSeries> in_order;
  std::vector<ChunkSeries> late;
  for (auto& [labels, series] : *window) {
    in_order.push_back({labels, series.builder.Finish()});
    if (!series.late.empty()) late.push_back({labels, EncodeUnsorted(std::move(series.late))});
  }
  SortByLabels(&in_order);
  SortByLabels(&late);
  const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> all;
    all.push_back(std::make_unique<ListSource>(in_order));
    all.push_back(std::make_unique<ListSource>(late));
    return all;
  };
  TICKBIRD_ASSIGN_OR_RETURN(const BlockMeta written, stage_.Write(MetaOf(begin), sources));
  written_[begin].push_back(written.ulid);
  return {};
}

Status SampleCollector::Flush() {
  while (!windows_.empty()) {
    const auto window = windows_.begin();
    TICKBIRD_RETURN_IF_ERROR(WriteWindow(window->first, &window->second));
    windows_.erase(window);
  }
  memory_bytes_ = 0;
  return {};
}

Status SampleCollector::MergeParts(TimestampMs begin, const std::vector<std::string>& parts) {
  std::vector<std::shared_ptr<Block>> blocks;
  for (const std::string& ulid : parts) {
    TICKBIRD_ASSIGN_OR_RETURN(auto block, Block::Open(stage_.fs(), stage_.PathOf(ulid)));
    blocks.push_back(std::move(block));
  }
  const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> all;
    for (const auto& block : blocks) all.push_back(block->AllSeries());
    return all;
  };
  TICKBIRD_RETURN_IF_ERROR(stage_.Write(MetaOf(begin), sources));
  for (const std::string& ulid : parts) TICKBIRD_RETURN_IF_ERROR(stage_.Discard(ulid));
  return {};
}

Status SampleCollector::Finish() {
  TICKBIRD_RETURN_IF_ERROR(Flush());
  for (const auto& [begin, parts] : written_) {
    if (parts.size() > 1) TICKBIRD_RETURN_IF_ERROR(MergeParts(begin, parts));
  }
  written_.clear();
  return {};
}

}  // namespace tickbird::tsdb
