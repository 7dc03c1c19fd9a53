#include "core/tsdb/block/symbol_table.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/block/file_window.h"
#include "core/tsdb/block/index_format.h"
#include "core/tsdb/block/section_reader.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {

Result<SymbolTable> SymbolTable::Open(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end) {
  TICKBIRD_ASSIGN_OR_RETURN(auto section, SectionReader::Open(file, offset, end, "the symbols"));
  SymbolTable table(file, offset);
  TICKBIRD_ASSIGN_OR_RETURN(table.count_, section.Count());
  // A symbol takes a byte at least; the count of a damaged file must not make us reserve more than the file has.
  if (table.count_ > section.left()) return section.Damaged();
  table.groups_.reserve(table.count_ / kSampledEntries + 1);
  for (std::uint32_t i = 0; i < table.count_; ++i) {
    const auto at = static_cast<std::uint32_t>(section.position() - offset);
    TICKBIRD_ASSIGN_OR_RETURN(const auto entry, section.TakeBytes());
    if (i % kSampledEntries == 0) table.groups_.push_back({at, 0});
    table.groups_.back().checksum = Crc32c(entry.raw, table.groups_.back().checksum);
  }
  table.end_ = static_cast<std::uint32_t>(section.position() - offset);
  TICKBIRD_RETURN_IF_ERROR(section.Finish());
  return table;
}

Result<Symbol> SymbolTable::Lookup(std::uint32_t number) const {
  if (number >= count_) return Error{ErrorCode::kCorruption, fmt::format("symbol {} of {}", number, count_)};
  TICKBIRD_ASSIGN_OR_RETURN(auto group, GetGroup(number / kSampledEntries));
  ByteReader reader(*group);
  for (std::size_t i = number % kSampledEntries; i > 0; --i) reader.UvarintBytes();
  const std::string_view text = reader.UvarintBytes();
  return Symbol{std::move(group), text};
}

Result<std::shared_ptr<const std::string>> SymbolTable::GetGroup(std::size_t group) const {
  {
    MutexLock lock(cache_->mutex);
    if (!cache_->groups.empty() && cache_->groups[group]) return cache_->groups[group];
  }
  TICKBIRD_ASSIGN_OR_RETURN(auto read, ReadGroup(group));
  MutexLock lock(cache_->mutex);
  const auto bytes = static_cast<std::int64_t>(read->capacity() + sizeof(std::string) + 2 * sizeof(void*));
  if (cache_->bytes + bytes > kMaxCacheBytes) {
    cache_->groups.clear();
    cache_->bytes = 0;
  }
  if (cache_->groups.empty()) {
    cache_->groups.resize(groups_.size());
    cache_->bytes += static_cast<std::int64_t>(cache_->groups.capacity() * sizeof(cache_->groups[0]));
  }
  if (!cache_->groups[group]) {
    cache_->groups[group] = read;
    cache_->bytes += bytes;
  }
  return read;
}

Result<std::shared_ptr<const std::string>> SymbolTable::ReadGroup(std::size_t group) const {
  const std::uint32_t start = groups_[group].offset;
  const std::uint32_t end = group + 1 < groups_.size() ? groups_[group + 1].offset : end_;
  std::string bytes(end - start, '\0');
  TICKBIRD_RETURN_IF_ERROR(ReadExactly(*file_, offset_ + start, bytes));
  if (Crc32c(bytes) != groups_[group].checksum) {
    return Error{ErrorCode::kCorruption, fmt::format("the symbols at {} changed since the start", offset_ + start)};
  }
  return std::make_shared<const std::string>(std::move(bytes));
}

std::int64_t SymbolTable::memory_bytes() const {
  MutexLock lock(cache_->mutex);
  return static_cast<std::int64_t>(groups_.capacity() * sizeof(Group) + sizeof(Cache)) + cache_->bytes;
}

void SymbolTable::DropCache() const {
  MutexLock lock(cache_->mutex);
  cache_->groups = {};
  cache_->bytes = 0;
}

}  // namespace tickbird::tsdb
