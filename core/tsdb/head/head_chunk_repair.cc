// What a start does with the files of chunks_head: reading each once, repairing what a crash or a disk did to it.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/head/head_chunk_files.h"
#include "core/tsdb/head/read_handles.h"

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kDamagedSuffix = ".damaged";
constexpr std::string_view kRepairedSuffix = ".repaired";
constexpr std::size_t kWindowBytes = std::size_t{256} << 10;
constexpr std::size_t kMostNotes = 20;
// An offset has 32 bits; Prometheus cuts its files at 128 MiB.
constexpr std::int64_t kMostFileBytes = std::int64_t{1} << 31;

/// The number that a name is; 0: none.
std::uint32_t ParseNumber(std::string_view name) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

void Note(HeadChunkFacts* facts, std::string note) {
  if (facts->notes.size() < kMostNotes) facts->notes.push_back(std::move(note));
}

/// A part of a file in memory, which goes on with it.
class Window {
 public:
  Window(const RandomAccessFile& file, std::int64_t size) : file_(file), size_(size) {}

  /// The bytes from `at` on, `least` of them or what there is. The view lives until the next call.
  Result<std::string_view> From(std::int64_t at, std::size_t least) {
    const std::int64_t left = size_ - at;
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, static_cast<std::int64_t>(least)));
    if (at < start_ || at + static_cast<std::int64_t>(wanted) > start_ + static_cast<std::int64_t>(bytes_.size())) {
      bytes_.resize(static_cast<std::size_t>(
          std::min<std::int64_t>(left, static_cast<std::int64_t>(std::max(least, kWindowBytes)))));
      start_ = at;
      TICKBIRD_RETURN_IF_ERROR(file_.ReadAt(at, bytes_));
    }
    return std::string_view(bytes_).substr(static_cast<std::size_t>(at - start_));
  }

 private:
  const RandomAccessFile& file_;
  const std::int64_t size_;
  std::int64_t start_ = 0;
  std::string bytes_;
};

Result<bool> IsZeroFrom(Window* window, std::int64_t at, std::int64_t size) {
  while (at < size) {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view bytes, window->From(at, kWindowBytes));
    if (bytes.find_first_not_of('\0') != std::string_view::npos) return false;
    at += static_cast<std::int64_t>(bytes.size());
  }
  return true;
}

/// Copies the header as it should be and the chunks up to `end`.
Status CopyChunks(const RandomAccessFile& from, std::int64_t end, WritableFile* to) {
  TICKBIRD_RETURN_IF_ERROR(to->Append(HeadChunkFileHeader()));
  Window window(from, end);
  for (std::int64_t at = kHeadChunkFileHeaderBytes; at < end;) {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view bytes, window.From(at, kWindowBytes));
    TICKBIRD_RETURN_IF_ERROR(to->Append(bytes));
    at += static_cast<std::int64_t>(bytes.size());
  }
  return to->Sync();
}

}  // namespace

Result<std::unique_ptr<HeadChunkFiles>> HeadChunkFiles::Open(Fs& fs, std::string directory, const ChunkHandler& handler,
                                                             HeadChunkFacts* facts, std::int64_t file_bytes) {
  std::unique_ptr<HeadChunkFiles> files(new HeadChunkFiles(fs, std::move(directory), file_bytes));
  if (fs.Exists(files->directory_)) TICKBIRD_RETURN_IF_ERROR(files->ReadAll(handler, facts));
  return files;
}

Status HeadChunkFiles::ReadAll(const ChunkHandler& handler, HeadChunkFacts* facts) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto names, fs_.List(directory_));
  std::map<std::uint32_t, Scan> scans;
  for (const std::string& name : names) {
    const std::uint32_t number = ParseNumber(name);
    if (number == 0 || JoinPath(directory_, name) != PathOf(number)) continue;
    TICKBIRD_ASSIGN_OR_RETURN(Scan scan, ScanFile(number, handler, facts));
    ++facts->files;
    scans.emplace(number, std::move(scan));
  }
  MutexLock write(write_mutex_);
  for (const auto& [number, scan] : scans) {
    const bool is_last = number == scans.rbegin()->first;
    if (!scan.problem.empty()) Repair(number, scan, is_last, facts);
    next_number_ = number + 1;
    // A last file without even a header goes, and its number is used again.
    if (is_last && scan.size < static_cast<std::int64_t>(kHeadChunkFileHeaderBytes) && !fs_.Exists(PathOf(number))) {
      next_number_ = number;
      continue;
    }
    auto file = std::make_shared<HeadChunkFile>(handles_, PathOf(number), number);
    file->bytes_ = scan.good_bytes;
    file->max_time_ = scan.max_time;
    MutexLock lock(mutex_);
    files_.emplace(number, std::move(file));
  }
  for (const std::string& name : names) {
    // Of a repair that a crash cut short; it was done again if it had to be.
    if (name.ends_with(kRepairedSuffix)) [[maybe_unused]]
      const Status removed = fs_.RemoveAll(JoinPath(directory_, name));
  }
  return {};
}

/// Whether the header is one; a damaged one in front of chunks that are whole counts as damage of the header alone.
Status HeadChunkFiles::CheckHeader(const std::string& path, std::string_view front, Scan* scan) const {
  const HeadChunkFileKind kind = KindOfHeadChunkFile(front);
  scan->is_header_good = kind == HeadChunkFileKind::kOurs;
  if (scan->is_header_good) return {};
  HeadChunkRecord record;
  std::size_t size = 0;
  const bool has_chunk =
      ParseHeadChunk(front.substr(kHeadChunkFileHeaderBytes), &record, &size) == HeadChunkParse::kRecord;
  if (kind == HeadChunkFileKind::kOtherVersion && !has_chunk && front.size() > kHeadChunkFileHeaderBytes) {
    return Error{ErrorCode::kUnsupported, fmt::format("{}: version {} of this file is not known; it was written by a "
                                                      "newer program",
                                                      path, static_cast<unsigned char>(front[4]))};
  }
  scan->problem = "the header is damaged";
  return {};
}

Result<HeadChunkFiles::Scan> HeadChunkFiles::ScanFile(std::uint32_t number, const ChunkHandler& handler,
                                                      HeadChunkFacts* facts) const {
  const std::string path = PathOf(number);
  TICKBIRD_ASSIGN_OR_RETURN(const auto file, fs_.OpenRead(path));
  Scan scan;
  scan.size = file->size();
  if (scan.size < static_cast<std::int64_t>(kHeadChunkFileHeaderBytes)) {
    scan.is_torn = true;
    scan.problem = "the header is not whole";
    return scan;
  }
  const std::int64_t end = std::min(scan.size, kMostFileBytes);
  Window window(*file, end);
  {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view front, window.From(0, kWindowBytes));
    TICKBIRD_RETURN_IF_ERROR(CheckHeader(path, front, &scan));
  }
  std::size_t least = 64;
  for (scan.good_bytes = kHeadChunkFileHeaderBytes; scan.good_bytes < end;) {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view bytes, window.From(scan.good_bytes, least));
    HeadChunkRecord record;
    std::size_t size = 0;
    const HeadChunkParse outcome = ParseHeadChunk(bytes, &record, &size);
    const bool is_all = scan.good_bytes + static_cast<std::int64_t>(bytes.size()) == end;
    if (outcome == HeadChunkParse::kIncomplete && !is_all && size > least) {
      least = size;
      continue;
    }
    if (outcome == HeadChunkParse::kZeros) {
      TICKBIRD_ASSIGN_OR_RETURN(const bool is_end, IsZeroFrom(&window, scan.good_bytes, end));
      if (is_end) break;
    }
    if (outcome != HeadChunkParse::kRecord) {
      scan.is_torn = outcome == HeadChunkParse::kIncomplete;
      scan.problem = fmt::format("the chunk at {} is {}", scan.good_bytes, scan.is_torn ? "not whole" : "damaged");
      break;
    }
    scan.max_time = std::max(scan.max_time, record.max_time);
    if (record.is_out_of_order || !IsKnownEncoding(record.encoding)) {
      ++facts->skipped_chunks;
    } else {
      ++facts->chunks;
      handler(record.series, {.min_time = record.min_time,
                              .max_time = record.max_time,
                              .file = number,
                              .offset = static_cast<std::uint32_t>(scan.good_bytes)});
    }
    scan.good_bytes += static_cast<std::int64_t>(size);
    least = 64;
  }
  return scan;
}

void HeadChunkFiles::Repair(std::uint32_t number, const Scan& scan, bool is_last, HeadChunkFacts* facts) {
  const std::string path = PathOf(number);
  const std::int64_t lost = scan.size - scan.good_bytes;
  Status status;
  // Where the power went, or the process: in the file that was written. Anywhere else something damaged it.
  if (scan.is_torn && is_last && (scan.is_header_good || scan.good_bytes == 0)) {
    facts->torn_bytes += lost;
    Note(facts, fmt::format("{}: {}: dropped the last {} bytes", path, scan.problem, lost));
    status = CutOff(path, scan.good_bytes);
  } else {
    ++facts->damaged_files;
    facts->damaged_bytes += lost;
    Note(facts, fmt::format("{}: {}: set aside as {}{}, kept what stood before (dropped {} bytes)", path, scan.problem,
                            path.substr(path.rfind('/') + 1), kDamagedSuffix, lost));
    status = SetAside(path, scan);
  }
  if (!status) Note(facts, WithContext("repair", status.error()).message);
}

Status HeadChunkFiles::CutOff(const std::string& path, std::int64_t good_bytes) {
  if (good_bytes == 0) return fs_.Remove(path);
  TICKBIRD_ASSIGN_OR_RETURN(const auto file, fs_.OpenAppend(path));
  TICKBIRD_RETURN_IF_ERROR(file->Truncate(good_bytes));
  return file->Sync();
}

/// The damaged file stays for whoever wants to look at it; at no moment is its number without a file, since Prometheus
/// takes no holes.
Status HeadChunkFiles::SetAside(const std::string& path, const Scan& scan) {
  const std::string damaged = path + std::string(kDamagedSuffix);
  TICKBIRD_RETURN_IF_ERROR(fs_.RemoveAll(damaged));
  TICKBIRD_RETURN_IF_ERROR(fs_.Link(path, damaged));
  TICKBIRD_RETURN_IF_ERROR(WriteAnew(path, scan.good_bytes));
  return fs_.SyncDir(directory_);
}

/// Gives the file a new body with the same chunks at the same places.
Status HeadChunkFiles::WriteAnew(const std::string& path, std::int64_t good_bytes) {
  const std::string repaired = path + std::string(kRepairedSuffix);
  {
    TICKBIRD_ASSIGN_OR_RETURN(const auto from, fs_.OpenRead(path));
    TICKBIRD_ASSIGN_OR_RETURN(const auto to, fs_.Create(repaired));
    TICKBIRD_RETURN_IF_ERROR(CopyChunks(*from, good_bytes, to.get()));
  }
  TICKBIRD_RETURN_IF_ERROR(fs_.Rename(repaired, path));
  handles_->Forget(path);
  names_synced_ = false;
  return {};
}

}  // namespace tickbird::tsdb
