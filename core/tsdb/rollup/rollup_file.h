#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/rollup/rollup_point.h"

/// The roll-ups of a block at one resolution: a file beside its index, which Prometheus passes over. Header; for each
/// series a record with its number, points and a checksum; a table of where each series stands; a footer. FORMAT.md has
/// the bytes.
namespace tickbird::tsdb {

/// "rollup-1m", "rollup-1h".
std::string RollupFileName(DurationMs resolution);

/// Writes such a file from front to back; holds 16 bytes a series and a buffer. Not thread safe.
class RollupFileWriter {
 public:
  static Result<std::unique_ptr<RollupFileWriter>> Create(Fs& fs, const std::string& path, DurationMs resolution);

  /// REQUIRES: series numbers rise. Every series of the block gets a record, so that one that is not found is damage.
  Status Add(std::uint32_t series, const std::vector<RollupPoint>& points);
  /// For a series whose raw samples are as quickly read.
  Status AddRaw(std::uint32_t series);
  /// Writes table and footer and syncs. Without it the file is no roll-up file.
  Status Finish();

  std::int64_t points() const { return points_; }
  std::int64_t bytes() const { return offset_; }

 private:
  struct Entry {
    std::uint32_t series;
    std::int64_t offset;
  };
  RollupFileWriter(std::unique_ptr<WritableFile> file, DurationMs resolution)
      : file_(std::move(file)), resolution_(resolution) {}
  Status AddRecord(std::uint32_t series, std::string_view content);
  Status Put(std::string_view bytes);
  Status Flush();

  std::unique_ptr<WritableFile> file_;
  DurationMs resolution_;
  std::vector<Entry> table_;
  std::string buffer_;
  std::string record_;
  std::int64_t offset_ = 0;
  std::int64_t points_ = 0;
};

/// Reads such a file in places: nothing of it is kept in memory. Thread safe; stays good when the file is removed.
class RollupReader {
 public:
  /// kNotFound: the block has none. kUnsupported: written by a later version, or for another resolution. kCorruption:
  /// header or footer are damaged. In every case the raw samples have the answer.
  static Result<std::unique_ptr<RollupReader>> Open(Fs& fs, const std::string& block_directory, DurationMs resolution);

  /// Appends the points of a series with min_end <= end <= max_end, which is what its samples in this block come to
  /// (the buckets at the block's ends may go on in other blocks). False: only the raw samples tell. kCorruption with
  /// file and offset; nothing was appended then.
  Result<bool> Read(std::uint32_t series, TimestampMs min_end, TimestampMs max_end,
                    std::vector<RollupPoint>* points) const;

  /// Reads all of it; each damage as one sentence with file and offset.
  std::vector<std::string> Verify() const;

  DurationMs resolution() const { return resolution_; }
  std::int64_t series() const { return series_; }
  std::int64_t bytes() const { return file_->size(); }

 private:
  struct Extent {
    std::uint32_t series;
    std::int64_t begin;
    std::int64_t end;
  };
  RollupReader(std::unique_ptr<RandomAccessFile> file, std::string path, DurationMs resolution)
      : file_(std::move(file)), path_(std::move(path)), resolution_(resolution) {}
  Status ReadHeader();
  Status ReadFooter();
  Result<std::string> ReadBytes(std::int64_t offset, std::int64_t size) const;
  Result<std::int64_t> FindPage(std::uint32_t series) const;
  Result<Extent> Find(std::uint32_t series) const;
  Result<Extent> ExtentAt(std::string_view page, std::size_t entry, std::int64_t first) const;
  Result<bool> ReadRecord(const Extent& extent, TimestampMs min_end, TimestampMs max_end,
                          std::vector<RollupPoint>* points) const;
  Error Damage(std::int64_t offset, std::string_view what) const;

  std::unique_ptr<RandomAccessFile> file_;
  std::string path_;
  DurationMs resolution_;
  std::int64_t table_ = 0;   // where it starts
  std::int64_t series_ = 0;  // entries in it
  std::uint32_t table_crc_ = 0;
};

}  // namespace tickbird::tsdb
