#include "core/tsdb/rollup/rollup_recorder.h"

#include <array>
#include <iterator>
#include <utility>

#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {
namespace {

using Accumulators = std::vector<RollupAccumulator>;

void FoldChunk(const ChunkRef& chunk, Accumulators* accumulators) {
  if (chunk.encoding() != ChunkEncoding::kXor) return;
  std::array<TimestampMs, 256> timestamps;
  std::array<double, 256> values;
  ChunkReader reader(chunk);
  while (const std::size_t got = reader.Read(timestamps, values)) {
    for (RollupAccumulator& accumulator : *accumulators)
      accumulator.Add(std::span(timestamps).first(got), std::span(values).first(got));
  }
}

}  // namespace

Status RollupRecorder::Open() {
  for (const DurationMs resolution : kRollupResolutions) {
    TICKBIRD_ASSIGN_OR_RETURN(
        auto file, RollupFileWriter::Create(fs_, JoinPath(directory_, RollupFileName(resolution)), resolution));
    files_.push_back(std::move(file));
  }
  return {};
}

Status RollupRecorder::Observe(std::uint32_t series_id, const ChunkSeries& series) {
  if (files_.empty()) TICKBIRD_RETURN_IF_ERROR(Open());
  Accumulators accumulators(std::begin(kRollupResolutions), std::end(kRollupResolutions));
  for (const ChunkRef& chunk : series.chunks) FoldChunk(chunk, &accumulators);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const std::int64_t samples = accumulators[i].samples();
    const std::vector<RollupPoint> points = accumulators[i].Take();
    const bool worthwhile = samples >= kRollupMinSamplesPerPoint * static_cast<std::int64_t>(points.size());
    TICKBIRD_RETURN_IF_ERROR(worthwhile ? files_[i]->Add(series_id, points) : files_[i]->AddRaw(series_id));
  }
  return {};
}

Status RollupRecorder::Finish() {
  for (const auto& file : files_) TICKBIRD_RETURN_IF_ERROR(file->Finish());
  files_.clear();
  return {};
}

void KeepRollups(Fs& fs, const std::string& parent, const std::string& ulid, BlockWriteOptions* options) {
  const auto recorder = std::make_shared<RollupRecorder>(fs, JoinPath(parent, ulid + ".tmp-for-creation"));
  options->observer = [recorder, next = std::move(options->observer)](std::uint32_t id,
                                                                      const ChunkSeries& series) -> Status {
    TICKBIRD_RETURN_IF_ERROR(recorder->Observe(id, series));
    return next ? next(id, series) : Status();
  };
  options->finish = [recorder, next = std::move(options->finish)](const std::string& directory) -> Status {
    TICKBIRD_RETURN_IF_ERROR(recorder->Finish());
    return next ? next(directory) : Status();
  };
}

}  // namespace tickbird::tsdb
