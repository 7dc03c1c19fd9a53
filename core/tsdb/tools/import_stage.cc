#include "core/tsdb/tools/import_stage.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/tsdb/rollup/rollup_recorder.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/store/link_tree.h"
#include "core/tsdb/tools/directory_view.h"

namespace tickbird::tsdb {

Result<std::unique_ptr<ImportStage>> ImportStage::Open(Fs& fs, const std::string& directory, TimestampMs now) {
  std::unique_ptr<ImportStage> stage(new ImportStage(fs, directory, now));
  TICKBIRD_ASSIGN_OR_RETURN(stage->lock_, LockDataDirectory(fs, directory));
  TICKBIRD_RETURN_IF_ERROR(stage->FindLimit());
  return stage;
}

ImportStage::~ImportStage() {
  if (!stage_.empty()) [[maybe_unused]]
    const Status removed = fs_.RemoveAll(stage_);
}

Status ImportStage::FindLimit() {
  TICKBIRD_ASSIGN_OR_RETURN(const auto view, DirectoryView::Open(fs_, directory_, {}, now_));
  limit_ = now_;
  limit_reason_ = fmt::format("the time from now ({}) on", FormatTimestamp(now_));
  const Head* const head = view->head();
  if (!head || head->min_time() == kNoTime || head->min_time() >= now_) return {};
  limit_ = head->min_time();
  limit_reason_ =
      fmt::format("the time from {} on, which the newest samples of {} are of", FormatTimestamp(limit_), directory_);
  return {};
}

Status ImportStage::MakeStage() {
  if (!stage_.empty()) return {};
  std::string stage = JoinPath(directory_, NewUlid(now_) + std::string(kForCreation));
  if (Status made = fs_.MakeDirs(stage); !made) return ExplainDirectoryError(directory_, std::move(made.error()));
  stage_ = std::move(stage);
  return {};
}

std::string ImportStage::PathOf(const std::string& ulid) const {
  return JoinPath(stage_, ulid);
}

bool ImportStage::Has(const std::string& ulid) const {
  return fs_.Exists(JoinPath(directory_, ulid));
}

Result<BlockMeta> ImportStage::Write(BlockMeta meta, const OpenSources& sources) {
  TICKBIRD_RETURN_IF_ERROR(MakeStage());
  meta.ulid = NewUlid(now_);
  if (meta.sources.empty()) meta.sources = {meta.ulid};
  BlockWriteOptions options;
  KeepRollups(fs_, stage_, meta.ulid, &options);
  auto written = WriteBlock(fs_, stage_, std::move(meta), sources, options, &notes_);
  if (!written) return ExplainDirectoryError(directory_, std::move(written.error()));
  if (written->stats.samples > 0) staged_.push_back(*written);
  return written;
}

Status ImportStage::Link(const std::string& block_directory, const BlockMeta& meta) {
  TICKBIRD_RETURN_IF_ERROR(MakeStage());
  if (Status linked = LinkTree(fs_, block_directory, PathOf(meta.ulid)); !linked)
    return ExplainDirectoryError(directory_, std::move(linked.error()));
  staged_.push_back(meta);
  return {};
}

Status ImportStage::Discard(const std::string& ulid) {
  std::erase_if(staged_, [&](const BlockMeta& meta) { return meta.ulid == ulid; });
  return fs_.RemoveAll(PathOf(ulid));
}

void ImportStage::MoveBack(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& ulid = staged_[i].ulid;
    [[maybe_unused]] const Status moved = fs_.Rename(JoinPath(directory_, ulid), PathOf(ulid));
  }
}

Status ImportStage::Commit() {
  if (staged_.empty()) return {};
  TICKBIRD_RETURN_IF_ERROR(fs_.SyncDir(stage_));
  Status moved;
  std::size_t done = 0;
  for (; done < staged_.size() && moved; ++done) {
    const std::string& ulid = staged_[done].ulid;
    moved = fs_.Rename(PathOf(ulid), JoinPath(directory_, ulid));
  }
  if (moved) moved = fs_.SyncDir(directory_);
  if (moved) return {};
  MoveBack(done);
  return ExplainDirectoryError(directory_, std::move(moved.error()));
}

}  // namespace tickbird::tsdb
