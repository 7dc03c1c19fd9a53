#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/block/block_writer.h"
#include "core/tsdb/block/meta.h"

namespace tickbird::tsdb {

/// Blocks on their way into a data directory: made out of sight, then all shown at once. Holds the directory's lock
/// while it lives; what was not committed is removed by the destructor, or after a crash by the next start. Not thread
/// safe.
class ImportStage {
 public:
  /// Makes the directory when it is missing. kUnavailable: in use by a running agent. kPermissionDenied, kTooLarge,
  /// kUnsupported: as Store::Open. `fs` must outlive the stage.
  static Result<std::unique_ptr<ImportStage>> Open(Fs& fs, const std::string& directory, TimestampMs now);
  ~ImportStage();

  /// Samples from here on are not imported: they are the time of the head, which has samples there, or (with an empty
  /// one) will have.
  TimestampMs limit() const { return limit_; }
  /// Why, as a part of a sentence.
  const std::string& limit_reason() const { return limit_reason_; }

  /// A new block with roll-ups; nothing stays when the sources are empty (stats.samples 0). `meta` needs its times; the
  /// rest is filled in.
  Result<BlockMeta> Write(BlockMeta meta, const OpenSources& sources);
  /// A block as it is: its files are linked, or copied where that is impossible.
  Status Link(const std::string& block_directory, const BlockMeta& meta);
  /// Takes back what Write staged.
  Status Discard(const std::string& ulid);
  /// Where a staged block stands.
  std::string PathOf(const std::string& ulid) const;

  /// Whether the data directory has a block of that name.
  bool Has(const std::string& ulid) const;
  const std::vector<BlockMeta>& staged() const { return staged_; }
  /// What WriteBlock had to leave out.
  const std::vector<std::string>& notes() const { return notes_; }

  /// Moves all staged blocks into the data directory. After an error none of them is there.
  Status Commit();

  TimestampMs now() const { return now_; }
  Fs& fs() const { return fs_; }

 private:
  ImportStage(Fs& fs, std::string directory, TimestampMs now) : fs_(fs), directory_(std::move(directory)), now_(now) {}
  Status FindLimit();
  Status MakeStage();
  void MoveBack(std::size_t count);

  Fs& fs_;
  std::string directory_;
  TimestampMs now_;
  std::unique_ptr<FileLock> lock_;
  std::string stage_;  // <ULID>.tmp-for-creation, which a start takes for a leftover; empty before the first block
  TimestampMs limit_ = 0;
  std::string limit_reason_;
  std::vector<BlockMeta> staged_;
  std::vector<std::string> notes_;
};

}  // namespace tickbird::tsdb
