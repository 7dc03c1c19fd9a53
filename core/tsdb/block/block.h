#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/model/queryable.h"
#include "core/tsdb/block/meta.h"
#include "core/tsdb/chunk/chunk_series.h"

namespace tickbird::tsdb {

/// A directory `<ULID>/` with an index, chunk segments, meta.json and perhaps tombstones; ours or Prometheus'. Opened
/// once, read in places (never mapped: a disk that fails gives an error, not a signal), immutable but for its
/// tombstones. Thread safe. What it returned stays readable after the block was closed or its directory removed.
///
/// Damage: every section and entry is held against its checksum when it is read. A damaged section of the index fails
/// Open; a damaged series, list or chunk is left out, counted in damages(), and said by SeriesCursor::status.
class Block final : public Queryable {
 public:
  /// kUnsupported: an index or meta.json of another version. kCorruption: what is needed for reading is damaged; the
  /// message names file and offset. kNotFound and others: files are missing or cannot be read. Nothing is changed.
  static Result<std::shared_ptr<Block>> Open(Fs& fs, std::string directory);
  ~Block() override;

  /// As it was when the block was opened; stats.tombstones is what the tombstones file had.
  const BlockMeta& meta() const { return meta_; }
  const std::string& directory() const { return directory_; }
  /// Of all files, when it was opened.
  std::int64_t bytes() const;
  /// On the heap: tables of the index that are kept, and caches.
  std::int64_t memory_bytes() const;
  /// Drops the caches.
  void DropCaches();
  /// Damaged entries met by reads since Open.
  std::int64_t damages() const;

  Result<std::vector<SelectedSeries>> Select(const Selection& selection) const override;
  std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const override;
  std::vector<std::string> LabelValues(std::string_view name, const std::vector<Matcher>& matchers) const override;
  /// Blocks have none.
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override;

  /// The series that match (whether they have samples or all were deleted), with their numbers in the index (as
  /// BlockWriteOptions::observer got them).
  Result<std::vector<std::pair<Labels, std::uint32_t>>> Find(const std::vector<Matcher>& matchers) const;
  bool HasTombstones() const;

  /// All series in the order of their labels, without what the tombstones cover (a chunk that is covered in part is
  /// encoded anew). Its errors: kCorruption as ChunkSeriesSource says; kUnsupported for a chunk of unknown encoding and
  /// kUnavailable for a list of series that cannot be read: nothing then replaces this block.
  std::unique_ptr<ChunkSeriesSource> AllSeries() const;

  /// Hides samples of the series that match, in [min, max]; written to the tombstones file before it returns. Returns
  /// how many series it concerns. Cursors that exist go on as they were. After an error what is hidden now stays as it
  /// was, and the next start may find the one or the other. kCorruption: a series cannot be read, so that nobody knows
  /// whether it matches.
  Result<std::int64_t> Delete(const std::vector<Matcher>& matchers, Interval interval);

 private:
  Block();
  Status Read();
  struct State;
  BlockMeta meta_;
  std::string directory_;
  std::unique_ptr<State> state_;
};

}  // namespace tickbird::tsdb
