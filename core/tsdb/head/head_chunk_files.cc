#include "core/tsdb/head/head_chunk_files.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/read_handles.h"

namespace tickbird::tsdb {
namespace {

// Chunks of one file that are this near come with one read.
constexpr std::size_t kReadSpan = std::size_t{32} << 10;
// What a chunk hardly exceeds: 1 KiB of data and a header.
constexpr std::size_t kUsualBytes = 1200;

Error Damaged(const std::string& path, const SpilledChunk& chunk) {
  return Error{ErrorCode::kCorruption, fmt::format("{}: the chunk at {} is damaged", path, chunk.offset)};
}

/// The chunk that `bytes` start with, if that is the one that was written there.
Result<ChunkRef> TakeChunk(const std::string& path, const SpilledChunk& wanted, std::string_view bytes,
                           std::size_t* size) {
  HeadChunkRecord record;
  const HeadChunkParse outcome = ParseHeadChunk(bytes, &record, size);
  if (outcome == HeadChunkParse::kIncomplete) return ChunkRef();
  if (outcome != HeadChunkParse::kRecord || record.min_time != wanted.min_time || record.max_time != wanted.max_time ||
      !IsKnownEncoding(record.encoding))
    return Damaged(path, wanted);
  return ChunkRef(static_cast<ChunkEncoding>(record.encoding), record.data, {}, record.min_time, record.max_time);
}

/// One whose end was not read yet.
Result<ChunkRef> ReadLongChunk(const RandomAccessFile& file, const std::string& path, const SpilledChunk& wanted,
                               std::size_t size) {
  std::string bytes(size, '\0');
  if (const Status read = file.ReadAt(wanted.offset, bytes); !read) {
    return read.error().code == ErrorCode::kOutOfBounds ? Damaged(path, wanted) : read.error();
  }
  TICKBIRD_ASSIGN_OR_RETURN(ChunkRef chunk, TakeChunk(path, wanted, bytes, &size));
  if (!chunk) return Damaged(path, wanted);
  return chunk;
}

/// How many of `wanted` come with one read, from the first on.
std::size_t RunLength(std::span<const SpilledChunk> wanted) {
  std::size_t count = 1;
  while (count < wanted.size() && wanted[count].offset > wanted[count - 1].offset &&
         wanted[count].offset - wanted[0].offset <= kReadSpan)
    ++count;
  return count;
}

}  // namespace

HeadChunkFile::HeadChunkFile(std::shared_ptr<ReadHandles> handles, std::string path, std::uint32_t number)
    : handles_(std::move(handles)), path_(std::move(path)), number_(number) {}

Status HeadChunkFile::Read(std::span<const SpilledChunk> wanted, std::vector<ChunkRef>* chunks) const {
  if (wanted.empty()) return {};
  TICKBIRD_ASSIGN_OR_RETURN(const auto handle, handles_->Get(path_));
  Status status;
  while (!wanted.empty()) {
    const auto run = wanted.first(RunLength(wanted));
    wanted = wanted.subspan(run.size());
    const std::int64_t left = std::max<std::int64_t>(bytes_.load(std::memory_order_acquire) - run[0].offset, 0);
    const std::size_t size = run.back().offset - run[0].offset + kUsualBytes;
    std::string bytes(std::min(size, static_cast<std::size_t>(left)), '\0');
    if (const Status read = handle->ReadAt(run[0].offset, bytes); !read) {
      if (status) status = read.error().code == ErrorCode::kOutOfBounds ? Damaged(path_, run[0]) : read.error();
      continue;
    }
    for (const SpilledChunk& chunk : run) {
      const std::size_t at = std::min<std::size_t>(chunk.offset - run[0].offset, bytes.size());
      std::size_t needed = 0;
      Result<ChunkRef> taken = TakeChunk(path_, chunk, std::string_view(bytes).substr(at), &needed);
      if (taken && !*taken) taken = ReadLongChunk(*handle, path_, chunk, needed);
      if (taken) {
        chunks->push_back(std::move(*taken));
      } else if (status) {
        status = taken.error();
      }
    }
  }
  return status;
}

HeadChunkFiles::HeadChunkFiles(Fs& fs, std::string directory, std::int64_t file_bytes)
    : fs_(fs), directory_(std::move(directory)), file_bytes_(file_bytes), handles_(std::make_shared<ReadHandles>(fs)) {}

std::string HeadChunkFiles::PathOf(std::uint32_t number) const {
  return JoinPath(directory_, fmt::format("{:06}", number));
}

Status HeadChunkFiles::StartFile() {
  const std::uint32_t number = next_number_;
  const std::string path = PathOf(number);
  if (!fs_.Exists(directory_)) TICKBIRD_RETURN_IF_ERROR(fs_.MakeDirs(directory_));
  TICKBIRD_ASSIGN_OR_RETURN(auto writer, fs_.Create(path));
  names_synced_ = false;
  if (Status written = writer->Append(HeadChunkFileHeader()); !written) {
    // The number stays free; what cannot be removed is emptied by the next try.
    [[maybe_unused]] const Status removed = fs_.Remove(path);
    return written;
  }
  ++next_number_;
  writer_ = std::move(writer);
  writing_ = std::make_shared<HeadChunkFile>(handles_, path, number);
  is_synced_ = false;
  MutexLock lock(mutex_);
  writing_->bytes_ = kHeadChunkFileHeaderBytes;
  files_.emplace(number, writing_);
  return {};
}

/// No more goes into the file that was written last.
void HeadChunkFiles::FinishFile() {
  if (!writer_) return;
  if (!is_synced_ && !writer_->Sync()) unsure_.insert(writing_->number());
  is_synced_ = true;
  writer_.reset();
  writing_.reset();
}

/// All of it, or nothing that counts.
Status HeadChunkFiles::Write(std::string_view bytes) {
  Status written = writer_->Append(bytes);
  is_synced_ = false;
  const std::int64_t before = writing_->bytes_;
  if (written) writing_->bytes_ = before + static_cast<std::int64_t>(bytes.size());
  if (written || writer_->Truncate(before)) return written;
  // A part of it stands at the end of the file, which is not written any more.
  unsure_.insert(writing_->number());
  FinishFile();
  return written;
}

Result<std::vector<SpilledChunk>> HeadChunkFiles::Append(std::span<const NewChunk> chunks) {
  MutexLock write(write_mutex_);
  std::vector<SpilledChunk> written;
  written.reserve(chunks.size());
  const auto append = [&]() TICKBIRD_REQUIRES(write_mutex_) -> Status {
    while (written.size() < chunks.size()) {
      if (writing_ && writing_->bytes_ >= file_bytes_) FinishFile();
      if (!writer_) TICKBIRD_RETURN_IF_ERROR(StartFile());
      const std::int64_t start = writing_->bytes_;
      std::string bytes;
      TimestampMs newest = kNoTime;
      while (written.size() < chunks.size() && start + static_cast<std::int64_t>(bytes.size()) < file_bytes_) {
        const NewChunk& chunk = chunks[written.size()];
        written.push_back({.min_time = chunk.chunk.min_time(),
                           .max_time = chunk.chunk.max_time(),
                           .file = writing_->number(),
                           .offset = static_cast<std::uint32_t>(start + static_cast<std::int64_t>(bytes.size()))});
        AppendHeadChunk(&bytes, chunk.series, chunk.chunk);
        newest = std::max(newest, chunk.chunk.max_time());
      }
      TICKBIRD_RETURN_IF_ERROR(Write(bytes));
      MutexLock lock(mutex_);
      writing_->max_time_ = std::max(writing_->max_time_, newest);
    }
    return {};
  };
  if (Status status = append(); !status) {
    MutexLock lock(mutex_);
    ++counters_.write_failures;
    return WithContext("write head chunks", status.error());
  }
  return written;
}

Status HeadChunkFiles::SyncFiles() {
  if (writer_ && !is_synced_) {
    if (writer_->Sync()) {
      is_synced_ = true;
    } else {
      FinishFile();
    }
  }
  while (!unsure_.empty()) {
    const std::uint32_t number = *unsure_.begin();
    std::int64_t bytes = -1;
    {
      MutexLock lock(mutex_);
      if (const auto file = files_.find(number); file != files_.end()) bytes = file->second->bytes_;
    }
    if (bytes >= 0) TICKBIRD_RETURN_IF_ERROR(WriteAnew(PathOf(number), bytes));
    unsure_.erase(number);
  }
  if (names_synced_) return {};
  TICKBIRD_RETURN_IF_ERROR(fs_.SyncDir(directory_));
  const std::size_t slash = directory_.rfind('/');
  if (slash != std::string::npos) TICKBIRD_RETURN_IF_ERROR(fs_.SyncDir(directory_.substr(0, slash)));
  names_synced_ = true;
  return {};
}

Status HeadChunkFiles::Sync() {
  MutexLock write(write_mutex_);
  Status status = SyncFiles();
  if (!status) {
    MutexLock lock(mutex_);
    ++counters_.sync_failures;
  }
  return status;
}

Status HeadChunkFiles::RemoveBefore(TimestampMs time) {
  MutexLock write(write_mutex_);
  bool is_any_removed = false;
  Status status;
  while (status) {
    FilePtr file;
    {
      MutexLock lock(mutex_);
      // Oldest first, so that no hole comes into the numbers.
      if (files_.empty()) break;
      const FilePtr& first = files_.begin()->second;
      // One reference is the map's; nobody gets another but through the mutex.
      const long owned = first == writing_ ? 2 : 1;
      if (first->max_time_ >= time || first.use_count() > owned) break;
      file = first;
    }
    if (file == writing_) {
      writer_.reset();
      writing_.reset();
    }
    status = fs_.Remove(PathOf(file->number()));
    if (!status && status.error().code != ErrorCode::kNotFound) break;
    status = {};
    is_any_removed = true;
    unsure_.erase(file->number());
    handles_->Forget(PathOf(file->number()));
    MutexLock lock(mutex_);
    files_.erase(file->number());
  }
  if (is_any_removed && status) status = fs_.SyncDir(directory_);
  return status;
}

std::shared_ptr<const HeadChunkFile> HeadChunkFiles::Pin(std::uint32_t number) const {
  MutexLock lock(mutex_);
  const auto file = files_.find(number);
  return file == files_.end() ? nullptr : file->second;
}

HeadChunkStats HeadChunkFiles::stats() const {
  MutexLock lock(mutex_);
  HeadChunkStats stats = counters_;
  stats.files = static_cast<std::int64_t>(files_.size());
  for (const auto& [number, file] : files_) stats.bytes += file->bytes_;
  return stats;
}

}  // namespace tickbird::tsdb
