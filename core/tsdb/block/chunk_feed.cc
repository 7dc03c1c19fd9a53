#include "core/tsdb/block/chunk_feed.h"

#include <utility>

#include <fmt/core.h>

namespace tickbird::tsdb {

ChunkFeed::ChunkFeed(std::shared_ptr<const BlockFiles> files, std::vector<ChunkMeta> chunks)
    : files_(std::move(files)), chunks_(std::move(chunks)) {}

bool ChunkFeed::Open(std::size_t i, ChunkReader* reader) {
  if (!reader_) reader_ = std::make_unique<ChunkRunReader>(*files_->segments);
  const auto stored = reader_->Read(std::span(chunks_).subspan(i));
  if (!stored) {
    Note(stored.error());
    return false;
  }
  if (!IsKnownEncoding(stored->encoding)) {
    Note({ErrorCode::kUnsupported,
          fmt::format("a chunk is encoded in a way that this program does not know ({})", stored->encoding)});
    return false;
  }
  const auto encoding = static_cast<ChunkEncoding>(stored->encoding);
  holds_histograms_ = encoding != ChunkEncoding::kXor;
  *reader = ChunkReader(encoding, stored->bytes);
  return true;
}

void ChunkFeed::Close(std::size_t i, const ChunkReader& reader) {
  if (reader.damaged()) {
    Note(
        {ErrorCode::kCorruption, fmt::format("the chunk from {} on ends before its last sample", chunks_[i].min_time)});
  }
}

void ChunkFeed::Release() {
  reader_.reset();
}

void ChunkFeed::Note(Error error) {
  files_->CountDamage();
  if (status_) status_ = std::move(error);
}

}  // namespace tickbird::tsdb
