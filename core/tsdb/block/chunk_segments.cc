#include "core/tsdb/block/chunk_segments.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/block/file_window.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

constexpr std::uint32_t kMagic = 0x85bd40dd;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kMaxLengthBytes = 5;
constexpr std::size_t kEncodingBytes = 1;
/// What a ChunkRef can hold.
constexpr std::uint64_t kMaxChunkBytes = (std::uint64_t{16} << 20) - 1;
/// Where nothing says how long a chunk is: enough for most.
constexpr std::size_t kUsualChunkBytes = 1024;

std::string SegmentName(std::uint64_t number) {
  return fmt::format("{:06}", number);
}
std::uint64_t Segment(std::uint64_t ref) {
  return ref >> 32;
}
std::uint64_t Offset(std::uint64_t ref) {
  return ref & std::numeric_limits<std::uint32_t>::max();
}

bool IsSegmentName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Error Damaged(std::uint64_t ref) {
  return {ErrorCode::kCorruption,
          fmt::format("chunks/{}: the chunk at {} is damaged", SegmentName(Segment(ref) + 1), Offset(ref))};
}

Status CheckHeader(const RandomAccessFile& file, const std::string& name) {
  char header[kHeaderBytes];
  const auto corrupt = [&] { return Error{ErrorCode::kCorruption, "chunks/" + name + " does not start as chunks"}; };
  if (file.size() < std::int64_t{kHeaderBytes}) return corrupt();
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(file, 0, header));
  if (LoadBe32(header) != kMagic) return corrupt();
  const auto version = static_cast<std::uint8_t>(header[4]);
  if (version == kVersion) return {};
  return Error{
      ErrorCode::kUnsupported,
      fmt::format("chunks/{}: version {} of the format; this program reads version {}", name, version, kVersion)};
}

}  // namespace

ChunkSegmentWriter::ChunkSegmentWriter(Fs& fs, std::string directory, std::int64_t segment_bytes)
    : fs_(fs),
      directory_(std::move(directory)),
      segment_bytes_(std::min<std::uint64_t>(static_cast<std::uint64_t>(std::max<std::int64_t>(segment_bytes, 1)),
                                             std::numeric_limits<std::uint32_t>::max())) {}

Status ChunkSegmentWriter::Cut() {
  if (file_) TICKBIRD_RETURN_IF_ERROR(file_->Sync());
  TICKBIRD_ASSIGN_OR_RETURN(auto file, FileWriter::Create(fs_, JoinPath(directory_, SegmentName(segments_ + 1))));
  std::string header;
  PutBe32(header, kMagic);
  header += static_cast<char>(kVersion);
  header.resize(kHeaderBytes);
  TICKBIRD_RETURN_IF_ERROR(file.Append(header));
  file_.emplace(std::move(file));
  ++segments_;
  return {};
}

Result<std::uint64_t> ChunkSegmentWriter::Append(const ChunkRef& chunk) {
  // The length counts as its longest form, as upstream counts it.
  const std::uint64_t size = kMaxLengthBytes + kEncodingBytes + chunk.bytes().size() + kCrcBytes;
  const bool fits = file_ && (file_->position() == kHeaderBytes || file_->position() + size <= segment_bytes_);
  if (!fits) TICKBIRD_RETURN_IF_ERROR(Cut());
  const std::uint64_t ref = ((segments_ - 1) << 32) | file_->position();
  std::string bytes;
  PutUvarint(bytes, chunk.bytes().size());
  const std::size_t length_bytes = bytes.size();
  bytes += static_cast<char>(chunk.encoding());
  bytes += chunk.bytes();
  PutBe32(bytes, Crc32c(std::string_view(bytes).substr(length_bytes)));
  TICKBIRD_RETURN_IF_ERROR(file_->Append(bytes));
  return ref;
}

Status ChunkSegmentWriter::Finish() {
  if (file_) TICKBIRD_RETURN_IF_ERROR(file_->Sync());
  return fs_.SyncDir(directory_);
}

Result<std::unique_ptr<ChunkSegments>> ChunkSegments::Open(Fs& fs, const std::string& directory) {
  TICKBIRD_ASSIGN_OR_RETURN(auto names, fs.List(directory));
  std::erase_if(names, [](const std::string& name) { return !IsSegmentName(name); });
  std::unique_ptr<ChunkSegments> segments(new ChunkSegments());
  for (const std::string& name : names) {
    // A reference counts the files: with one of them missing it would lead into the next.
    if (name != SegmentName(segments->files_.size() + 1)) {
      return Error{ErrorCode::kCorruption, "chunks/" + SegmentName(segments->files_.size() + 1) + " is missing"};
    }
    TICKBIRD_ASSIGN_OR_RETURN(auto file, fs.OpenRead(JoinPath(directory, name)));
    TICKBIRD_RETURN_IF_ERROR(CheckHeader(*file, name));
    segments->bytes_ += file->size();
    segments->files_.push_back(std::move(file));
  }
  return segments;
}

/// The bytes at `ref`: `wanted` of them or as many as the file has. Reads up to `read_ahead` when it has to read.
Result<std::string_view> ChunkRunReader::Get(std::uint64_t ref, std::size_t wanted, std::size_t read_ahead) {
  if (Segment(ref) >= segments_.files_.size()) return std::string_view();
  const RandomAccessFile& file = *segments_.files_[Segment(ref)];
  const auto size = static_cast<std::uint64_t>(file.size());
  const std::uint64_t offset = Offset(ref);
  if (offset >= size) return std::string_view();
  wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, size - offset));
  if (ref < start_ || ref + wanted > start_ + buffer_.size()) {
    const auto fill = [&](std::uint64_t bytes) {
      buffer_.resize(bytes);
      start_ = ref;
      Status read = ReadExactly(file, offset, buffer_);
      if (!read) buffer_.clear();
      return read;
    };
    const std::uint64_t ahead = std::min<std::uint64_t>(std::max(wanted, read_ahead), size - offset);
    Status read = fill(ahead);
    // What cannot be read may lie behind what is wanted.
    if (!read && ahead > wanted) read = fill(wanted);
    if (!read) return Error{std::move(read.error())};
  }
  return std::string_view(buffer_).substr(static_cast<std::size_t>(ref - start_), wanted);
}

Result<StoredChunk> ChunkRunReader::Read(std::span<const ChunkMeta> chunks) {
  const std::uint64_t ref = chunks.front().ref;
  // Each chunk ends where the next begins, as long as they lie side by side.
  std::size_t run = kUsualChunkBytes;
  for (const ChunkMeta& chunk : chunks.subspan(1)) {
    if (Segment(chunk.ref) != Segment(ref) || chunk.ref < ref || chunk.ref - ref > run_bytes_ - kUsualChunkBytes) break;
    run = std::max(run, static_cast<std::size_t>(chunk.ref - ref) + kUsualChunkBytes);
  }
  TICKBIRD_ASSIGN_OR_RETURN(const auto front, Get(ref, kMaxLengthBytes, run));
  ByteReader reader(front);
  const std::uint64_t length = reader.Uvarint();
  if (!reader.ok() || length > kMaxChunkBytes) return Damaged(ref);
  const std::size_t length_bytes = front.size() - reader.left();
  const std::size_t size = length_bytes + kEncodingBytes + length + kCrcBytes;
  TICKBIRD_ASSIGN_OR_RETURN(const auto all, Get(ref, size, run));
  if (all.size() < size) return Damaged(ref);
  const std::string_view checked = all.substr(length_bytes, kEncodingBytes + length);
  if (Crc32c(checked) != LoadBe32(all.data() + size - kCrcBytes)) return Damaged(ref);
  return StoredChunk{static_cast<std::uint8_t>(checked.front()), checked.substr(kEncodingBytes)};
}

}  // namespace tickbird::tsdb
