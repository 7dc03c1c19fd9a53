#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/tsdb/block/file_writer.h"
#include "core/tsdb/block/index_format.h"
#include "core/tsdb/block/series_entry.h"
#include "core/tsdb/block/symbol_set.h"

namespace tickbird::tsdb {

/// Writes the `index` of a block, version 2, as tsdb/index/index.go does: the symbols, the series in the order of their
/// labels, then the postings, for which it reads its own series again, some label names at a time. Memory beyond the
/// symbols: 4 bytes a series, 16 a pair of label name and value, and while the postings are made 24 bytes a series (at
/// most; with few series 768 KiB). Not thread safe.
class IndexWriter {
 public:
  /// REQUIRES: `symbols` are numbered and live as long as the writer.
  static Result<IndexWriter> Create(Fs& fs, std::string path, const SymbolSet& symbols);

  /// Returns the number of the series in the index. kInternal: out of order, or a label that is not among the symbols.
  /// kTooLarge: the format ends at 64 GiB. REQUIRES: chunks are in time order and do not overlap.
  Result<std::uint32_t> AddSeries(const Labels& labels, std::span<const ChunkMeta> chunks);
  /// Writes the rest; returns when all of it survives a power cut.
  Status Finish();

 private:
  /// Stands for the empty name and value of the list of all.
  static constexpr std::uint32_t kNoSymbol = ~std::uint32_t{0};
  /// One label of one series.
  struct Use {
    std::uint32_t name;
    std::uint32_t value;
    std::uint32_t series;
    friend auto operator<=>(const Use&, const Use&) = default;
  };
  /// A list that was written, for the table.
  struct ListOffset {
    std::uint32_t name;
    std::uint32_t value;
    std::uint64_t offset;
  };

  IndexWriter(Fs& fs, std::string path, const SymbolSet& symbols, FileWriter file)
      : fs_(fs), path_(std::move(path)), symbols_(symbols), file_(std::move(file)) {}
  Status WriteHeaderAndSymbols();
  Status WritePostings();
  Status CollectUses(const RandomAccessFile& series, std::uint32_t first_name, std::uint32_t last_name,
                     std::vector<Use>* uses) const;
  Status WriteLists(std::vector<Use>* uses);
  Status WriteList(std::span<const std::uint32_t> ids);
  Status WriteTable();

  Fs& fs_;
  std::string path_;
  const SymbolSet& symbols_;
  FileWriter file_;
  IndexToc toc_;
  Labels last_labels_;
  std::vector<SymbolPair> pairs_;                     // scratch
  std::string entry_;                                 // the same
  std::vector<std::uint32_t> ids_;                    // of all series
  std::map<std::uint32_t, std::uint64_t> name_uses_;  // by the name's number
  std::vector<ListOffset> lists_;
};

}  // namespace tickbird::tsdb
