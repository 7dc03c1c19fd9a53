#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/block/file_window.h"

namespace tickbird::tsdb {

/// Walks once over a table of the index - its length, the count of its entries, the entries, a checksum - without
/// holding it in memory. Not thread safe.
class SectionReader {
 public:
  /// The table at `offset` ends at `end` or before. `what` names it in errors and must outlive the reader.
  static Result<SectionReader> Open(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end,
                                    std::string_view what);

  struct Bytes {
    std::string_view raw;      ///< With the length in front.
    std::string_view content;  ///< Without it.
  };
  /// Each fails with kCorruption at the table's end. Views live until the next call.
  Result<std::uint32_t> Count();
  Result<std::uint64_t> Uvarint();
  Result<Bytes> TakeBytes();
  /// Reads on to the checksum and compares. What was taken may be trusted after that.
  Status Finish();

  /// In the file, of what comes next.
  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return end_ - position_; }
  Error Damaged() const;

 private:
  SectionReader(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end, std::string_view what)
      : window_(file, end), offset_(offset), position_(offset), what_(what) {}
  void Advance(std::string_view bytes);

  FileWindow window_;
  std::uint64_t offset_;
  std::uint64_t position_;
  std::uint64_t end_ = 0;  // of the entries
  std::uint32_t checksum_ = 0;
  std::string_view what_;
};

}  // namespace tickbird::tsdb
