#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/segment.h"

namespace tickbird::tsdb {

/// "00000007".
std::string SegmentName(int index);

/// Writes records into numbered segment files of one directory and recovers from failed writes by itself: what reached
/// the file of a failed batch is cut off again, or, when that fails too, left behind in a segment that is not written
/// any more. Not thread safe.
class SegmentWriter {
 public:
  /// Told after each successful write: the segment and its size now.
  using Observer = std::function<void(int index, std::size_t bytes)>;

  /// The first file, `first_index`, is created by the first Append.
  SegmentWriter(Fs& fs, std::string directory, int first_index, std::size_t segment_bytes, Observer observer);

  /// Writes all records, or fails: then a front part of them may be in the log, and none of them is half there for a
  /// reader.
  Status Append(const RecordWriter& records);
  /// The segment being written; first_index - 1 before the first Append.
  int index() const { return index_; }

 private:
  Status Add(std::string_view record);
  Status Rotate();
  Status Flush();

  Fs& fs_;
  std::string directory_;
  std::size_t segment_bytes_;
  Observer observer_;
  SegmentFramer framer_;
  std::unique_ptr<WritableFile> file_;
  int index_;
  std::size_t flushed_ = 0;  // bytes of the file that are whole records
  std::string buffer_;       // what follows them
};

}  // namespace tickbird::tsdb
