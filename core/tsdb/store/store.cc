#include "core/tsdb/store/store.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/store/compaction_plan.h"
#include "core/tsdb/store/data_directory.h"

namespace tickbird::tsdb {
namespace {

constexpr std::size_t kMaxNotes = 100;

std::int64_t StorageBytes(const HeadStats& head) {
  return head.wal.bytes + head.wbl.bytes + head.head_chunks.bytes;
}

std::vector<DurationMs> RangesFrom(const StoreOptions& options) {
  const DurationMs base = options.head.block_range;
  const DurationMs longest =
      options.max_block_range > 0 ? options.max_block_range : DefaultMaxBlockRange(base, options.retention);
  return BlockRanges(base, longest);
}

}  // namespace

Store::Store(Fs& fs, StoreOptions options, std::string directory)
    : fs_(fs),
      options_(std::move(options)),
      directory_(std::move(directory)),
      ranges_(RangesFrom(options_)),
      removals_(fs, directory_),
      blocks_(std::make_shared<BlockList>()) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(Fs& fs, StoreOptions options, std::string directory, TimestampMs now) {
  std::unique_ptr<Store> store(new Store(fs, std::move(options), std::move(directory)));
  if (store->directory_.empty()) {
    TICKBIRD_ASSIGN_OR_RETURN(store->head_,
                              Head::Open(fs, store->options_.head, "", now - store->options_.retention, now));
  } else {
    TICKBIRD_RETURN_IF_ERROR(store->OpenDirectory(now));
  }
  return store;
}

Status Store::OpenDirectory(TimestampMs now) {
  TICKBIRD_ASSIGN_OR_RETURN(lock_, LockDataDirectory(fs_, directory_));
  TICKBIRD_ASSIGN_OR_RETURN(DirectorySurvey survey, SurveyDataDirectory(fs_, directory_));
  TICKBIRD_RETURN_IF_ERROR(CheckDirectoryWritable(fs_, directory_));
  auto head = Head::Open(fs_, options_.head, directory_, HeadBoundary(survey.blocks), now);
  if (!head) return ExplainDirectoryError(directory_, std::move(head.error()));
  head_ = *std::move(head);

  // All is read. What is put in order from here on may fail without harm: it is tried again by Maintain.
  MutexLock work(work_mutex_);
  for (const std::string& path : survey.leftovers) removals_.RemoveLeftover(path);
  for (const SetAside& damaged : survey.damaged) {
    removals_.SetAside(damaged.ulid);
    Note(fmt::format("block {} is damaged and was renamed to {}{}: {}", damaged.ulid, damaged.ulid, kDamaged,
                     damaged.why));
  }
  for (const std::string& ulid : survey.superseded) removals_.Remove(ulid);
  RunRemovals();
  MutexLock lock(mutex_);
  stats_.blocks_damaged = static_cast<std::int64_t>(survey.damaged.size());
  blocks_ = std::make_shared<const BlockList>(std::move(survey.blocks));
  return {};
}

std::shared_ptr<const Store::BlockList> Store::ListedBlocks() const {
  MutexLock lock(mutex_);
  return blocks_;
}

void Store::Note(std::string note) {
  MutexLock lock(mutex_);
  if (stats_.notes.size() >= kMaxNotes) stats_.notes.erase(stats_.notes.begin());
  stats_.notes.push_back(std::move(note));
  ++stats_.notes_total;
}

std::unique_ptr<Appender> Store::NewAppender() {
  return head_->NewAppender();
}

void Store::SetCommitListener(CommitListener listener) {
  head_->SetCommitListener(std::move(listener));
}

Status Store::Sync() {
  return head_->Sync();
}

Status Store::Close() {
  closing_ = true;
  MutexLock work(work_mutex_);
  return head_->Close();
}

StoreStats Store::Stats() const {
  StoreStats stats;
  std::shared_ptr<const BlockList> blocks;
  {
    MutexLock lock(mutex_);
    stats = stats_;
    blocks = blocks_;
  }
  stats.head = head_->Stats();
  stats.min_time = stats.head.min_time;
  for (const BlockPtr& block : *blocks) {
    ++stats.blocks;
    stats.block_bytes += block->bytes();
    stats.block_memory_bytes += block->memory_bytes();
    stats.damaged_reads += block->damages();
    const TimestampMs oldest = block->meta().min_time;
    stats.min_time = stats.min_time == 0 ? oldest : std::min(stats.min_time, oldest);
  }
  stats.memory_bytes = stats.head.memory_bytes + stats.block_memory_bytes;
  stats.storage_bytes = StorageBytes(stats.head) + stats.block_bytes;
  return stats;
}

std::vector<BlockInfo> Store::Blocks() const {
  std::vector<BlockInfo> infos;
  for (const BlockPtr& block : *ListedBlocks()) infos.push_back({block->meta(), block->bytes(), block->damages()});
  return infos;
}

}  // namespace tickbird::tsdb
