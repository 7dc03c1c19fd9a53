#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"
#include "core/tsdb/head/head_chunk_record.h"

namespace tickbird::tsdb {

/// What a start found in the files.
struct HeadChunkFacts {
  std::int64_t files = 0;
  std::int64_t chunks = 0;          ///< Handed out.
  std::int64_t skipped_chunks = 0;  ///< Out of order (they are in wbl/ too), or of an encoding that we do not read.
  std::int64_t torn_bytes = 0;      ///< Of a write that a crash cut short; cut off.
  std::int64_t damaged_files = 0;   ///< Set aside as NNNNNN.damaged; what stood before the damage is used.
  std::int64_t damaged_bytes = 0;   ///< From the damage to the end of those files.
  std::vector<std::string> notes;   ///< One sentence for each of these, at most 20.
};

struct HeadChunkStats {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::int64_t write_failures = 0;
  std::int64_t sync_failures = 0;
};

class ReadHandles;

/// One of the files, for reading. While somebody holds one, it is not removed. Thread safe.
class HeadChunkFile {
 public:
  HeadChunkFile(std::shared_ptr<ReadHandles> handles, std::string path, std::uint32_t number);

  /// Appends to `chunks` those that are `wanted`, which stand in this file; near ones come with one read. The first
  /// error is returned (kCorruption, or the disk's), and chunks are missing then.
  Status Read(std::span<const SpilledChunk> wanted, std::vector<ChunkRef>* chunks) const;
  std::uint32_t number() const { return number_; }

 private:
  friend class HeadChunkFiles;

  const std::shared_ptr<ReadHandles> handles_;
  const std::string path_;
  const std::uint32_t number_;
  std::atomic<std::int64_t> bytes_ = 0;  // that count
  TimestampMs max_time_ = kNoTime;       // guarded by HeadChunkFiles::mutex_
};

/// The directory `chunks_head/`: finished chunks of the head that need not be in memory, in numbered files. The log has
/// their samples too until it is truncated, so a crash loses nothing that is not synced here, provided that Sync comes
/// before the truncation. Nothing is mapped: a disk that fails gives an error, not a signal.
///
/// Thread safe; writing calls wait for each other, the others for no disk.
class HeadChunkFiles {
 public:
  using ChunkHandler = std::function<void(SeriesRef series, const SpilledChunk& chunk)>;
  struct NewChunk {
    SeriesRef series = 0;
    ChunkRef chunk;
  };
  static constexpr std::int64_t kFileBytes = std::int64_t{4} << 20;

  /// Hands out every chunk in the order of the files, and repairs: a torn end is cut off, a
  /// damaged file is renamed to NNNNNN.damaged and its good front takes its place; what cannot be repaired (no space)
  /// is left to the next start. kUnsupported for a file of another version; others when a file cannot be read; nothing
  /// was changed then.
  static Result<std::unique_ptr<HeadChunkFiles>> Open(Fs& fs, std::string directory, const ChunkHandler& handler,
                                                      HeadChunkFacts* facts, std::int64_t file_bytes = kFileBytes);

  /// Hands the chunks to the operating system and returns where each one stands. Makes the directory, whose parent is
  /// there. On an error none of them counts as
  /// written, and the next call starts clean.
  Result<std::vector<SpilledChunk>> Append(std::span<const NewChunk> chunks) TICKBIRD_EXCLUDES(write_mutex_, mutex_);
  /// Returns when all that was appended survives a power cut.
  Status Sync() TICKBIRD_EXCLUDES(write_mutex_, mutex_);
  /// Removes the oldest files as far as their newest chunks end before `time` and nobody reads them. The caller has
  /// forgotten these chunks.
  Status RemoveBefore(TimestampMs time) TICKBIRD_EXCLUDES(write_mutex_, mutex_);

  /// Null when there is no such file (any more).
  std::shared_ptr<const HeadChunkFile> Pin(std::uint32_t number) const TICKBIRD_EXCLUDES(mutex_);
  HeadChunkStats stats() const TICKBIRD_EXCLUDES(mutex_);

 private:
  using FilePtr = std::shared_ptr<HeadChunkFile>;
  /// What reading a whole file found.
  struct Scan {
    std::int64_t size = 0;
    std::int64_t good_bytes = 0;
    bool is_header_good = false;
    bool is_torn = false;
    std::string problem;  // empty: none
    TimestampMs max_time = kNoTime;
  };

  HeadChunkFiles(Fs& fs, std::string directory, std::int64_t file_bytes);

  std::string PathOf(std::uint32_t number) const;
  Status ReadAll(const ChunkHandler& handler, HeadChunkFacts* facts);
  Result<Scan> ScanFile(std::uint32_t number, const ChunkHandler& handler, HeadChunkFacts* facts) const;
  Status CheckHeader(const std::string& path, std::string_view front, Scan* scan) const;
  void Repair(std::uint32_t number, const Scan& scan, bool is_last, HeadChunkFacts* facts)
      TICKBIRD_REQUIRES(write_mutex_);
  Status CutOff(const std::string& path, std::int64_t good_bytes);
  Status SetAside(const std::string& path, const Scan& scan) TICKBIRD_REQUIRES(write_mutex_);
  Status WriteAnew(const std::string& path, std::int64_t good_bytes) TICKBIRD_REQUIRES(write_mutex_);

  Status StartFile() TICKBIRD_REQUIRES(write_mutex_) TICKBIRD_EXCLUDES(mutex_);
  Status Write(std::string_view bytes) TICKBIRD_REQUIRES(write_mutex_) TICKBIRD_EXCLUDES(mutex_);
  void FinishFile() TICKBIRD_REQUIRES(write_mutex_) TICKBIRD_EXCLUDES(mutex_);
  Status SyncFiles() TICKBIRD_REQUIRES(write_mutex_) TICKBIRD_EXCLUDES(mutex_);

  Fs& fs_;
  const std::string directory_;
  const std::int64_t file_bytes_;
  const std::shared_ptr<ReadHandles> handles_;

  /// Held while files are written, synced or removed.
  Mutex write_mutex_;
  std::unique_ptr<WritableFile> writer_ TICKBIRD_GUARDED_BY(write_mutex_);
  FilePtr writing_ TICKBIRD_GUARDED_BY(write_mutex_);
  bool is_synced_ TICKBIRD_GUARDED_BY(write_mutex_) = true;
  bool names_synced_ TICKBIRD_GUARDED_BY(write_mutex_) = true;
  std::uint32_t next_number_ TICKBIRD_GUARDED_BY(write_mutex_) = 1;
  /// Whose sync or repair failed: nobody knows what the disk has of them, so they are written anew.
  std::set<std::uint32_t> unsure_ TICKBIRD_GUARDED_BY(write_mutex_);

  mutable Mutex mutex_ TICKBIRD_ACQUIRED_AFTER(write_mutex_);
  std::map<std::uint32_t, FilePtr> files_ TICKBIRD_GUARDED_BY(mutex_);
  HeadChunkStats counters_ TICKBIRD_GUARDED_BY(mutex_);
};

}  // namespace tickbird::tsdb
