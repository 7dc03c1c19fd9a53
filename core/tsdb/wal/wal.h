#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/segment.h"
#include "core/tsdb/wal/segment_writer.h"

namespace tickbird::tsdb {

struct WalOptions {
  /// A segment goes when its last sample is too old, and replay holds one in memory: small ones keep both small. A
  /// multiple of the page size.
  std::size_t segment_bytes = std::size_t{4} << 20;
  /// Of all segments; above it the oldest go although their samples are still in memory.
  std::int64_t max_bytes = std::int64_t{256} << 20;
};

/// What reading the log found. Byte counts are of files.
struct WalReplay {
  std::int64_t segments = 0;
  std::int64_t records = 0;
  std::int64_t torn_bytes = 0;        ///< Of writes that were cut short by a crash; cut off.
  std::int64_t damaged_segments = 0;  ///< Set aside as NNNNNNNN.damaged; what stood before the damage was used.
  std::int64_t damaged_bytes = 0;     ///< From the damage to the end of those segments.
  std::vector<std::string> notes;     ///< One sentence for each of these, at most kMaxNotes.

  static constexpr std::size_t kMaxNotes = 20;
};

struct WalStats {
  std::int64_t bytes = 0;  ///< Segments and checkpoint.
  std::int64_t segments = 0;
  std::int64_t checkpoints = 0;          ///< Written since the start.
  std::int64_t segments_over_limit = 0;  ///< Removed for max_bytes while their samples were in memory.
};

/// The directory of the write-ahead log: numbered segments, and at most one checkpoint.NNNNNNNN that holds what is
/// needed from the segments up to that number. Prometheus' layout, see FORMAT.md.
///
/// Append, Sync and Truncate may run on three threads at once; Append waits for no sync. Replay comes first, alone.
class Wal {
 public:
  /// Uses the record and returns the time of its newest sample (kNoTime: it has none). kCorruption: the segment
  /// counts as damaged from this record on. Any other error ends the replay.
  using RecordHandler = std::function<Result<TimestampMs>(std::string_view record)>;
  /// Adds the next part of a checkpoint and returns true, or returns false at the end.
  using CheckpointSource = std::function<bool(RecordWriter* records)>;

  /// When the directory is made: a log that is seldom written should leave nothing behind when it never was.
  enum class Directory { kMadeNow, kMadeLater };
  /// Completes a repair that a crash left half done. The directory's lock is the caller's affair.
  static Result<std::unique_ptr<Wal>> Open(Fs& fs, std::string directory, WalOptions options,
                                           Directory made = Directory::kMadeNow);

  /// Hands every record to the handler, oldest first, and changes nothing. kUnsupported for records of a later program
  /// (see DecodeRecord); kUnavailable and others when a file cannot be read. After an error the log may not be written.
  Status Replay(const RecordHandler& handler, WalReplay* facts);
  /// Cuts off torn ends, sets damaged segments aside, removes what a crash left behind; what it cannot repair (no
  /// space) it leaves for the next start, with a note. Once, after Replay and before anything is written.
  void Repair(WalReplay* facts);

  /// Hands the records to the operating system. After a failure none of them counts as logged; the next call starts
  /// clean.
  Status Append(const RecordWriter& records, TimestampMs newest) TICKBIRD_EXCLUDES(mutex_);
  /// Returns when all that was appended before the call survives a power cut.
  Status Sync() TICKBIRD_EXCLUDES(mutex_, files_mutex_);
  /// Removes the oldest segments if all their samples are older than `before`, after a checkpoint was written for what
  /// else is in them. Waits until that is worth a checkpoint. On an error nothing is removed.
  Status Truncate(TimestampMs before, const CheckpointSource& source) TICKBIRD_EXCLUDES(mutex_, files_mutex_);

  /// Removes the oldest segments, up to the one that is written, if all their samples are older than `before`: for a
  /// log whose records need no others. Above max_bytes the oldest go although they are not.
  Status RemoveBefore(TimestampMs before) TICKBIRD_EXCLUDES(mutex_, files_mutex_);

  WalStats stats() const TICKBIRD_EXCLUDES(mutex_);

 private:
  struct Segment {
    int index;
    std::size_t bytes;
    TimestampMs newest;
  };
  struct DamagedFile {
    std::string path;
    std::size_t good_bytes = 0;
    bool is_torn = false;  // a write that was cut short, not damage
  };
  struct Removal {
    int last = -1;  // all up to this one; -1: none
    std::int64_t over_limit = 0;
  };

  Wal(Fs& fs, std::string directory, WalOptions options)
      : fs_(fs), directory_(std::move(directory)), options_(options) {}

  Status FinishRepairs();
  Status ReplayCheckpoint(const RecordHandler& handler, WalReplay* facts);
  Result<TimestampMs> ReplayFile(const std::string& path, const RecordHandler& handler, WalReplay* facts,
                                 std::size_t* bytes);
  Status CutOff(const DamagedFile& file);
  Status SetAside(const DamagedFile& file);
  Status RemoveLeftovers();
  Status RemoveUpTo(int last);
  void StartWriting(int first_index) TICKBIRD_REQUIRES(mutex_);
  Removal PlanRemoval(TimestampMs before) const TICKBIRD_REQUIRES(mutex_);
  Status Remove(const Removal& removal) TICKBIRD_EXCLUDES(mutex_, files_mutex_);
  Result<std::int64_t> WriteCheckpoint(int last, const CheckpointSource& source);

  Fs& fs_;
  const std::string directory_;
  const WalOptions options_;
  std::vector<DamagedFile> damaged_;  // between Replay and Repair
  int last_checkpoint_ = -1;          // that Replay found

  /// Held while files are synced or removed, so that no sync makes a removed file again.
  Mutex files_mutex_;
  mutable Mutex mutex_ TICKBIRD_ACQUIRED_AFTER(files_mutex_);
  std::unique_ptr<SegmentWriter> writer_ TICKBIRD_GUARDED_BY(mutex_);
  int written_index_ TICKBIRD_GUARDED_BY(mutex_) = -1;  // the segment that was appended to last; -1: none
  std::vector<Segment> segments_ TICKBIRD_GUARDED_BY(mutex_);
  std::vector<int> unsynced_ TICKBIRD_GUARDED_BY(mutex_);
  bool names_unsynced_ TICKBIRD_GUARDED_BY(mutex_) = true;
  bool has_directory_ TICKBIRD_GUARDED_BY(mutex_) = true;
  TimestampMs appending_newest_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  std::int64_t checkpoint_bytes_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  WalStats counters_ TICKBIRD_GUARDED_BY(mutex_);
};

}  // namespace tickbird::tsdb
