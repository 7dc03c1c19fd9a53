#include "core/tsdb/block/index_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

Error Corrupt(std::string message) {
  return {ErrorCode::kCorruption, std::move(message)};
}

std::uint64_t FileSize(const RandomAccessFile& file) {
  return static_cast<std::uint64_t>(file.size());
}

Status CheckHeader(const RandomAccessFile& file) {
  char header[kIndexHeaderBytes];
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(file, 0, header));
  if (LoadBe32(header) != kIndexMagic) return Corrupt("it does not start as an index");
  const auto version = static_cast<unsigned char>(header[4]);
  if (version == kIndexVersion) return {};
  return Error{
      ErrorCode::kUnsupported,
      fmt::format("version {} of the format; this program reads version {}{}", version, kIndexVersion,
                  version == 1 ? " (version 1 was last written by Prometheus 2.0; a newer one rewrites it)" : "")};
}

}  // namespace

IndexReader::SeriesReader::SeriesReader(const IndexReader& index)
    : index_(index), window_(*index.file_, index.toc_.postings) {}

Status IndexReader::SeriesReader::Read(std::uint32_t id, Labels* labels, std::vector<ChunkMeta>* chunks) {
  const std::uint64_t offset = id * kSeriesAlignment;
  if (offset < index_.toc_.series) return Corrupt(fmt::format("series {} would be in front of the series", id));
  TICKBIRD_ASSIGN_OR_RETURN(const auto entry, ReadSeriesEntry(window_, offset));
  if (!DecodeSeriesEntry(entry, &pairs_, chunks))
    return Corrupt(fmt::format("the series at {} makes no sense", offset));
  builder_.Clear();
  for (const SymbolPair& pair : pairs_) {
    TICKBIRD_ASSIGN_OR_RETURN(const Symbol name, index_.symbols_->Lookup(pair.name));
    TICKBIRD_ASSIGN_OR_RETURN(const Symbol value, index_.symbols_->Lookup(pair.value));
    builder_.Set(name.text, value.text);
  }
  *labels = builder_.Build();
  return {};
}

Result<std::unique_ptr<IndexReader>> IndexReader::Open(std::unique_ptr<const RandomAccessFile> file) {
  if (FileSize(*file) < kIndexHeaderBytes + IndexToc::kBytes) return Corrupt("index: it is cut off");
  std::unique_ptr<IndexReader> reader(new IndexReader(std::move(file)));
  if (Status read = reader->ReadTables(); !read) return WithContext("index", std::move(read.error()));
  return reader;
}

Status IndexReader::ReadTables() {
  TICKBIRD_RETURN_IF_ERROR(CheckHeader(*file_));
  const std::uint64_t toc_offset = FileSize(*file_) - IndexToc::kBytes;
  std::string bytes(IndexToc::kBytes, '\0');
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(*file_, toc_offset, bytes));
  TICKBIRD_ASSIGN_OR_RETURN(toc_, IndexToc::Parse(bytes, FileSize(*file_)));
  TICKBIRD_ASSIGN_OR_RETURN(auto symbols, SymbolTable::Open(*file_, toc_.symbols, toc_.series));
  symbols_.emplace(std::move(symbols));
  TICKBIRD_ASSIGN_OR_RETURN(auto table, PostingsTable::Open(*file_, toc_.postings_table, toc_offset));
  table_.emplace(std::move(table));
  return {};
}

Result<std::uint32_t> IndexReader::PostingsCount(std::uint64_t offset) const {
  char front[8];
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(*file_, offset, front));
  return LoadBe32(front + 4);
}

Result<std::vector<std::uint32_t>> IndexReader::Postings(std::uint64_t offset) const {
  const auto damaged = [&] { return Corrupt(fmt::format("the postings at {} are damaged", offset)); };
  const std::uint64_t end = toc_.postings_table;
  if (offset < toc_.series || offset + 8 > end) return damaged();
  char front[4];
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(*file_, offset, front));
  const std::uint64_t length = LoadBe32(front);
  if (length < 4 || length % 4 != 0 || length + 4 + kCrcBytes > end - offset) return damaged();

  std::string bytes(length + kCrcBytes, '\0');
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(*file_, offset + 4, bytes));
  const std::string_view content = std::string_view(bytes).substr(0, length);
  if (Crc32c(content) != LoadBe32(bytes.data() + length)) return damaged();
  ByteReader reader(content);
  const std::uint32_t count = reader.Be32();
  if (reader.left() != 4 * std::uint64_t{count}) return damaged();
  std::vector<std::uint32_t> ids;
  ids.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) ids.push_back(reader.Be32());
  if (std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) != ids.end()) return damaged();
  return ids;
}

Result<std::vector<std::uint32_t>> IndexReader::AllSeries(const std::function<void()>& damaged) const {
  auto all = Postings(table_->all());
  if (all || all.error().code != ErrorCode::kCorruption) return all;
  damaged();
  std::vector<std::uint64_t> offsets;
  for (const std::string& name : table_->Names()) {
    TICKBIRD_RETURN_IF_ERROR(
        table_->Visit(name, [&](std::string_view, std::uint64_t offset) { offsets.push_back(offset); }));
  }
  std::vector<std::uint32_t> ids;
  for (const std::uint64_t offset : offsets) {
    TICKBIRD_ASSIGN_OR_RETURN(const auto list, Postings(offset));
    ids.insert(ids.end(), list.begin(), list.end());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::int64_t IndexReader::memory_bytes() const {
  return static_cast<std::int64_t>(sizeof *this) + symbols_->memory_bytes() + table_->memory_bytes();
}

}  // namespace tickbird::tsdb
