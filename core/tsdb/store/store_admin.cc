#include <ctime>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/time_range.h"
#include "core/tsdb/rollup/rollup_recorder.h"
#include "core/tsdb/store/compaction_plan.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/store/link_tree.h"
#include "core/tsdb/store/steady_sources.h"
#include "core/tsdb/store/store.h"

namespace tickbird::tsdb {
namespace {

/// As Prometheus names snapshots: when, and something that sets two of one second apart.
std::string SnapshotName(TimestampMs now) {
  const auto seconds = static_cast<std::time_t>(now / kSecondMs);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z-{}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, NewUlid(now).substr(10));
}

}  // namespace

Result<std::int64_t> Store::DeleteSeries(const std::vector<Matcher>& matchers, Interval interval) {
  MutexLock work(work_mutex_);
  // A block that should be gone could come back, with what is deleted now, at the next start.
  TICKBIRD_RETURN_IF_ERROR(removals_.Run());
  TICKBIRD_ASSIGN_OR_RETURN(const auto concerned,
                            Select({.matchers = matchers, .min = interval.min, .max = interval.max}));
  for (const BlockPtr& block : *ListedBlocks()) {
    const BlockMeta& meta = block->meta();
    if (meta.min_time > interval.max || meta.max_time <= interval.min) continue;
    TICKBIRD_ASSIGN_OR_RETURN(const std::int64_t series, block->Delete(matchers, interval));
    if (series > 0) Reopen(block);
  }
  TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const std::int64_t series, head_->Delete(matchers, interval));
  return static_cast<std::int64_t>(concerned.size());
}

/// So that its meta counts the new tombstones: plans go by that. Without, they are counted by the next start.
void Store::Reopen(const BlockPtr& block) {
  const auto again = Block::Open(fs_, block->directory());
  if (!again) return;
  Publish({block}, *again);
  MutexLock lock(mutex_);
  stats_.damaged_reads += block->damages();
}

Status Store::CleanTombstones(TimestampMs now) {
  MutexLock work(work_mutex_);
  Status first;
  for (const BlockPtr& block : *ListedBlocks()) {
    if (!block->HasTombstones()) continue;
    Status done = Replace({block}, MergedMeta({block->meta()}, NewUlid(now)), now);
    if (first) first = std::move(done);
  }
  return first;
}

Result<std::string> Store::Snapshot(bool skip_head, TimestampMs now) {
  if (directory_.empty()) return Error{ErrorCode::kUnsupported, "no snapshot of a store that is in memory only"};
  MutexLock work(work_mutex_);
  const std::string snapshots = JoinPath(directory_, kSnapshots);
  const std::string name = SnapshotName(now);
  const std::string unfinished = JoinPath(snapshots, name + std::string(kForCreation));
  Status done = FillSnapshot(unfinished, skip_head, now);
  if (done) done = fs_.Rename(unfinished, JoinPath(snapshots, name));
  if (done) done = fs_.SyncDir(snapshots);
  if (done) return name;
  removals_.RemoveLeftover(unfinished);
  RunRemovals();
  return WithContext("snapshot", std::move(done.error()));
}

Status Store::FillSnapshot(const std::string& path, bool skip_head, TimestampMs now) {
  TICKBIRD_RETURN_IF_ERROR(fs_.MakeDirs(path));
  for (const BlockPtr& block : *ListedBlocks()) {
    TICKBIRD_RETURN_IF_ERROR(LinkTree(fs_, block->directory(), JoinPath(path, block->meta().ulid)));
  }
  if (!skip_head) TICKBIRD_RETURN_IF_ERROR(WriteHeadInto(path, now));
  TICKBIRD_RETURN_IF_ERROR(fs_.SyncDir(path));
  return fs_.SyncDir(directory_);
}

Status Store::WriteHeadInto(const std::string& path, TimestampMs now) {
  const TimestampMs oldest = std::max(head_->min_time(), head_->min_valid_time());
  if (head_->min_time() == kNoTime || head_->max_time() < oldest) return {};
  BlockMeta meta;
  meta.ulid = NewUlid(now);
  meta.min_time = oldest;
  meta.max_time = head_->max_time() + 1;
  meta.sources = {meta.ulid};
  // Samples of these times still come, and with them series.
  const OpenSources sources = SteadySources([&, end = meta.max_time] { return head_->SeriesIn(oldest, end); });
  std::vector<std::string> notes;
  BlockWriteOptions options = BlockWriting();
  KeepRollups(fs_, path, meta.ulid, &options);
  TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const BlockMeta written,
                            WriteBlock(fs_, path, meta, sources, options, &notes));
  return {};
}

}  // namespace tickbird::tsdb
