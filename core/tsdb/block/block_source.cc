#include "core/tsdb/block/block_source.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "core/tsdb/chunk/chunk_merge.h"

namespace tickbird::tsdb {
namespace {

/// All of the block is read, in order: larger reads than for a query.
constexpr std::size_t kRunBytes = 256 * 1024;

class BlockSource final : public ChunkSeriesSource {
 public:
  BlockSource(std::shared_ptr<const BlockFiles> files, std::shared_ptr<const Tombstones> tombstones)
      : files_(std::move(files)),
        tombstones_(std::move(tombstones)),
        series_(*files_->index),
        chunks_(*files_->segments, kRunBytes) {}

  Result<bool> Next(ChunkSeries* series) override {
    series->labels = {};
    series->chunks.clear();
    TICKBIRD_RETURN_IF_ERROR(Start());
    while (next_ < ids_->size()) {
      const std::uint32_t id = (*ids_)[next_++];
      TICKBIRD_RETURN_IF_ERROR(Counted(series_.Read(id, &series->labels, &metas_)));
      TICKBIRD_RETURN_IF_ERROR(ReadChunks(id, series));
      if (!series->chunks.empty()) return true;
    }
    return false;
  }

  Result<bool> NextLabels(Labels* labels) override {
    *labels = {};
    TICKBIRD_RETURN_IF_ERROR(Start());
    if (next_ == ids_->size()) return false;
    const std::uint32_t id = (*ids_)[next_++];
    TICKBIRD_RETURN_IF_ERROR(Counted(series_.Read(id, labels, nullptr)));
    return true;
  }

 private:
  Status Start() {
    if (ids_) return {};
    auto ids = files_->index->AllSeries([&] { files_->CountDamage(); });
    // Not kCorruption: the caller would take that for one series and go on with none.
    if (!ids) {
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the list of all series cannot be read: {}", ids.error().message)};
    }
    ids_ = std::move(*ids);
    return {};
  }

  Status Counted(Status status) const {
    if (!status && status.error().code == ErrorCode::kCorruption) files_->CountDamage();
    return status;
  }

  Status ReadChunks(std::uint32_t id, ChunkSeries* series) {
    const auto found = tombstones_->find(id);
    const Intervals hidden = found == tombstones_->end() ? Intervals() : found->second;
    std::erase_if(metas_, [&](const ChunkMeta& chunk) { return Covers(hidden, chunk.min_time, chunk.max_time); });
    Status damage;
    for (std::size_t i = 0; i < metas_.size(); ++i) {
      const auto stored = chunks_.Read(std::span(metas_).subspan(i));
      if (!stored && stored.error().code != ErrorCode::kCorruption) return stored.error();
      if (!stored) {
        files_->CountDamage();
        if (damage) damage = stored.error();
        continue;
      }
      if (!IsKnownEncoding(stored->encoding)) {
        return Error{ErrorCode::kUnsupported,
                     fmt::format("series {}: a chunk is encoded in a way that this program does not know ({})",
                                 series->labels.ToString(), stored->encoding)};
      }
      series->chunks.emplace_back(static_cast<ChunkEncoding>(stored->encoding), stored->bytes, std::string_view(),
                                  metas_[i].min_time, metas_[i].max_time);
    }
    if (!hidden.empty()) {
      bool is_damaged = false;
      series->chunks = MergeChunks(series->chunks, hidden, &is_damaged);
      if (is_damaged && damage) damage = Error{ErrorCode::kCorruption, "a chunk ends before its last sample"};
    }
    if (damage) return {};
    return WithContext("series " + series->labels.ToString(), std::move(damage.error()));
  }

  std::shared_ptr<const BlockFiles> files_;
  std::shared_ptr<const Tombstones> tombstones_;
  IndexReader::SeriesReader series_;
  ChunkRunReader chunks_;
  std::optional<std::vector<std::uint32_t>> ids_;
  std::size_t next_ = 0;
  std::vector<ChunkMeta> metas_;
};

}  // namespace

std::unique_ptr<ChunkSeriesSource> NewBlockSource(std::shared_ptr<const BlockFiles> files,
                                                  std::shared_ptr<const Tombstones> tombstones) {
  return std::make_unique<BlockSource>(std::move(files), std::move(tombstones));
}

}  // namespace tickbird::tsdb
