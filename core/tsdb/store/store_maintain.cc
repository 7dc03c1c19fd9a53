#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/time_range.h"
#include "core/tsdb/rollup/rollup_recorder.h"
#include "core/tsdb/store/compaction_plan.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/store/retention.h"
#include "core/tsdb/store/store.h"

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kHeadName = "head";

}  // namespace

void Store::Maintain(TimestampMs now) {
  head_->DropBefore(TimeBefore(now, options_.retention));
  head_->Maintain(now);
  if (directory_.empty()) return;
  MutexLock work(work_mutex_);
  RunRemovals();
  // Before compactions: it makes the room that they need, and what it takes need not be compacted.
  ApplyRetention(now);
  CompactHead(now);
  RewriteDamagedBlocks(now);
  CompactBlocks(now);
  DropCachesOverLimit();
  CountWaiting();
}

void Store::CountWaiting() {
  MutexLock lock(mutex_);
  stats_.compactions_waiting = static_cast<std::int64_t>(pauses_.size());
  stats_.removals_waiting = static_cast<std::int64_t>(removals_.size());
}

/// One block for each range into which no sample is taken any more: what is read for the block is all there will be.
void Store::CompactHead(TimestampMs now) {
  while (!closing_ && pauses_.MayTry(kHeadName, now)) {
    const TimestampMs boundary = head_->min_valid_time();
    const TimestampMs oldest = head_->min_time();
    if (oldest == kNoTime) return;
    const Interval range = RangeAround(std::max(oldest, boundary), options_.head.block_range);
    if (range.max >= head_->oldest_taken()) return;
    const std::int64_t start_ns = MonotonicNs();
    const Status done = CompactHeadRange(std::max(range.min, boundary), range.max + 1, now);
    CountCompaction(done, start_ns);
    done ? pauses_.Succeeded(kHeadName) : pauses_.Failed(std::string(kHeadName), now);
  }
}

Status Store::CompactHeadRange(TimestampMs min, TimestampMs end, TimestampMs now) {
  BlockMeta meta;
  meta.ulid = NewUlid(now);
  meta.min_time = min;
  meta.max_time = end;
  meta.sources = {meta.ulid};
  const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> one;
    one.push_back(head_->SeriesIn(min, end));
    return one;
  };
  TICKBIRD_ASSIGN_OR_RETURN(const BlockPtr block, Write(meta, sources));
  if (block) Publish({}, block);
  head_->DropBefore(end);
  return {};
}

void Store::RewriteDamagedBlocks(TimestampMs now) {
  for (const BlockPtr& block : *ListedBlocks()) {
    if (closing_) return;
    if (block->damages() == 0 || !pauses_.MayTry(block->meta().ulid, now)) continue;
    BlockMeta meta = MergedMeta({block->meta()}, NewUlid(now));
    meta.hints.emplace_back(kHintRepaired);
    static_cast<void>(Replace({block}, meta, now));  // a failure is counted and pauses this block
  }
}

void Store::CompactBlocks(TimestampMs now) {
  while (!closing_) {
    const auto blocks = ListedBlocks();
    std::vector<BlockMeta> metas;
    for (const BlockPtr& block : *blocks) {
      metas.push_back(block->meta());
      metas.back().failed = metas.back().failed || !pauses_.MayTry(block->meta().ulid, now);
    }
    const CompactionPlan plan = PlanCompaction(metas, ranges_, head_->min_valid_time());
    if (plan.blocks.empty()) return;
    BlockList parents;
    std::vector<BlockMeta> parent_metas;
    for (const std::size_t i : plan.blocks) {
      parents.push_back((*blocks)[i]);
      parent_metas.push_back((*blocks)[i]->meta());
    }
    // A failure is counted and pauses these blocks, which the next plan leaves out.
    static_cast<void>(Replace(parents, MergedMeta(parent_metas, NewUlid(now)), now));
  }
}

/// Puts one block with the content of `parents` in their place, or none when nothing is left of them.
Status Store::Replace(const BlockList& parents, const BlockMeta& meta, TimestampMs now) {
  const std::int64_t start_ns = MonotonicNs();
  const OpenSources sources = [&]() -> Result<std::vector<std::unique_ptr<ChunkSeriesSource>>> {
    std::vector<std::unique_ptr<ChunkSeriesSource>> all;
    for (const BlockPtr& parent : parents) all.push_back(parent->AllSeries());
    return all;
  };
  auto block = Write(meta, sources);
  const Status done = block ? Status{} : Status{block.error()};
  CountCompaction(done, start_ns);
  for (const BlockPtr& parent : parents) {
    done ? pauses_.Succeeded(parent->meta().ulid) : pauses_.Failed(parent->meta().ulid, now);
  }
  if (!done) return done;
  Publish(parents, *block);
  for (const BlockPtr& parent : parents) {
    const std::string& ulid = parent->meta().ulid;
    if (parent->damages() == 0) {
      removals_.Remove(ulid);
    } else {
      removals_.SetAside(ulid);
      Note(fmt::format("block {} was damaged in {} places and renamed to {}{}; what could be read is in {}", ulid,
                       parent->damages(), ulid, kDamaged, *block ? meta.ulid : "no other"));
      MutexLock lock(mutex_);
      ++stats_.blocks_damaged;
      stats_.damaged_reads += parent->damages();
    }
  }
  RunRemovals();
  return {};
}

BlockWriteOptions Store::BlockWriting() const {
  return options_.block_writing ? options_.block_writing() : BlockWriteOptions{};
}

/// Makes and opens a block; null when it would be empty. After a failure what may be on disk of it is removed.
Result<Store::BlockPtr> Store::Write(const BlockMeta& meta, const OpenSources& sources) {
  std::vector<std::string> notes;
  BlockWriteOptions options = BlockWriting();
  KeepRollups(fs_, directory_, meta.ulid, &options);
  auto written = WriteBlock(fs_, directory_, meta, sources, options, &notes);
  for (std::string& note : notes) Note(std::move(note));
  if (written && written->stats.samples == 0) return BlockPtr();
  const std::string path = JoinPath(directory_, meta.ulid);
  auto block = written ? Block::Open(fs_, path) : Result<BlockPtr>(written.error());
  if (block) return block;
  removals_.Remove(meta.ulid);
  removals_.RemoveLeftover(path + std::string(kForCreation));
  RunRemovals();
  return block;
}

void Store::Publish(const BlockList& removed, const BlockPtr& added) {
  for (const BlockPtr& block : removed) pauses_.Succeeded(block->meta().ulid);
  BlockList list = *ListedBlocks();
  std::erase_if(
      list, [&](const BlockPtr& block) { return std::find(removed.begin(), removed.end(), block) != removed.end(); });
  if (added) {
    const auto place = std::partition_point(list.begin(), list.end(), [&](const BlockPtr& block) {
      return block->meta().min_time <= added->meta().min_time;
    });
    list.insert(place, added);
  }
  MutexLock lock(mutex_);
  blocks_ = std::make_shared<const BlockList>(std::move(list));
}

void Store::ApplyRetention(TimestampMs now) {
  const auto blocks = ListedBlocks();
  std::vector<BlockExtent> extents;
  for (const BlockPtr& block : *blocks) extents.push_back({block->meta().max_time, block->bytes()});
  const RetentionLimits limits{options_.retention, options_.retention_bytes};
  const StoreStats stats = Stats();
  const ExpiredBlocks expired = FindExpiredBlocks(extents, limits, now, stats.storage_bytes - stats.block_bytes);
  BlockList dropped;
  for (const std::size_t i : expired.by_time) dropped.push_back((*blocks)[i]);
  for (const std::size_t i : expired.by_size) dropped.push_back((*blocks)[i]);
  if (dropped.empty()) return;
  Publish(dropped, nullptr);
  for (const BlockPtr& block : dropped) removals_.Remove(block->meta().ulid);
  RunRemovals();
  MutexLock lock(mutex_);
  stats_.blocks_deleted_time += static_cast<std::int64_t>(expired.by_time.size());
  stats_.blocks_deleted_size += static_cast<std::int64_t>(expired.by_size.size());
}

void Store::RunRemovals() {
  const Status done = removals_.Run();
  if (done) return;
  MutexLock lock(mutex_);
  ++stats_.removal_failures;
  stats_.last_failure = done.error().message;
}

void Store::DropCachesOverLimit() {
  if (Stats().memory_bytes <= options_.max_memory_bytes) return;
  for (const BlockPtr& block : *ListedBlocks()) block->DropCaches();
}

void Store::CountCompaction(const Status& status, std::int64_t start_ns) {
  const std::int64_t took = MonotonicNs() - start_ns;
  MutexLock lock(mutex_);
  ++stats_.compactions;
  stats_.compaction_ns += took;
  if (status) return;
  ++stats_.compaction_failures;
  stats_.last_failure = status.error().message;
}

std::int64_t Store::MonotonicNs() const {
  return options_.clock ? options_.clock->MonotonicNs() : 0;
}

}  // namespace tickbird::tsdb
