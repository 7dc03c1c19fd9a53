#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

/// Where the postings list of each label name and value stands in an index. In memory stay the names and every 32nd
/// value of each; the rest is read when it is asked for, and checked again. Immutable; thread safe.
class PostingsTable {
 public:
  /// Reads the section at `offset`, which ends before `end`, and holds it against its checksum. The file must outlive
  /// the table. kCorruption also when names and values are not sorted.
  static Result<PostingsTable> Open(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end);

  /// Offset of the list of all series.
  std::uint64_t all() const { return all_; }
  /// Sorted.
  std::vector<std::string> Names() const;
  std::size_t ValueCount(std::string_view name) const;
  /// Offset of the list of one value.
  Result<std::optional<std::uint64_t>> Find(std::string_view name, std::string_view value) const;
  /// All values of a name in their order, with the offsets of their lists. The view lives during the call.
  Status Visit(std::string_view name,
               const std::function<void(std::string_view value, std::uint64_t offset)>& visit) const;

  std::int64_t memory_bytes() const;

 private:
  struct Text {
    std::uint32_t at;  // in texts_
    std::uint32_t size;
  };
  struct Name {
    Text text;
    std::uint32_t first_group;
    std::uint32_t values;
  };
  /// Of up to 32 values of one name; `value` is the first.
  struct Group {
    Text value;
    std::uint32_t offset;  // from the start of the section
    std::uint32_t checksum;
  };

  PostingsTable(const RandomAccessFile& file, std::uint64_t offset) : file_(&file), offset_(offset) {}
  Text Keep(std::string_view text);
  std::string_view View(Text text) const { return std::string_view(texts_).substr(text.at, text.size); }
  const Name* FindName(std::string_view name) const;
  std::size_t GroupsEnd(const Name& name) const;
  Status VisitGroups(std::size_t first, std::size_t last,
                     const std::function<void(std::string_view value, std::uint64_t offset)>& visit) const;

  const RandomAccessFile* file_;
  std::uint64_t offset_;
  std::uint64_t all_ = 0;
  std::uint32_t end_ = 0;  // of the entries, from the start of the section
  std::vector<Name> names_;
  std::vector<Group> groups_;
  std::string texts_;
};

}  // namespace tickbird::tsdb
