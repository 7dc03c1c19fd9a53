#include "core/tsdb/block/index_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/block/file_window.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

/// Labels that are sorted into postings at a time: two for each series, or this many.
constexpr std::uint64_t kMinUses = 64 * 1024;
std::size_t UvarintBytes(std::uint64_t value) {
  char buffer[kMaxVarintBytes];
  return static_cast<std::size_t>(StoreUvarint(buffer, value) - buffer);
}

Error TooLarge(std::string_view what) {
  return {ErrorCode::kTooLarge, fmt::format("the index of the block: {}", what)};
}

}  // namespace

Result<IndexWriter> IndexWriter::Create(Fs& fs, std::string path, const SymbolSet& symbols) {
  TICKBIRD_ASSIGN_OR_RETURN(auto file, FileWriter::Create(fs, path));
  IndexWriter writer(fs, std::move(path), symbols, std::move(file));
  TICKBIRD_RETURN_IF_ERROR(writer.WriteHeaderAndSymbols());
  return writer;
}

Status IndexWriter::WriteHeaderAndSymbols() {
  std::string bytes;
  PutBe32(bytes, kIndexMagic);
  bytes += static_cast<char>(kIndexVersion);
  toc_.symbols = bytes.size();
  std::uint64_t length = 4;
  for (const std::string_view symbol : symbols_.sorted()) length += UvarintBytes(symbol.size()) + symbol.size();
  if (length > std::numeric_limits<std::uint32_t>::max()) return TooLarge("more than 4 GiB of label names and values");
  PutBe32(bytes, static_cast<std::uint32_t>(length));
  TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));

  bytes.clear();
  PutBe32(bytes, static_cast<std::uint32_t>(symbols_.sorted().size()));
  std::uint32_t checksum = Crc32c(bytes);
  TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  for (const std::string_view symbol : symbols_.sorted()) {
    bytes.clear();
    PutUvarintBytes(bytes, symbol);
    checksum = Crc32c(bytes, checksum);
    TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  }
  bytes.clear();
  PutBe32(bytes, checksum);
  TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  toc_.series = file_.position();
  return {};
}

Result<std::uint32_t> IndexWriter::AddSeries(const Labels& labels, std::span<const ChunkMeta> chunks) {
  if (!ids_.empty() && labels <= last_labels_) {
    return Error{ErrorCode::kInternal,
                 fmt::format("series {} comes after {}", labels.ToString(), last_labels_.ToString())};
  }
  pairs_.clear();
  for (const LabelView& label : labels) {
    const auto name = symbols_.Find(label.name);
    const auto value = symbols_.Find(label.value);
    if (!name || !value) {
      return Error{ErrorCode::kInternal,
                   fmt::format("series {} was not there when the symbols were collected", labels.ToString())};
    }
    pairs_.push_back({*name, *value});
    ++name_uses_[*name];
  }
  TICKBIRD_RETURN_IF_ERROR(file_.Pad(kSeriesAlignment));
  const std::uint64_t id = file_.position() / kSeriesAlignment;
  if (id > std::numeric_limits<std::uint32_t>::max()) return TooLarge("more than 64 GiB of series");
  entry_.clear();
  AppendSeriesEntry(&entry_, pairs_, chunks);
  TICKBIRD_RETURN_IF_ERROR(file_.Append(entry_));
  last_labels_ = labels;
  ids_.push_back(static_cast<std::uint32_t>(id));
  return ids_.back();
}

Status IndexWriter::Finish() {
  toc_.label_indices = file_.position();
  toc_.postings = file_.position();
  TICKBIRD_RETURN_IF_ERROR(WritePostings());
  toc_.label_indices_table = file_.position();
  toc_.postings_table = file_.position();
  TICKBIRD_RETURN_IF_ERROR(WriteTable());
  std::string bytes;
  toc_.AppendTo(&bytes);
  TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  return file_.Sync();
}

Status IndexWriter::WritePostings() {
  // The list of all stands under the empty name and value, which no symbol has: kNoSymbol says it.
  TICKBIRD_RETURN_IF_ERROR(file_.Pad(4));
  lists_.push_back({kNoSymbol, kNoSymbol, file_.position()});
  TICKBIRD_RETURN_IF_ERROR(WriteList(ids_));
  if (name_uses_.empty()) return {};

  TICKBIRD_RETURN_IF_ERROR(file_.Flush());
  TICKBIRD_ASSIGN_OR_RETURN(const auto series, fs_.OpenRead(path_));
  const std::uint64_t limit = std::max<std::uint64_t>(2 * ids_.size(), kMinUses);
  std::vector<Use> uses;
  for (auto name = name_uses_.begin(); name != name_uses_.end();) {
    const auto first = name;
    std::uint64_t count = name->second;
    for (++name; name != name_uses_.end() && count + name->second <= limit; ++name) count += name->second;
    uses.clear();
    uses.reserve(static_cast<std::size_t>(count));
    TICKBIRD_RETURN_IF_ERROR(CollectUses(*series, first->first, std::prev(name)->first, &uses));
    TICKBIRD_RETURN_IF_ERROR(WriteLists(&uses));
  }
  return {};
}

/// Reads the series that were written for labels whose name is one of [first_name, last_name].
Status IndexWriter::CollectUses(const RandomAccessFile& series, std::uint32_t first_name, std::uint32_t last_name,
                                std::vector<Use>* uses) const {
  FileWindow window(series, toc_.label_indices);
  std::vector<SymbolPair> labels;
  for (const std::uint32_t id : ids_) {
    TICKBIRD_ASSIGN_OR_RETURN(const auto entry, ReadSeriesEntry(window, id * kSeriesAlignment));
    if (!DecodeSeriesEntry(entry, &labels, nullptr)) return Error{ErrorCode::kCorruption, path_ + " changed"};
    for (const SymbolPair& label : labels) {
      if (label.name >= first_name && label.name <= last_name) uses->push_back({label.name, label.value, id});
    }
  }
  return {};
}

Status IndexWriter::WriteLists(std::vector<Use>* uses) {
  std::sort(uses->begin(), uses->end());
  std::vector<std::uint32_t> ids;
  for (auto use = uses->begin(); use != uses->end();) {
    const auto first = use;
    ids.clear();
    for (; use != uses->end() && use->name == first->name && use->value == first->value; ++use) {
      ids.push_back(use->series);
    }
    lists_.push_back({first->name, first->value, file_.position()});
    TICKBIRD_RETURN_IF_ERROR(WriteList(ids));
  }
  return {};
}

/// All that it writes is a multiple of four bytes: the next list is aligned again.
Status IndexWriter::WriteList(std::span<const std::uint32_t> ids) {
  const std::uint64_t length = 4 + 4 * std::uint64_t{ids.size()};
  if (length > std::numeric_limits<std::uint32_t>::max()) return TooLarge("more than 1,073,741,822 series");
  std::string bytes;
  bytes.reserve(length + 2 * kCrcBytes);
  PutBe32(bytes, static_cast<std::uint32_t>(length));
  PutBe32(bytes, static_cast<std::uint32_t>(ids.size()));
  for (const std::uint32_t id : ids) PutBe32(bytes, id);
  PutBe32(bytes, Crc32c(std::string_view(bytes).substr(4)));
  return file_.Append(bytes);
}

Status IndexWriter::WriteTable() {
  const auto text = [&](std::uint32_t symbol) {
    return symbol == kNoSymbol ? std::string_view() : symbols_.sorted()[symbol];
  };
  const auto put = [&](const ListOffset& list, std::string* out) {
    out->clear();
    PutUvarint(*out, 2);
    PutUvarintBytes(*out, text(list.name));
    PutUvarintBytes(*out, text(list.value));
    PutUvarint(*out, list.offset);
  };
  // Once for the length, which stands in front, once for the bytes.
  std::string bytes;
  std::uint64_t length = 4;
  for (const ListOffset& list : lists_) {
    put(list, &bytes);
    length += bytes.size();
  }
  if (length > std::numeric_limits<std::uint32_t>::max()) return TooLarge("more than 4 GiB of pairs of name and value");
  bytes.clear();
  PutBe32(bytes, static_cast<std::uint32_t>(length));
  TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  bytes.clear();
  PutBe32(bytes, static_cast<std::uint32_t>(lists_.size()));
  std::uint32_t checksum = Crc32c(bytes);
  TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  for (const ListOffset& list : lists_) {
    put(list, &bytes);
    checksum = Crc32c(bytes, checksum);
    TICKBIRD_RETURN_IF_ERROR(file_.Append(bytes));
  }
  bytes.clear();
  PutBe32(bytes, checksum);
  return file_.Append(bytes);
}

}  // namespace tickbird::tsdb
