#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "core/tsdb/block/ulid.h"
#include "core/tsdb/chunk/chunk_reader.h"
#include "core/tsdb/head/head_chunk_record.h"
#include "core/tsdb/store/data_directory.h"
#include "core/tsdb/tools/verify.h"
#include "core/tsdb/wal/record.h"
#include "core/tsdb/wal/segment.h"

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kCheckpoint = "checkpoint.";

bool IsNumber(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Reads the files of one directory of logs.
class LogVerifier {
 public:
  LogVerifier(Fs& fs, Findings* findings) : fs_(fs), findings_(*findings) {}

  void Segments(const std::string& directory, bool is_checkpoint = false) {
    const std::vector<std::string> names = List(directory);
    std::vector<std::string> segments;
    for (const std::string& name : names) {
      if (IsNumber(name)) segments.push_back(name);
      if (name.starts_with(kCheckpoint) && IsNumber(std::string_view(name).substr(kCheckpoint.size())))
        Segments(JoinPath(directory, name), true);
    }
    CheckNumbers(directory, segments);
    for (const std::string& name : segments)
      Segment(JoinPath(directory, name), name == segments.back() && !is_checkpoint);
  }

  void HeadChunks(const std::string& directory) {
    const std::vector<std::string> names = List(directory);
    std::vector<std::string> files;
    std::copy_if(names.begin(), names.end(), std::back_inserter(files), IsNumber);
    for (const std::string& name : files) HeadChunkFile(JoinPath(directory, name), name == files.back());
  }

 private:
  void Damage(const std::string& path, std::size_t offset, std::string_view what) {
    findings_.damages.push_back(fmt::format("{}: at byte {}: {}", path, offset, what));
  }
  void Torn(const std::string& path, std::size_t offset, std::size_t size) {
    findings_.notes.push_back(fmt::format(
        "{}: at byte {}: the last write was cut short; the next start cuts {} bytes off", path, offset, size - offset));
  }

  std::vector<std::string> List(const std::string& directory) {
    auto names = fs_.List(directory);
    if (names) return std::move(*names);
    if (names.error().code != ErrorCode::kNotFound)
      findings_.damages.push_back(fmt::format("{}: {}", directory, names.error().message));
    return {};
  }

  std::optional<std::string> ReadFile(const std::string& path) {
    auto bytes = fs_.Read(path);
    if (bytes) return std::move(*bytes);
    // A running agent removes what it does not need any more.
    auto& told = bytes.error().code == ErrorCode::kNotFound ? findings_.notes : findings_.damages;
    told.push_back(fmt::format("{}: {}", path, bytes.error().message));
    return std::nullopt;
  }

  void CheckNumbers(const std::string& directory, const std::vector<std::string>& names) {
    std::int64_t previous = -1;
    for (const std::string& name : names) {
      std::int64_t number = 0;
      std::from_chars(name.data(), name.data() + name.size(), number);
      if (previous >= 0 && number != previous + 1)
        findings_.damages.push_back(
            fmt::format("{}: segments between {} and {} are missing", directory, previous, number));
      previous = number;
    }
  }

  void Segment(const std::string& path, bool may_be_torn) {
    const auto bytes = ReadFile(path);
    if (!bytes) return;
    SegmentReader reader(*bytes);
    while (true) {
      const std::size_t at = reader.good_bytes();
      switch (reader.Next()) {
        case SegmentReader::Outcome::kRecord:
          ++findings_.log_records;
          CheckRecord(path, at, reader.record());
          continue;
        case SegmentReader::Outcome::kEnd:
          return;
        case SegmentReader::Outcome::kTorn:
          if (may_be_torn) return Torn(path, reader.good_bytes(), bytes->size());
          return Damage(path, reader.good_bytes(), reader.problem());
        default:
          return Damage(path, reader.good_bytes(), reader.problem());
      }
    }
  }

  void CheckRecord(const std::string& path, std::size_t offset, std::string_view record) {
    const Status decoded = DecodeRecord(record, &record_);
    if (!decoded && decoded.error().code != ErrorCode::kUnsupported) Damage(path, offset, decoded.error().message);
  }

  void HeadChunkFile(const std::string& path, bool may_be_torn) {
    const auto bytes = ReadFile(path);
    if (!bytes) return;
    if (bytes->size() < kHeadChunkFileHeaderBytes) {
      return may_be_torn ? Torn(path, 0, bytes->size()) : Damage(path, 0, "the file ends within its header");
    }
    if (KindOfHeadChunkFile(std::string_view(*bytes).substr(0, kHeadChunkFileHeaderBytes)) != HeadChunkFileKind::kOurs)
      return Damage(path, 0, "this is no file of chunks of a version that is known here");
    std::size_t at = kHeadChunkFileHeaderBytes;
    while (at < bytes->size()) {
      HeadChunkRecord record;
      std::size_t size = 0;
      switch (ParseHeadChunk(std::string_view(*bytes).substr(at), &record, &size)) {
        case HeadChunkParse::kRecord:
          CheckHeadChunk(path, at, record);
          at += size;
          continue;
        case HeadChunkParse::kZeros:
          return;
        case HeadChunkParse::kIncomplete:
          return may_be_torn ? Torn(path, at, bytes->size()) : Damage(path, at, "the last chunk is cut short");
        case HeadChunkParse::kDamaged:
          return Damage(path, at, "a chunk does not match its checksum");
      }
    }
  }

  void CheckHeadChunk(const std::string& path, std::size_t offset, const HeadChunkRecord& record) {
    if (!IsKnownEncoding(record.encoding)) {
      findings_.notes.push_back(
          fmt::format("{}: at byte {}: a chunk of encoding {}, which is not read here", path, offset, record.encoding));
      return;
    }
    ChunkReader reader(static_cast<ChunkEncoding>(record.encoding), record.data);
    TimestampMs timestamps[64];
    double values[64];
    TimestampMs time = 0;
    FloatHistogram histogram;
    while (reader.Read(timestamps, values) > 0 || reader.ReadHistogram(&time, &histogram)) {
    }
    if (reader.damaged()) Damage(path, offset, "a chunk ends before its last sample");
  }

  Fs& fs_;
  Findings& findings_;
  DecodedRecord record_;
};

}  // namespace

void VerifyLogs(Fs& fs, const std::string& directory, Findings* findings) {
  LogVerifier verifier(fs, findings);
  verifier.Segments(JoinPath(directory, "wal"));
  verifier.Segments(JoinPath(directory, "wbl"));
  verifier.HeadChunks(JoinPath(directory, "chunks_head"));
}

Result<Findings> VerifyDirectory(Fs& fs, const std::string& directory) {
  auto names = fs.List(directory);
  if (!names) return ExplainDirectoryError(directory, std::move(names.error()));
  Findings findings;
  for (const std::string& name : *names) {
    if (IsUlid(name)) {
      VerifyBlock(fs, JoinPath(directory, name), &findings);
    } else if (name.ends_with(kDamaged) || name.ends_with(kForCreation) || name.ends_with(kForDeletion)) {
      findings.notes.push_back(fmt::format("{}: left aside, not served", JoinPath(directory, name)));
    }
  }
  VerifyLogs(fs, directory, &findings);
  return findings;
}

}  // namespace tickbird::tsdb
