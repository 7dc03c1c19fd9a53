#include "core/tsdb/block/postings_table.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/crc32c.h"
#include "core/tsdb/block/file_window.h"
#include "core/tsdb/block/index_format.h"
#include "core/tsdb/block/section_reader.h"
#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

constexpr std::uint64_t kKeys = 2;  // name and value

struct Entry {
  std::string raw;
  std::string name;
  std::string value;
  std::uint64_t offset = 0;
};

Status TakeEntry(SectionReader& section, Entry* entry) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t keys, section.Uvarint());
  if (keys != kKeys) return section.Damaged();
  entry->raw.clear();
  PutUvarint(entry->raw, keys);
  for (std::string* text : {&entry->name, &entry->value}) {
    TICKBIRD_ASSIGN_OR_RETURN(const auto bytes, section.TakeBytes());
    *text = bytes.content;
    entry->raw += bytes.raw;
  }
  TICKBIRD_ASSIGN_OR_RETURN(entry->offset, section.Uvarint());
  PutUvarint(entry->raw, entry->offset);
  return {};
}

}  // namespace

Result<PostingsTable> PostingsTable::Open(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end) {
  TICKBIRD_ASSIGN_OR_RETURN(auto section, SectionReader::Open(file, offset, end, "the postings' offsets"));
  PostingsTable table(file, offset);
  TICKBIRD_ASSIGN_OR_RETURN(const std::uint32_t count, section.Count());
  Entry entry;
  Entry before;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = section.position() - offset;
    TICKBIRD_RETURN_IF_ERROR(TakeEntry(section, &entry));
    // What is written the long way round would not be what we check later.
    if (at + entry.raw.size() != section.position() - offset) return section.Damaged();
    const bool new_name = i == 0 || entry.name != before.name;
    if (i > 0 && (entry.name < before.name || (!new_name && entry.value <= before.value))) return section.Damaged();
    if (entry.name.empty() && entry.value.empty()) table.all_ = entry.offset;
    if (new_name) table.names_.push_back({table.Keep(entry.name), static_cast<std::uint32_t>(table.groups_.size()), 0});
    if (table.names_.back().values++ % kSampledEntries == 0) {
      table.groups_.push_back({table.Keep(entry.value), static_cast<std::uint32_t>(at), 0});
    }
    table.groups_.back().checksum = Crc32c(entry.raw, table.groups_.back().checksum);
    std::swap(entry, before);
  }
  table.end_ = static_cast<std::uint32_t>(section.position() - offset);
  TICKBIRD_RETURN_IF_ERROR(section.Finish());
  if (table.all_ == 0) return section.Damaged();
  table.names_.shrink_to_fit();
  table.groups_.shrink_to_fit();
  table.texts_.shrink_to_fit();
  return table;
}

PostingsTable::Text PostingsTable::Keep(std::string_view text) {
  const Text kept{static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(text.size())};
  texts_ += text;
  return kept;
}

const PostingsTable::Name* PostingsTable::FindName(std::string_view name) const {
  const auto found = std::lower_bound(names_.begin(), names_.end(), name,
                                      [&](const Name& a, std::string_view b) { return View(a.text) < b; });
  return found != names_.end() && View(found->text) == name ? &*found : nullptr;
}

std::size_t PostingsTable::GroupsEnd(const Name& name) const {
  return name.first_group + (name.values + kSampledEntries - 1) / kSampledEntries;
}

std::vector<std::string> PostingsTable::Names() const {
  std::vector<std::string> names;
  for (const Name& name : names_) {
    if (name.text.size > 0) names.emplace_back(View(name.text));
  }
  return names;
}

std::size_t PostingsTable::ValueCount(std::string_view name) const {
  const Name* const found = FindName(name);
  return found ? found->values : 0;
}

Result<std::optional<std::uint64_t>> PostingsTable::Find(std::string_view name, std::string_view value) const {
  std::optional<std::uint64_t> found;
  const Name* const of = FindName(name);
  if (!of) return found;
  const auto first = groups_.begin() + of->first_group;
  const auto last = groups_.begin() + static_cast<std::ptrdiff_t>(GroupsEnd(*of));
  const auto behind =
      std::upper_bound(first, last, value, [&](std::string_view a, const Group& b) { return a < View(b.value); });
  if (behind == first) return found;
  const auto group = static_cast<std::size_t>(behind - groups_.begin()) - 1;
  TICKBIRD_RETURN_IF_ERROR(VisitGroups(group, group + 1, [&](std::string_view candidate, std::uint64_t offset) {
    if (candidate == value) found = offset;
  }));
  return found;
}

Status PostingsTable::Visit(std::string_view name,
                            const std::function<void(std::string_view value, std::uint64_t offset)>& visit) const {
  const Name* const of = FindName(name);
  return of ? VisitGroups(of->first_group, GroupsEnd(*of), visit) : Status();
}

Status PostingsTable::VisitGroups(
    std::size_t first, std::size_t last,
    const std::function<void(std::string_view value, std::uint64_t offset)>& visit) const {
  const auto start_of = [&](std::size_t group) {
    return offset_ + (group < groups_.size() ? groups_[group].offset : end_);
  };
  FileWindow window(*file_, offset_ + end_);
  for (std::size_t group = first; group < last; ++group) {
    const std::uint64_t start = start_of(group);
    const auto size = static_cast<std::size_t>(start_of(group + 1) - start);
    TICKBIRD_ASSIGN_OR_RETURN(const auto bytes, window.Get(start, size));
    if (bytes.size() < size || Crc32c(bytes) != groups_[group].checksum) {
      return Error{ErrorCode::kCorruption, fmt::format("the postings' offsets at {} changed since the start", start)};
    }
    for (ByteReader reader(bytes); reader.ok() && !reader.empty();) {
      reader.Uvarint();
      reader.UvarintBytes();
      const std::string_view value = reader.UvarintBytes();
      const std::uint64_t offset = reader.Uvarint();
      if (reader.ok()) visit(value, offset);
    }
  }
  return {};
}

std::int64_t PostingsTable::memory_bytes() const {
  return static_cast<std::int64_t>(names_.capacity() * sizeof(Name) + groups_.capacity() * sizeof(Group) +
                                   texts_.capacity());
}

}  // namespace tickbird::tsdb
