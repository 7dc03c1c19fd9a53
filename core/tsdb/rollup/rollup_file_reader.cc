#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"
#include "core/tsdb/rollup/rollup_codec.h"
#include "core/tsdb/rollup/rollup_file.h"
#include "core/tsdb/rollup/rollup_layout.h"

namespace tickbird::tsdb {

using rollup_layout::kEntryBytes;
using rollup_layout::kFooterBytes;
using rollup_layout::kHeaderBytes;
using rollup_layout::kRecordFrameBytes;
using rollup_layout::RecordKind;

namespace {

// The search halves the table down to this many entries, which are then read at once.
constexpr std::int64_t kPageEntries = 256;
// A month of minutes of any doubles has a fifth of this.
constexpr std::int64_t kMaxRecordBytes = std::int64_t{16} << 20;

std::uint32_t SeriesAt(std::string_view page, std::size_t entry) {
  return LoadBe32(page.data() + entry * kEntryBytes);
}

std::int64_t OffsetAt(std::string_view page, std::size_t entry) {
  return static_cast<std::int64_t>(LoadBe64(page.data() + entry * kEntryBytes + 4));
}

/// The last four bytes are the checksum of those before.
bool ChecksumFits(std::string_view bytes) {
  return Crc32c(bytes.substr(0, bytes.size() - 4)) == LoadBe32(bytes.data() + bytes.size() - 4);
}

}  // namespace

Result<std::unique_ptr<RollupReader>> RollupReader::Open(Fs& fs, const std::string& block_directory,
                                                         DurationMs resolution) {
  std::string path = JoinPath(block_directory, RollupFileName(resolution));
  TICKBIRD_ASSIGN_OR_RETURN(auto file, fs.OpenRead(path));
  std::unique_ptr<RollupReader> reader(new RollupReader(std::move(file), std::move(path), resolution));
  TICKBIRD_RETURN_IF_ERROR(reader->ReadHeader());
  TICKBIRD_RETURN_IF_ERROR(reader->ReadFooter());
  return reader;
}

Error RollupReader::Damage(std::int64_t offset, std::string_view what) const {
  return {ErrorCode::kCorruption, fmt::format("{}: at byte {}: {}", path_, offset, what)};
}

Result<std::string> RollupReader::ReadBytes(std::int64_t offset, std::int64_t size) const {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  TICKBIRD_RETURN_IF_ERROR(file_->ReadAt(offset, bytes));
  return bytes;
}

Status RollupReader::ReadHeader() {
  if (file_->size() < kHeaderBytes + kFooterBytes) return Damage(0, "too short for a roll-up file");
  TICKBIRD_ASSIGN_OR_RETURN(const std::string header, ReadBytes(0, kHeaderBytes));
  if (LoadBe32(header.data()) != rollup_layout::kMagic) return Damage(0, "this is no roll-up file");
  if (!ChecksumFits(header)) return Damage(0, "the header does not match its checksum");
  if (header[4] != rollup_layout::kVersion) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("{}: version {} is not known here", path_, static_cast<int>(header[4]))};
  }
  if (LoadBe32(header.data() + 5) != static_cast<std::uint32_t>(resolution_))
    return Error{ErrorCode::kUnsupported, fmt::format("{}: holds another resolution", path_)};
  return {};
}

Status RollupReader::ReadFooter() {
  const std::int64_t at = file_->size() - kFooterBytes;
  TICKBIRD_ASSIGN_OR_RETURN(const std::string footer, ReadBytes(at, kFooterBytes));
  if (!ChecksumFits(footer)) return Damage(at, "the footer does not match its checksum");
  table_ = static_cast<std::int64_t>(LoadBe64(footer.data()));
  series_ = LoadBe32(footer.data() + 8);
  table_crc_ = LoadBe32(footer.data() + 12);
  if (table_ < kHeaderBytes || table_ > at || at - table_ != series_ * kEntryBytes)
    return Damage(at, "the footer does not fit the file's size");
  return {};
}

/// The first entry of a page that holds the series, if the table does.
Result<std::int64_t> RollupReader::FindPage(std::uint32_t series) const {
  std::int64_t low = 0;  // this entry is not above the series, or is the first
  std::int64_t high = series_;
  while (high - low > kPageEntries) {
    const std::int64_t middle = low + (high - low) / 2;
    char entry[4];
    TICKBIRD_RETURN_IF_ERROR(file_->ReadAt(table_ + middle * kEntryBytes, entry));
    (LoadBe32(entry) <= series ? low : high) = middle;
  }
  return low;
}

/// `first` is the number of the page's first entry in the table.
Result<RollupReader::Extent> RollupReader::ExtentAt(std::string_view page, std::size_t entry,
                                                    std::int64_t first) const {
  const bool is_last = first + static_cast<std::int64_t>(entry) + 1 == series_;
  const Extent extent = {.series = SeriesAt(page, entry),
                         .begin = OffsetAt(page, entry),
                         .end = is_last ? table_ : OffsetAt(page, entry + 1)};
  if (extent.begin < kHeaderBytes || extent.end > table_ || extent.end - extent.begin < kRecordFrameBytes ||
      extent.end - extent.begin > kMaxRecordBytes) {
    return Damage(table_ + (first + static_cast<std::int64_t>(entry)) * kEntryBytes,
                  "the table names a place that is none");
  }
  return extent;
}

Result<RollupReader::Extent> RollupReader::Find(std::uint32_t series) const {
  TICKBIRD_ASSIGN_OR_RETURN(const std::int64_t first, FindPage(series));
  const std::int64_t wanted = std::min(kPageEntries, series_ - first);
  // One more, whose offset is where the last record of the page ends.
  const std::int64_t read = std::min(wanted + 1, series_ - first);
  TICKBIRD_ASSIGN_OR_RETURN(const std::string page, ReadBytes(table_ + first * kEntryBytes, read * kEntryBytes));
  std::size_t low = 0;
  std::size_t high = static_cast<std::size_t>(wanted);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (SeriesAt(page, middle) < series) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == static_cast<std::size_t>(wanted) || SeriesAt(page, low) != series)
    return Damage(table_ + first * kEntryBytes, fmt::format("series {} is not in the table", series));
  return ExtentAt(page, low, first);
}

Result<bool> RollupReader::ReadRecord(const Extent& extent, TimestampMs min_end, TimestampMs max_end,
                                      std::vector<RollupPoint>* points) const {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string record, ReadBytes(extent.begin, extent.end - extent.begin));
  if (!ChecksumFits(record)) return Damage(extent.begin, "a record does not match its checksum");
  if (LoadBe32(record.data()) != extent.series) return Damage(extent.begin, "the record of another series");
  if (record[4] == static_cast<char>(RecordKind::kRaw)) return false;
  if (record[4] != static_cast<char>(RecordKind::kPoints)) return Damage(extent.begin, "a record of an unknown kind");
  const std::string_view content = std::string_view(record).substr(5, record.size() - kRecordFrameBytes);
  if (const Status status = DecodeRollupPoints(content, resolution_, min_end, max_end, points); !status)
    return Damage(extent.begin, status.error().message);
  return true;
}

Result<bool> RollupReader::Read(std::uint32_t series, TimestampMs min_end, TimestampMs max_end,
                                std::vector<RollupPoint>* points) const {
  TICKBIRD_ASSIGN_OR_RETURN(const Extent extent, Find(series));
  return ReadRecord(extent, min_end, max_end, points);
}

std::vector<std::string> RollupReader::Verify() const {
  std::vector<std::string> damages;
  std::vector<RollupPoint> points;
  const auto table = ReadBytes(table_, series_ * kEntryBytes);
  if (!table) return {fmt::format("{}: {}", path_, table.error().message)};
  if (Crc32c(*table) != table_crc_) damages.push_back(Damage(table_, "the table does not match its checksum").message);
  for (std::int64_t i = 0; i < series_; ++i) {
    const auto extent = ExtentAt(*table, static_cast<std::size_t>(i), 0);
    if (!extent) {
      damages.push_back(extent.error().message);
      continue;
    }
    points.clear();
    const auto read =
        ReadRecord(*extent, std::numeric_limits<TimestampMs>::min(), std::numeric_limits<TimestampMs>::max(), &points);
    if (!read) damages.push_back(read.error().message);
  }
  return damages;
}

}  // namespace tickbird::tsdb
