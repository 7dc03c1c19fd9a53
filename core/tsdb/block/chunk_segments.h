#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/block/file_writer.h"
#include "core/tsdb/block/index_format.h"
#include "core/tsdb/chunk/chunk_ref.h"

/// The files `chunks/000001`, ... of a block: a header, then chunks with length, encoding, bytes and checksum.
/// Source: prometheus/prometheus tsdb/docs/format/chunks.md, tsdb/chunks/chunks.go.
namespace tickbird::tsdb {

/// Writes them. Not thread safe.
class ChunkSegmentWriter {
 public:
  /// `directory` exists and is empty. A segment ends before it gets larger than `segment_bytes` (at most 4 GiB).
  ChunkSegmentWriter(Fs& fs, std::string directory, std::int64_t segment_bytes);

  /// Returns where the chunk stands now.
  Result<std::uint64_t> Append(const ChunkRef& chunk);
  /// Returns when all segments and their names survive a power cut.
  Status Finish();

 private:
  Status Cut();

  Fs& fs_;
  std::string directory_;
  std::uint64_t segment_bytes_;
  std::uint64_t segments_ = 0;
  std::optional<FileWriter> file_;
};

/// A chunk as it stands in the file. Its encoding may be one that we do not know.
struct StoredChunk {
  std::uint8_t encoding = 0;
  std::string_view bytes;
};

/// Reads them. Immutable; thread safe.
class ChunkSegments {
 public:
  /// kCorruption: a file is missing in between, or does not start as a segment. kUnsupported: another version.
  static Result<std::unique_ptr<ChunkSegments>> Open(Fs& fs, const std::string& directory);
  /// Of all files.
  std::int64_t bytes() const { return bytes_; }

 private:
  friend class ChunkRunReader;
  ChunkSegments() = default;
  std::vector<std::unique_ptr<RandomAccessFile>> files_;
  std::int64_t bytes_ = 0;
};

/// Reads chunks of one series after the other: those that lie side by side with one call to the disk. Not thread safe.
class ChunkRunReader {
 public:
  /// At most so much is read ahead (more only for a single chunk that is larger).
  static constexpr std::size_t kDefaultRunBytes = 32 * 1024;

  /// `segments` must outlive it.
  explicit ChunkRunReader(const ChunkSegments& segments, std::size_t run_bytes = kDefaultRunBytes)
      : segments_(segments), run_bytes_(run_bytes) {}

  /// The first of `chunks`; the others are those that will be asked for next. The view lives until the next call.
  /// kCorruption: it is damaged, or there is no such place.
  Result<StoredChunk> Read(std::span<const ChunkMeta> chunks);

 private:
  Result<std::string_view> Get(std::uint64_t ref, std::size_t wanted, std::size_t read_ahead);

  const ChunkSegments& segments_;
  std::size_t run_bytes_;
  std::uint64_t start_ = 0;  // of the buffer, as a chunk's reference
  std::string buffer_;
};

}  // namespace tickbird::tsdb
