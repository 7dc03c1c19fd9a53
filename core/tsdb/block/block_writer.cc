#include "core/tsdb/block/block_writer.h"

#include <utility>

#include <fmt/core.h>

#include "core/tsdb/block/chunk_segments.h"
#include "core/tsdb/block/file_writer.h"
#include "core/tsdb/block/index_writer.h"
#include "core/tsdb/block/series_merger.h"
#include "core/tsdb/block/symbol_set.h"
#include "core/tsdb/block/tombstones.h"

namespace tickbird::tsdb {
namespace {

/// The labels of all sources. Damage is told when the series are read.
Status CollectSymbols(const OpenSources& open, SymbolSet* symbols) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto sources, open());
  for (const auto& source : sources) {
    while (true) {
      Labels labels;
      const auto more = source->NextLabels(&labels);
      if (!more && more.error().code != ErrorCode::kCorruption) return more.error();
      if (more && !*more) break;
      symbols->Add(labels);
    }
  }
  symbols->Number();
  return {};
}

Status WriteFile(Fs& fs, const std::string& path, std::string_view bytes) {
  TICKBIRD_ASSIGN_OR_RETURN(auto file, FileWriter::Create(fs, path));
  TICKBIRD_RETURN_IF_ERROR(file.Append(bytes));
  return file.Sync();
}

void Count(const ChunkRef& chunk, BlockStats* stats) {
  const auto samples = static_cast<std::int64_t>(chunk.sample_count());
  ++stats->chunks;
  stats->samples += samples;
  (chunk.encoding() == ChunkEncoding::kXor ? stats->float_samples : stats->histogram_samples) += samples;
}

/// Writes what stands in the directory; the caller makes it, renames it and cleans up.
class Writer {
 public:
  Writer(Fs& fs, std::string directory, BlockMeta* meta, const BlockWriteOptions& options)
      : fs_(fs), directory_(std::move(directory)), meta_(*meta), options_(options) {}

  Status Write(const OpenSources& open, std::vector<std::string>* notes) {
    const std::string chunks_directory = JoinPath(directory_, "chunks");
    TICKBIRD_RETURN_IF_ERROR(fs_.MakeDirs(chunks_directory));
    SymbolSet symbols;
    TICKBIRD_RETURN_IF_ERROR(CollectSymbols(open, &symbols));
    TICKBIRD_ASSIGN_OR_RETURN(auto index, IndexWriter::Create(fs_, JoinPath(directory_, "index"), symbols));
    ChunkSegmentWriter segments(fs_, chunks_directory, options_.segment_bytes);
    TICKBIRD_ASSIGN_OR_RETURN(auto sources, open());
    SeriesMerger merger(std::move(sources), notes);
    ChunkSeries series;
    while (true) {
      TICKBIRD_ASSIGN_OR_RETURN(const bool more, merger.Next(&series));
      if (!more) break;
      TICKBIRD_RETURN_IF_ERROR(WriteSeries(series, &index, &segments));
    }
    if (meta_.stats.samples == 0) return {};
    TICKBIRD_RETURN_IF_ERROR(segments.Finish());
    TICKBIRD_RETURN_IF_ERROR(index.Finish());
    TICKBIRD_RETURN_IF_ERROR(WriteFile(fs_, JoinPath(directory_, kTombstonesName), FormatTombstones({})));
    TICKBIRD_RETURN_IF_ERROR(WriteFile(fs_, JoinPath(directory_, "meta.json"), FormatBlockMeta(meta_)));
    if (options_.finish) TICKBIRD_RETURN_IF_ERROR(options_.finish(directory_));
    return fs_.SyncDir(directory_);
  }

 private:
  Status WriteSeries(ChunkSeries& series, IndexWriter* index, ChunkSegmentWriter* segments) {
    std::erase_if(series.chunks, [](const ChunkRef& chunk) { return chunk.sample_count() == 0; });
    if (series.chunks.empty()) return {};
    metas_.clear();
    for (const ChunkRef& chunk : series.chunks) {
      TICKBIRD_RETURN_IF_ERROR(CheckChunk(series, chunk));
      TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t ref, segments->Append(chunk));
      metas_.push_back({chunk.min_time(), chunk.max_time(), ref});
      Count(chunk, &meta_.stats);
    }
    ++meta_.stats.series;
    TICKBIRD_ASSIGN_OR_RETURN(const std::uint32_t id, index->AddSeries(series.labels, metas_));
    return options_.observer ? options_.observer(id, series) : Status();
  }

  Status CheckChunk(const ChunkSeries& series, const ChunkRef& chunk) const {
    if (!IsKnownEncoding(static_cast<std::uint8_t>(chunk.encoding()))) {
      return Error{ErrorCode::kUnsupported,
                   fmt::format("series {}: a chunk is encoded in a way that this program does not know ({})",
                               series.labels.ToString(), static_cast<int>(chunk.encoding()))};
    }
    const bool in_order = metas_.empty() || chunk.min_time() > metas_.back().max_time;
    // What lies outside of the block's range would never be found.
    if (in_order && chunk.min_time() >= meta_.min_time && chunk.max_time() < meta_.max_time) return {};
    return Error{ErrorCode::kInternal,
                 fmt::format("series {}: a chunk from {} to {} {}", series.labels.ToString(), chunk.min_time(),
                             chunk.max_time(), in_order ? "is outside of the block" : "overlaps another")};
  }

  Fs& fs_;
  std::string directory_;
  BlockMeta& meta_;
  const BlockWriteOptions& options_;
  std::vector<ChunkMeta> metas_;  // scratch
};

}  // namespace

Result<BlockMeta> WriteBlock(Fs& fs, const std::string& parent, BlockMeta meta, const OpenSources& sources,
                             const BlockWriteOptions& options, std::vector<std::string>* notes) {
  const std::string directory = JoinPath(parent, meta.ulid);
  const std::string temporary = directory + ".tmp-for-creation";
  if (fs.Exists(directory)) return Error{ErrorCode::kAlreadyExists, directory + " exists already"};
  meta.stats = {};
  const auto publish = [&]() -> Status {
    TICKBIRD_RETURN_IF_ERROR(fs.RemoveAll(temporary));
    TICKBIRD_RETURN_IF_ERROR(Writer(fs, temporary, &meta, options).Write(sources, notes));
    if (meta.stats.samples == 0) return fs.RemoveAll(temporary);
    TICKBIRD_RETURN_IF_ERROR(fs.Rename(temporary, directory));
    return fs.SyncDir(parent);
  };
  Status published = publish();
  if (published) return meta;
  // As far as the disk lets us: what stays is removed by the next start, which knows the name.
  [[maybe_unused]] const Status removed = fs.RemoveAll(temporary);
  [[maybe_unused]] const Status removed_block = fs.RemoveAll(directory);
  return WithContext("write block " + directory, std::move(published.error()));
}

}  // namespace tickbird::tsdb
