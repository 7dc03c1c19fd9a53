#include "core/tsdb/wal/wal.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/chunk/xor_chunk.h"

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kCheckpointPrefix = "checkpoint.";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::string_view kDamagedSuffix = ".damaged";
constexpr std::string_view kRepairedSuffix = ".repaired";

/// The number that a name is, or -1.
int ParseIndex(std::string_view name) {
  int index = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  return error == std::errc() && end == name.data() + name.size() && name.front() != '-' ? index : -1;
}

int CheckpointIndex(std::string_view name) {
  return name.starts_with(kCheckpointPrefix) ? ParseIndex(name.substr(kCheckpointPrefix.size())) : -1;
}

std::string CheckpointName(int index) {
  return fmt::format("{}{:08}", kCheckpointPrefix, index);
}

/// The numbers of segments or checkpoints in a directory, ascending.
template <class IndexOf>
Result<std::vector<int>> ListIndexes(Fs& fs, const std::string& directory, IndexOf index_of) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto names, fs.List(directory));
  std::vector<int> indexes;
  for (const std::string& name : names) {
    if (const int index = index_of(name); index >= 0) indexes.push_back(index);
  }
  std::sort(indexes.begin(), indexes.end());
  return indexes;
}

Status SyncFile(Fs& fs, const std::string& path) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto file, fs.OpenAppend(path));
  return file->Sync();
}

void Note(WalReplay* facts, std::string note) {
  if (facts->notes.size() < WalReplay::kMaxNotes) facts->notes.push_back(std::move(note));
}

}  // namespace

Result<std::unique_ptr<Wal>> Wal::Open(Fs& fs, std::string directory, WalOptions options, Directory made) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  std::unique_ptr<Wal> wal(new Wal(fs, std::move(directory), options));
  if (made == Directory::kMadeLater && !fs.Exists(wal->directory_)) {
    MutexLock lock(wal->mutex_);
    wal->has_directory_ = false;
    wal->names_unsynced_ = false;
    return wal;
  }
  TICKBIRD_RETURN_IF_ERROR(MakeDurableDirs(fs, wal->directory_));
  TICKBIRD_RETURN_IF_ERROR(wal->FinishRepairs());
  return wal;
}

/// Completes what a crash left half done: a segment between its two renames.
Status Wal::FinishRepairs() {
  TICKBIRD_ASSIGN_OR_RETURN(const auto names, fs_.List(directory_));
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory_, name);
    if (!name.ends_with(kRepairedSuffix)) continue;
    const std::string target = path.substr(0, path.size() - kRepairedSuffix.size());
    TICKBIRD_RETURN_IF_ERROR(fs_.Exists(target) ? fs_.Remove(path) : fs_.Rename(path, target));
  }
  return {};
}

/// A checkpoint that was not finished, and what a finished one replaces.
Status Wal::RemoveLeftovers() {
  TICKBIRD_ASSIGN_OR_RETURN(const auto names, fs_.List(directory_));
  for (const std::string& name : names) {
    if (!name.starts_with(kCheckpointPrefix) || !name.ends_with(kTemporarySuffix)) continue;
    TICKBIRD_RETURN_IF_ERROR(fs_.RemoveAll(JoinPath(directory_, name)));
  }
  return last_checkpoint_ < 0 ? Status() : RemoveUpTo(last_checkpoint_);
}

Status Wal::Replay(const RecordHandler& handler, WalReplay* facts) {
  {
    MutexLock lock(mutex_);
    if (!has_directory_) {
      StartWriting(0);
      return {};
    }
  }
  TICKBIRD_RETURN_IF_ERROR(ReplayCheckpoint(handler, facts));
  TICKBIRD_ASSIGN_OR_RETURN(const auto indexes, ListIndexes(fs_, directory_, ParseIndex));
  TICKBIRD_ASSIGN_OR_RETURN(const auto checkpoints, ListIndexes(fs_, directory_, CheckpointIndex));
  int next = checkpoints.empty() ? 0 : checkpoints.back() + 1;
  std::vector<Segment> segments;
  for (const int index : indexes) {
    if (index < next) continue;
    std::size_t bytes = 0;
    TICKBIRD_ASSIGN_OR_RETURN(const TimestampMs newest,
                              ReplayFile(JoinPath(directory_, SegmentName(index)), handler, facts, &bytes));
    segments.push_back({index, bytes, newest});
  }
  if (!segments.empty()) next = segments.back().index + 1;
  // An empty last one, as a start without samples leaves it, is written again.
  if (!segments.empty() && segments.back().bytes == 0) {
    segments.pop_back();
    --next;
  }
  MutexLock lock(mutex_);
  // The process that wrote them may have been killed before it synced them.
  for (const Segment& segment : segments) unsynced_.push_back(segment.index);
  segments_ = std::move(segments);
  StartWriting(next);
  return {};
}

Status Wal::ReplayCheckpoint(const RecordHandler& handler, WalReplay* facts) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto checkpoints, ListIndexes(fs_, directory_, CheckpointIndex));
  if (checkpoints.empty()) return {};
  const std::string directory = JoinPath(directory_, CheckpointName(checkpoints.back()));
  TICKBIRD_ASSIGN_OR_RETURN(const auto indexes, ListIndexes(fs_, directory, ParseIndex));
  std::int64_t total = 0;
  for (const int index : indexes) {
    std::size_t bytes = 0;
    TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const TimestampMs newest,
                              ReplayFile(JoinPath(directory, SegmentName(index)), handler, facts, &bytes));
    total += static_cast<std::int64_t>(bytes);
  }
  last_checkpoint_ = checkpoints.back();
  MutexLock lock(mutex_);
  checkpoint_bytes_ = total;
  return {};
}

Result<TimestampMs> Wal::ReplayFile(const std::string& path, const RecordHandler& handler, WalReplay* facts,
                                    std::size_t* bytes) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string content, fs_.Read(path));
  *bytes = content.size();
  ++facts->segments;
  SegmentReader reader(content);
  TimestampMs newest = kNoTime;
  while (true) {
    const std::size_t good_bytes = reader.good_bytes();
    const SegmentReader::Outcome outcome = reader.Next();
    if (outcome == SegmentReader::Outcome::kEnd) break;
    if (outcome == SegmentReader::Outcome::kTorn) {
      Note(facts,
           fmt::format("{}: {}: dropped the last {} bytes", path, reader.problem(), content.size() - good_bytes));
      damaged_.push_back({path, good_bytes, true});
      facts->torn_bytes += static_cast<std::int64_t>(content.size() - good_bytes);
      *bytes = good_bytes;
      break;
    }
    Result<TimestampMs> used = kNoTime;
    if (outcome == SegmentReader::Outcome::kRecord) used = handler(reader.record());
    if (used && outcome == SegmentReader::Outcome::kRecord) {
      ++facts->records;
      newest = std::max(newest, *used);
    } else if (!used && used.error().code != ErrorCode::kCorruption) {
      return WithContext(path, used.error());
    } else {
      const std::string problem = used ? reader.problem() : used.error().message;
      Note(facts, fmt::format("{}: {}: set aside as {}{}, kept what stood before (dropped {} bytes)", path, problem,
                              path.substr(path.rfind('/') + 1), kDamagedSuffix, content.size() - good_bytes));
      damaged_.push_back({path, good_bytes, false});
      ++facts->damaged_segments;
      facts->damaged_bytes += static_cast<std::int64_t>(content.size() - good_bytes);
      *bytes = good_bytes;
      break;
    }
  }
  return newest;
}

void Wal::Repair(WalReplay* facts) {
  {
    MutexLock lock(mutex_);
    if (!has_directory_) return;
  }
  for (const DamagedFile& file : std::exchange(damaged_, {})) {
    const Status status = file.is_torn ? CutOff(file) : SetAside(file);
    if (!status) Note(facts, WithContext("repair", status.error()).message);
  }
  if (const Status removed = RemoveLeftovers(); !removed) Note(facts, removed.error().message);
}

Status Wal::CutOff(const DamagedFile& damaged) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto file, fs_.OpenAppend(damaged.path));
  TICKBIRD_RETURN_IF_ERROR(file->Truncate(static_cast<std::int64_t>(damaged.good_bytes)));
  return file->Sync();
}

/// The damaged file stays for whoever wants to look at it; its good front takes its place, so that the next start and
/// other readers find no hole. A crash between the renames is finished by FinishRepairs.
Status Wal::SetAside(const DamagedFile& damaged) {
  const std::string& path = damaged.path;
  const std::string repaired = path + std::string(kRepairedSuffix);
  TICKBIRD_ASSIGN_OR_RETURN(const std::string content, fs_.Read(path));
  TICKBIRD_ASSIGN_OR_RETURN(const auto file, fs_.Create(repaired));
  TICKBIRD_RETURN_IF_ERROR(file->Append(std::string_view(content).substr(0, damaged.good_bytes)));
  TICKBIRD_RETURN_IF_ERROR(file->Sync());
  TICKBIRD_RETURN_IF_ERROR(fs_.Rename(path, path + std::string(kDamagedSuffix)));
  TICKBIRD_RETURN_IF_ERROR(fs_.Rename(repaired, path));
  return fs_.SyncDir(ParentPath(path));
}

/// Removes the segments up to `last` and the checkpoints before it.
Status Wal::RemoveUpTo(int last) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto segments, ListIndexes(fs_, directory_, ParseIndex));
  TICKBIRD_ASSIGN_OR_RETURN(const auto checkpoints, ListIndexes(fs_, directory_, CheckpointIndex));
  for (const int index : segments) {
    if (index <= last) TICKBIRD_RETURN_IF_ERROR(fs_.Remove(JoinPath(directory_, SegmentName(index))));
  }
  for (const int index : checkpoints) {
    if (index < last) TICKBIRD_RETURN_IF_ERROR(fs_.RemoveAll(JoinPath(directory_, CheckpointName(index))));
  }
  return fs_.SyncDir(directory_);
}

void Wal::StartWriting(int first_index) {
  const auto observe = [this](int index, std::size_t bytes) {
    // Called by Append below, which holds the mutex; the analysis does not see through the callback.
    [this, index, bytes]() TICKBIRD_THREAD_ANNOTATION(no_thread_safety_analysis) {
      written_index_ = index;
      if (segments_.empty() || segments_.back().index != index) {
        segments_.push_back({index, 0, kNoTime});
        names_unsynced_ = true;
      }
      segments_.back().bytes = bytes;
      segments_.back().newest = std::max(segments_.back().newest, appending_newest_);
      if (unsynced_.empty() || unsynced_.back() != index) unsynced_.push_back(index);
    }();
  };
  written_index_ = -1;
  writer_ = std::make_unique<SegmentWriter>(fs_, directory_, first_index, options_.segment_bytes, observe);
}

Status Wal::Append(const RecordWriter& records, TimestampMs newest) {
  MutexLock lock(mutex_);
  if (!has_directory_) {
    TICKBIRD_RETURN_IF_ERROR(MakeDurableDirs(fs_, directory_));
    has_directory_ = true;
  }
  appending_newest_ = newest;
  return writer_->Append(records);
}

Status Wal::Sync() {
  MutexLock files(files_mutex_);
  std::vector<int> indexes;
  bool names_unsynced = false;
  {
    MutexLock lock(mutex_);
    indexes.swap(unsynced_);
    names_unsynced = std::exchange(names_unsynced_, false);
  }
  Status status;
  for (const int index : indexes) {
    if (status) status = SyncFile(fs_, JoinPath(directory_, SegmentName(index)));
  }
  if (status && names_unsynced) status = fs_.SyncDir(directory_);
  if (status) return status;
  MutexLock lock(mutex_);
  for (const int index : unsynced_) {
    if (indexes.empty() || indexes.back() != index) indexes.push_back(index);
  }
  unsynced_ = std::move(indexes);
  names_unsynced_ = names_unsynced_ || names_unsynced;
  return status;
}

/// The oldest segments that may go, which are not written any more.
Wal::Removal Wal::PlanRemoval(TimestampMs before) const {
  std::int64_t total = 0;
  for (const Segment& segment : segments_) total += static_cast<std::int64_t>(segment.bytes);
  Removal removal;
  std::int64_t freed = 0;
  for (const Segment& segment : segments_) {
    const bool over_limit = total - freed > options_.max_bytes;
    if (segment.index == written_index_ || (segment.newest >= before && !over_limit)) break;
    freed += static_cast<std::int64_t>(segment.bytes);
    removal.last = segment.index;
    if (segment.newest >= before) ++removal.over_limit;
  }
  // A checkpoint holds every series: writing one should free more than it costs.
  if (freed < 2 * checkpoint_bytes_ && total <= options_.max_bytes) return {};
  return removal;
}

Result<std::int64_t> Wal::WriteCheckpoint(int last, const CheckpointSource& source) {
  const std::string final_path = JoinPath(directory_, CheckpointName(last));
  const std::string path = final_path + std::string(kTemporarySuffix);
  TICKBIRD_RETURN_IF_ERROR(fs_.RemoveAll(path));
  TICKBIRD_RETURN_IF_ERROR(fs_.MakeDirs(path));
  std::vector<std::int64_t> sizes;
  SegmentWriter writer(fs_, path, 0, options_.segment_bytes, [&](int index, std::size_t bytes) {
    sizes.resize(static_cast<std::size_t>(index) + 1);
    sizes.back() = static_cast<std::int64_t>(bytes);
  });
  RecordWriter records;
  while (source(&records)) {
    TICKBIRD_RETURN_IF_ERROR(writer.Append(records));
    records.Clear();
  }
  std::int64_t total = 0;
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    TICKBIRD_RETURN_IF_ERROR(SyncFile(fs_, JoinPath(path, SegmentName(static_cast<int>(index)))));
    total += sizes[index];
  }
  TICKBIRD_RETURN_IF_ERROR(fs_.SyncDir(path));
  // One that could not be synced last time; the segments that it stands for are still there.
  TICKBIRD_RETURN_IF_ERROR(fs_.RemoveAll(final_path));
  TICKBIRD_RETURN_IF_ERROR(fs_.Rename(path, final_path));
  TICKBIRD_RETURN_IF_ERROR(fs_.SyncDir(directory_));
  return total;
}

Status Wal::Remove(const Removal& removal) {
  MutexLock files(files_mutex_);
  {
    MutexLock lock(mutex_);
    std::erase_if(segments_, [&](const Segment& segment) { return segment.index <= removal.last; });
    std::erase_if(unsynced_, [&](int index) { return index <= removal.last; });
    counters_.segments_over_limit += removal.over_limit;
  }
  return RemoveUpTo(removal.last);
}

Status Wal::Truncate(TimestampMs before, const CheckpointSource& source) {
  Removal removal;
  {
    MutexLock lock(mutex_);
    removal = PlanRemoval(before);
  }
  if (removal.last < 0) return {};
  const Result<std::int64_t> bytes = WriteCheckpoint(removal.last, source);
  if (!bytes) {
    // Best effort: the next start removes it too.
    [[maybe_unused]] const Status removed =
        fs_.RemoveAll(JoinPath(directory_, CheckpointName(removal.last) + std::string(kTemporarySuffix)));
    return WithContext("write checkpoint", bytes.error());
  }
  {
    MutexLock lock(mutex_);
    checkpoint_bytes_ = *bytes;
    ++counters_.checkpoints;
  }
  return Remove(removal);
}

Status Wal::RemoveBefore(TimestampMs before) {
  Removal removal;
  {
    MutexLock lock(mutex_);
    // What is written seldom would otherwise stay for long in the last segment.
    if (written_index_ >= 0 && segments_.back().newest < before) StartWriting(writer_->index() + 1);
    removal = PlanRemoval(before);
  }
  return removal.last < 0 ? Status() : Remove(removal);
}

WalStats Wal::stats() const {
  MutexLock lock(mutex_);
  WalStats stats = counters_;
  stats.bytes = checkpoint_bytes_;
  for (const Segment& segment : segments_) stats.bytes += static_cast<std::int64_t>(segment.bytes);
  stats.segments = static_cast<std::int64_t>(segments_.size());
  return stats;
}

}  // namespace tickbird::tsdb
