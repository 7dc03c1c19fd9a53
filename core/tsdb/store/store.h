#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/model/appender.h"
#include "core/model/commit_notice.h"
#include "core/model/queryable.h"
#include "core/tsdb/block/block.h"
#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/head/head.h"
#include "core/tsdb/rollup/rollup_select.h"
#include "core/tsdb/store/removal_queue.h"
#include "core/tsdb/store/retry_pauses.h"

namespace tickbird::tsdb {

struct StoreOptions {
  HeadOptions head;                                         ///< head.block_range is the length of the shortest blocks.
  DurationMs retention = 24 * kHourMs;                      ///< Blocks that end before this, back from now, go.
  std::int64_t retention_bytes = std::int64_t{512} << 20;   ///< Of blocks, logs and head chunks; the oldest blocks go
                                                            ///< first. 0: no limit.
  DurationMs max_block_range = 0;                           ///< 0: a tenth of the retention, at most 31 days.
  std::int64_t max_memory_bytes = std::int64_t{256} << 20;  ///< Head, index tables and caches together; above it the
                                                            ///< caches of blocks are dropped. The head has a limit too.
  /// How each block is to be written: asked before every one. Empty: the defaults.
  std::function<BlockWriteOptions()> block_writing;
  /// For StoreStats::compaction_ns; null: not measured. Must outlive the store.
  const Clock* clock = nullptr;
};

struct BlockInfo {
  BlockMeta meta;
  std::int64_t bytes = 0;
  std::int64_t damages = 0;
};

struct StoreStats {
  HeadStats head;
  std::int64_t blocks = 0;
  std::int64_t block_bytes = 0;
  std::int64_t block_memory_bytes = 0;
  std::int64_t storage_bytes = 0;  ///< Blocks, logs and head chunks.
  std::int64_t memory_bytes = 0;   ///< Head and blocks.
  TimestampMs min_time = 0;        ///< Of all samples held; 0 with none.
  std::int64_t compactions = 0;
  std::int64_t compaction_failures = 0;
  std::int64_t compaction_ns = 0;        ///< Time spent in them.
  std::int64_t blocks_deleted_time = 0;  ///< By the retention.
  std::int64_t blocks_deleted_size = 0;
  std::int64_t blocks_damaged = 0;       ///< Set aside as <ULID>.damaged, at the start or since.
  std::int64_t damaged_reads = 0;        ///< Entries of blocks that reads had to leave out.
  std::int64_t compactions_waiting = 0;  ///< Head or blocks whose last compaction failed, as of the last Maintain.
  std::int64_t removals_waiting = 0;     ///< Blocks that should be gone from the disk, as of the last Maintain.
  std::int64_t removal_failures = 0;     ///< Blocks that could not be removed or renamed; tried again.
  std::string last_failure;              ///< Of a compaction or removal; empty before the first.
  std::vector<std::string> notes;        ///< What was found damaged and set aside, one sentence each; the last 100.
  std::int64_t notes_total = 0;          ///< Notes ever made.
};

/// The local store: the head for what is new, blocks for what is older, one view over both, in Prometheus' directory
/// layout (see FORMAT.md): `lock`, `wal/`, `wbl/`, `chunks_head/`, `<ULID>/`.
///
/// Thread safe. Readers take a reference to what they need and never wait for compaction; appends wait for neither.
/// Select may read from disk, and so may the cursors it returns.
///
/// A sample is in the head or in a block, and each step of its way leaves it readable exactly once, also after a crash:
/// a block is complete on disk, then in the list of blocks, then the head lets go of what it holds; the blocks that a
/// larger one replaces leave the list as that one comes in, and the disk afterwards.
class Store final : public Appendable, public Queryable {
 public:
  /// Locks the directory, opens its blocks, replays its logs. Empty `directory`: memory only, for `retention`. `fs`
  /// must outlive the store. kUnavailable: another process has it. kUnsupported: something in it was written by a
  /// version that we do not know. kPermissionDenied, kTooLarge (disk full): as the others, with what to do in the
  /// message. After an error nothing was changed (but for an empty `lock`). A damaged block is renamed to
  /// <ULID>.damaged and the rest is served: see StoreStats::notes.
  static Result<std::unique_ptr<Store>> Open(Fs& fs, StoreOptions options, std::string directory, TimestampMs now);
  /// Does not sync: call Close first. Batches must be committed or gone.
  ~Store() override;

  std::unique_ptr<Appender> NewAppender() override;
  void SetCommitListener(CommitListener listener);

  /// Head and blocks as one: a series comes once, its samples in time order, each time once. Where places have the same
  /// time, the head wins, then the block whose samples are the younger ones.
  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override;
  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override;
  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override;
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override;

  /// Minima, maxima, sums and counts at 1 min or 1 h: exact over the interval, and without reading every sample where
  /// blocks have them ready. See core/tsdb/rollup/rollup_select.h.
  Result<std::vector<RollupSeries>> SelectRollups(const RollupSelection& selection) const;

  /// What is due: chunks to disk, a block from the head, larger blocks from smaller ones, the retention. Every 10 to
  /// 60 s, on a thread that may block. What fails is counted and tried again later, after growing pauses.
  void Maintain(TimestampMs now);
  /// Returns when all commits that returned before the call survive a power cut. On a thread that may block.
  Status Sync();
  /// Ends a Maintain that runs after the block it is at, syncs; from then on commits report kUnavailable. The directory
  /// is unlocked by the destructor.
  Status Close();

  /// Hides the samples of matching series in the interval, in head and blocks; returns how many series it concerns.
  /// After an error a part of it may be done: the same call again does the rest. Waits for a Maintain that runs.
  Result<std::int64_t> DeleteSeries(const std::vector<Matcher>& matchers, Interval interval);
  /// Rewrites blocks with tombstones, so that what was deleted leaves the disk. Goes on after a failure and returns the
  /// first.
  Status CleanTombstones(TimestampMs now);
  /// Makes `<directory>/snapshots/<name>/` with hard links to all blocks and, unless `skip_head`, one more block of the
  /// head. Returns its name. kUnsupported in a store without a directory.
  Result<std::string> Snapshot(bool skip_head, TimestampMs now);

  StoreStats Stats() const;
  std::vector<BlockInfo> Blocks() const;
  const Head& head() const { return *head_; }

 private:
  using BlockPtr = std::shared_ptr<Block>;
  using BlockList = std::vector<BlockPtr>;  // by min_time
  struct Place;

  Store(Fs& fs, StoreOptions options, std::string directory);

  // store.cc
  Status OpenDirectory(TimestampMs now);
  std::shared_ptr<const BlockList> ListedBlocks() const TICKBIRD_EXCLUDES(mutex_);
  void Note(std::string note) TICKBIRD_EXCLUDES(mutex_);

  // store_query.cc
  Result<std::vector<Place>> FindPlaces(const Selection& selection) const;

  // store_maintain.cc
  void CompactHead(TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  Status CompactHeadRange(TimestampMs min, TimestampMs end, TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  void RewriteDamagedBlocks(TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  void CompactBlocks(TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  Status Replace(const BlockList& parents, const BlockMeta& meta, TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  BlockWriteOptions BlockWriting() const;
  Result<BlockPtr> Write(const BlockMeta& meta, const OpenSources& sources) TICKBIRD_REQUIRES(work_mutex_);
  void Publish(const BlockList& removed, const BlockPtr& added) TICKBIRD_REQUIRES(work_mutex_);
  void ApplyRetention(TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  void RunRemovals() TICKBIRD_REQUIRES(work_mutex_);
  void DropCachesOverLimit() TICKBIRD_REQUIRES(work_mutex_);
  void CountWaiting() TICKBIRD_REQUIRES(work_mutex_);
  void CountCompaction(const Status& status, std::int64_t start_ns) TICKBIRD_EXCLUDES(mutex_);
  std::int64_t MonotonicNs() const;

  // store_admin.cc
  void Reopen(const BlockPtr& block) TICKBIRD_REQUIRES(work_mutex_);
  Status FillSnapshot(const std::string& path, bool skip_head, TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);
  Status WriteHeadInto(const std::string& path, TimestampMs now) TICKBIRD_REQUIRES(work_mutex_);

  Fs& fs_;
  const StoreOptions options_;
  const std::string directory_;
  const std::vector<DurationMs> ranges_;
  std::unique_ptr<FileLock> lock_;  // before the head, which writes until it is gone
  std::unique_ptr<Head> head_;
  std::atomic<bool> closing_ = false;

  /// Held while blocks are made, changed or removed. Readers and appends never take it.
  Mutex work_mutex_;
  RemovalQueue removals_ TICKBIRD_GUARDED_BY(work_mutex_);
  RetryPauses pauses_ TICKBIRD_GUARDED_BY(work_mutex_);

  mutable Mutex mutex_ TICKBIRD_ACQUIRED_AFTER(work_mutex_);
  std::shared_ptr<const BlockList> blocks_ TICKBIRD_GUARDED_BY(mutex_);
  StoreStats stats_ TICKBIRD_GUARDED_BY(mutex_);  // the counters; the rest is asked for
};

}  // namespace tickbird::tsdb
