#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/tsdb/block/block_files.h"
#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {

/// Hands out the chunks of one series of a block for decoding, and keeps account of damage. Not thread safe.
class ChunkFeed {
 public:
  ChunkFeed(std::shared_ptr<const BlockFiles> files, std::vector<ChunkMeta> chunks);

  std::size_t size() const { return chunks_.size(); }
  /// Makes `reader` read chunk `i`; it can be used until the next call. Returns whether there is one to be read. Chunks
  /// in rising order are read ahead.
  bool Open(std::size_t i, ChunkReader* reader);
  bool holds_histograms() const { return holds_histograms_; }
  /// To be told of every reader that is at its end.
  void Close(std::size_t i, const ChunkReader& reader);
  /// Gives back what is needed for reading only.
  void Release();
  /// The first damage or error.
  const Status& status() const { return status_; }

 private:
  void Note(Error error);

  std::shared_ptr<const BlockFiles> files_;
  std::vector<ChunkMeta> chunks_;
  std::unique_ptr<ChunkRunReader> reader_;
  bool holds_histograms_ = false;
  Status status_;
};

}  // namespace tickbird::tsdb
