#include "core/tsdb/tools/directory_import.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/tools/directory_view.h"

namespace tickbird::tsdb {
namespace {

constexpr DurationMs kBlockRange = 2 * kHourMs;

class DirectoryImporter {
 public:
  DirectoryImporter(const DirectoryView& view, bool go_on, ImportStage* stage)
      : view_(view), go_on_(go_on), stage_(*stage) {}

  Result<DirectoryImport> Run() {
    for (const std::string& note : view_.notes()) TICKBIRD_RETURN_IF_ERROR(Skip(ErrorCode::kCorruption, note));
    for (const auto& block : view_.blocks()) TICKBIRD_RETURN_IF_ERROR(AddBlock(*block));
    if (view_.head()) TICKBIRD_RETURN_IF_ERROR(AddHead(*view_.head()));
    return std::move(result_);
  }

 private:
  Status Skip(ErrorCode code, std::string why) {
    if (!go_on_) return Error{code, std::move(why)};
    result_.skipped.push_back(std::move(why));
    return {};
  }

  Status AddBlock(const Block& block) {
    const BlockMeta& meta = block.meta();
    if (stage_.Has(meta.ulid)) {
      ++result_.known_blocks;
      return {};
    }
    if (meta.max_time > stage_.limit()) {
      return Skip(ErrorCode::kOutOfBounds,
                  fmt::format("block {} goes up to {} and cannot be imported: {} belongs to the agent itself",
                              meta.ulid, FormatTimestamp(meta.max_time), stage_.limit_reason()));
    }
    TICKBIRD_RETURN_IF_ERROR(stage_.Link(block.directory(), meta));
    ++result_.linked_blocks;
    return {};
  }

  Status AddHead(Head& head) {
    if (head.min_time() == kNoTime) return {};
    const TimestampMs end = std::min(head.max_time() + 1, stage_.limit());
    if (head.max_time() >= stage_.limit()) {
      TICKBIRD_RETURN_IF_ERROR(Skip(ErrorCode::kOutOfBounds,
                                    fmt::format("the log has samples up to {}, which cannot be imported: {} belongs "
                                                "to the agent itself",
                                                FormatTimestamp(head.max_time()), stage_.limit_reason())));
    }
    for (TimestampMs begin = head.min_time(); begin < end;) {
      const TimestampMs next = std::min(end, begin - begin % kBlockRange + kBlockRange);
      TICKBIRD_RETURN_IF_ERROR(AddHeadRange(head, begin, next));
      begin = next;
    }
    return {};
  }

  Status AddHeadRange(Head& head, TimestampMs begin, TimestampMs end) {
    BlockMeta meta;
    meta.min_time = begin;
    meta.max_time = end;
    meta.hints = {std::string(kHintImported)};
    const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
      std::vector<std::unique_ptr<ChunkSeriesSource>> all;
      all.push_back(head.SeriesIn(begin, end));
      return all;
    };
    TICKBIRD_ASSIGN_OR_RETURN(const BlockMeta written, stage_.Write(std::move(meta), sources));
    if (written.stats.samples > 0) ++result_.written_blocks;
    return {};
  }

  const DirectoryView& view_;
  bool go_on_;
  ImportStage& stage_;
  DirectoryImport result_;
};

}  // namespace

Result<DirectoryImport> ImportDirectory(Fs& fs, const std::string& from, bool go_on, ImportStage* stage) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto view, DirectoryView::Open(fs, from, {}, stage->now()));
  return DirectoryImporter(*view, go_on, stage).Run();
}

}  // namespace tickbird::tsdb
