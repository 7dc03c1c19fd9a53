#pragma once

#include <cstdint>
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
#include "core/tsdb/head/head.h"

namespace tickbird::tsdb {

struct StoreOptions {
  HeadOptions head;
  DurationMs retention = 24 * kHourMs;                      ///< Blocks that end before this, back from now, go.
  std::int64_t retention_bytes = std::int64_t{512} << 20;   ///< Of blocks, log and head chunks; oldest blocks go first.
  DurationMs max_block_range = 0;                           ///< 0: a tenth of the retention, at most 31 days.
  std::int64_t max_memory_bytes = std::int64_t{256} << 20;  ///< Head, index tables and caches together.
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
  TimestampMs min_time = 0;        ///< Of all samples held; 0 with none.
  std::int64_t compactions = 0;
  std::int64_t compaction_failures = 0;
  std::int64_t compaction_ns = 0;        ///< Time spent in them.
  std::int64_t blocks_deleted_time = 0;  ///< By the retention.
  std::int64_t blocks_deleted_size = 0;
  std::int64_t blocks_damaged = 0;  ///< Set aside as <ULID>.damaged since the start.
  std::int64_t damaged_reads = 0;   ///< Entries that reads had to leave out.
  std::vector<std::string> notes;   ///< What the start found and set aside, one sentence each.
};

/// The local store: the head for what is new, blocks for what is older, one view over both, in Prometheus' directory
/// layout (see FORMAT.md): `lock`, `wal/`, `wbl/`, `chunks_head/`, `<ULID>/`.
///
/// Thread safe. Readers take a reference to what they need and never wait for compaction; appends wait for neither.
/// Select may read from disk, and so may the cursors it returns.
class Store final : public Appendable, public Queryable {
 public:
  /// Locks the directory, opens its blocks, replays its logs. Empty `directory`: memory only, for `retention`.
  /// kUnavailable: another process has it. kUnsupported: something in it was written by a version that we do not know.
  /// kPermissionDenied, kTooLarge (disk full), kUnavailable (read-only): the message says what to do. After an error
  /// nothing was changed. A damaged block is renamed to <ULID>.damaged and the rest is served: see StoreStats::notes.
  static Result<std::unique_ptr<Store>> Open(Fs& fs, StoreOptions options, std::string directory, TimestampMs now);
  ~Store() override;

  std::unique_ptr<Appender> NewAppender() override;
  void SetCommitListener(CommitListener listener);

  /// Head and blocks as one: a series comes once, its samples in time order, each time once.
  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override;
  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override;
  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override;
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override;

  /// What is due: chunks to disk, a block from the head, larger blocks from smaller ones, the retention. Every 10 to
  /// 60 s, on a thread that may block.
  void Maintain(TimestampMs now);
  /// Returns when all commits that returned before the call survive a power cut. On a thread that may block.
  Status Sync();
  Status Close();

  /// Hides the samples of matching series in the interval, in head and blocks; returns how many series it concerns.
  Result<std::int64_t> DeleteSeries(const std::vector<Matcher>& matchers, Interval interval);
  /// Rewrites blocks with tombstones, so that what was deleted leaves the disk.
  Status CleanTombstones();
  /// Makes `<directory>/snapshots/<name>/` with hard links to all blocks and, unless `skip_head`, one more of the head.
  /// Returns its name.
  Result<std::string> Snapshot(bool skip_head, TimestampMs now);

  StoreStats Stats() const;
  std::vector<BlockInfo> Blocks() const;
  const Head& head() const;

 private:
  Store();
};

}  // namespace tickbird::tsdb
