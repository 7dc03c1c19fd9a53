#include <utility>

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"
#include "core/tsdb/rollup/rollup_codec.h"
#include "core/tsdb/rollup/rollup_file.h"
#include "core/tsdb/rollup/rollup_layout.h"

namespace tickbird::tsdb {

using rollup_layout::RecordKind;

namespace {
constexpr std::size_t kBufferBytes = std::size_t{64} << 10;
}  // namespace

std::string RollupFileName(DurationMs resolution) {
  return resolution == kHourMs ? "rollup-1h" : "rollup-1m";
}

Result<std::unique_ptr<RollupFileWriter>> RollupFileWriter::Create(Fs& fs, const std::string& path,
                                                                   DurationMs resolution) {
  TICKBIRD_ASSIGN_OR_RETURN(auto file, fs.Create(path));
  std::unique_ptr<RollupFileWriter> writer(new RollupFileWriter(std::move(file), resolution));
  std::string header;
  PutBe32(header, rollup_layout::kMagic);
  header += rollup_layout::kVersion;
  PutBe32(header, static_cast<std::uint32_t>(resolution));
  PutBe32(header, Crc32c(header));
  TICKBIRD_RETURN_IF_ERROR(writer->Put(header));
  return writer;
}

Status RollupFileWriter::Put(std::string_view bytes) {
  buffer_ += bytes;
  offset_ += static_cast<std::int64_t>(bytes.size());
  return buffer_.size() < kBufferBytes ? Status() : Flush();
}

Status RollupFileWriter::Flush() {
  TICKBIRD_RETURN_IF_ERROR(file_->Append(buffer_));
  buffer_.clear();
  return {};
}

Status RollupFileWriter::Add(std::uint32_t series, const std::vector<RollupPoint>& points) {
  points_ += static_cast<std::int64_t>(points.size());
  std::string content(1, static_cast<char>(RecordKind::kPoints));
  EncodeRollupPoints(points, resolution_, &content);
  return AddRecord(series, content);
}

Status RollupFileWriter::AddRaw(std::uint32_t series) {
  const char kind = static_cast<char>(RecordKind::kRaw);
  return AddRecord(series, {&kind, 1});
}

Status RollupFileWriter::AddRecord(std::uint32_t series, std::string_view content) {
  if (!table_.empty() && table_.back().series >= series)
    return Error{ErrorCode::kInternal, "series of a roll-up file must come in the order of their numbers"};
  table_.push_back({series, offset_});
  record_.clear();
  PutBe32(record_, series);
  record_ += content;
  PutBe32(record_, Crc32c(record_));
  return Put(record_);
}

Status RollupFileWriter::Finish() {
  const std::int64_t table_offset = offset_;
  std::string table;
  for (const Entry& entry : table_) {
    PutBe32(table, entry.series);
    PutBe64(table, static_cast<std::uint64_t>(entry.offset));
  }
  std::string footer;
  PutBe64(footer, static_cast<std::uint64_t>(table_offset));
  PutBe32(footer, static_cast<std::uint32_t>(table_.size()));
  PutBe32(footer, Crc32c(table));
  PutBe32(footer, Crc32c(footer));
  TICKBIRD_RETURN_IF_ERROR(Put(table));
  TICKBIRD_RETURN_IF_ERROR(Put(footer));
  TICKBIRD_RETURN_IF_ERROR(Flush());
  return file_->Sync();
}

}  // namespace tickbird::tsdb
