#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/tsdb/block/file_window.h"
#include "core/tsdb/block/index_format.h"
#include "core/tsdb/block/postings_table.h"
#include "core/tsdb/block/series_entry.h"
#include "core/tsdb/block/symbol_table.h"

namespace tickbird::tsdb {

/// The `index` of a block, version 2, ours or Prometheus'. Symbols and the table of postings are checked when it is
/// opened, series and postings lists when they are read. Immutable but for its cache; thread safe.
class IndexReader {
 public:
  /// Reads one series after the other; ascending numbers are cheapest. Not thread safe.
  class SeriesReader {
   public:
    explicit SeriesReader(const IndexReader& index);
    /// `chunks` may be null. kCorruption: this series is damaged.
    Status Read(std::uint32_t id, Labels* labels, std::vector<ChunkMeta>* chunks);

   private:
    const IndexReader& index_;
    FileWindow window_;
    std::vector<SymbolPair> pairs_;
    LabelsBuilder builder_;
  };

  /// kUnsupported: another version. kCorruption: what is needed to find anything is damaged.
  static Result<std::unique_ptr<IndexReader>> Open(std::unique_ptr<const RandomAccessFile> file);

  const PostingsTable& table() const { return *table_; }
  /// The series of one list, ascending. kCorruption: it is damaged.
  Result<std::vector<std::uint32_t>> Postings(std::uint64_t offset) const;
  /// All series, ascending. Where their list is damaged, `damaged` is told and the list is made of all others.
  Result<std::vector<std::uint32_t>> AllSeries(const std::function<void()>& damaged) const;
  /// How many that are, as the list says; not checked.
  Result<std::uint32_t> PostingsCount(std::uint64_t offset) const;

  std::int64_t memory_bytes() const;
  void DropCache() const { symbols_->DropCache(); }

 private:
  explicit IndexReader(std::unique_ptr<const RandomAccessFile> file) : file_(std::move(file)) {}
  Status ReadTables();

  std::unique_ptr<const RandomAccessFile> file_;
  IndexToc toc_;
  std::optional<SymbolTable> symbols_;
  std::optional<PostingsTable> table_;
};

}  // namespace tickbird::tsdb
