#include "core/tsdb/tools/repair.h"

#include <memory>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/head/head.h"
#include "core/tsdb/rollup/rollup_recorder.h"
#include "core/tsdb/store/compaction_plan.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/tools/directory_view.h"
#include "core/tsdb/tools/overlay_fs.h"
#include "core/tsdb/tools/verify.h"

namespace tickbird::tsdb {
namespace {

class Repairer {
 public:
  Repairer(Fs& fs, const std::string& directory, bool dry_run, TimestampMs now)
      : fs_(fs), directory_(directory), dry_run_(dry_run), now_(now) {}

  Result<RepairReport> Run() {
    std::unique_ptr<FileLock> lock;
    if (!fs_.Exists(directory_)) return Error{ErrorCode::kNotFound, fmt::format("{}: no such directory", directory_)};
    if (!dry_run_) {
      TICKBIRD_ASSIGN_OR_RETURN(lock, LockDataDirectory(fs_, directory_));
    }
    // Refuses directories of unknown versions as a whole.
    TICKBIRD_ASSIGN_OR_RETURN(DirectorySurvey survey, SurveyDataDirectory(fs_, directory_));
    for (const SetAside& damaged : survey.damaged) SetAsideBlock(damaged.ulid, damaged.why);
    for (const auto& block : survey.blocks) RepairBlock(*block);
    RepairLogs(HeadBoundary(survey.blocks));
    return std::move(report_);
  }

 private:
  void Done(std::string what) { report_.actions.push_back(std::move(what)); }
  void Failed(const std::string& what, const Error& error) {
    report_.failures.push_back(fmt::format("{}: {}", what, error.message));
  }

  void SetAsideBlock(const std::string& ulid, const std::string& why) {
    const std::string from = JoinPath(directory_, ulid);
    const std::string to = from + std::string(kDamaged);
    if (!dry_run_) {
      Status moved = fs_.Rename(from, to);
      if (moved) moved = fs_.SyncDir(directory_);
      if (!moved) return Failed(from, moved.error());
    }
    Done(fmt::format("set aside as {}: {}", to, why));
  }

  void RepairBlock(const Block& block) {
    Findings findings;
    VerifyBlock(fs_, block.directory(), &findings);
    if (findings.damages.empty()) return;
    const std::string& ulid = block.meta().ulid;
    const std::string why = fmt::format("{} ({} in all)", findings.damages.front(), findings.damages.size());
    if (dry_run_) return Done(fmt::format("block {} would be written anew without its damaged parts: {}", ulid, why));
    const auto written = Rewrite(block);
    if (!written) return Failed(block.directory(), written.error());
    if (written->stats.samples > 0) {
      Done(fmt::format("block {} holds what could be read of {}: {} series, {} samples", written->ulid, ulid,
                       written->stats.series, written->stats.samples));
    }
    SetAsideBlock(ulid, why);
  }

  /// The new block names the old one as its parent, so that a start in between serves only one of them.
  Result<BlockMeta> Rewrite(const Block& block) {
    BlockMeta meta = MergedMeta({block.meta()}, NewUlid(now_));
    meta.hints.emplace_back(kHintRepaired);
    BlockWriteOptions options;
    KeepRollups(fs_, directory_, meta.ulid, &options);
    const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
      std::vector<std::unique_ptr<ChunkSeriesSource>> all;
      all.push_back(block.AllSeries());
      return all;
    };
    return WriteBlock(fs_, directory_, std::move(meta), sources, options, &report_.actions);
  }

  void RepairLogs(TimestampMs boundary) {
    if (!fs_.Exists(JoinPath(directory_, "wal"))) return;
    OverlayFs overlay(fs_);
    Fs& fs = dry_run_ ? static_cast<Fs&>(overlay) : fs_;
    auto head = Head::Open(fs, UnlimitedHeadOptions(), directory_, boundary, now_);
    if (!head) return Failed(JoinPath(directory_, "wal"), head.error());
    const HeadReplay replay = (*head)->Stats().replay;
    for (const auto* const notes : {&replay.wal.notes, &replay.wbl.notes, &replay.head_chunks.notes}) {
      for (const std::string& note : *notes) Done(note);
    }
    if (const Status closed = (*head)->Close(); !closed) Failed(JoinPath(directory_, "wal"), closed.error());
  }

  Fs& fs_;
  const std::string& directory_;
  bool dry_run_;
  TimestampMs now_;
  RepairReport report_;
};

}  // namespace

Result<RepairReport> RepairDirectory(Fs& fs, const std::string& directory, bool dry_run, TimestampMs now) {
  return Repairer(fs, directory, dry_run, now).Run();
}

}  // namespace tickbird::tsdb
