#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

/// A symbol and what keeps it.
struct Symbol {
  std::shared_ptr<const std::string> holder;
  std::string_view text;
};

/// The symbols of an index: read from the file 32 at a time when one of them is needed, and kept up to a bound. In
/// memory stay 8 bytes for each 32. Thread safe.
class SymbolTable {
 public:
  /// Reads the section at `offset`, which ends before `end`, and holds it against its checksum. The file must outlive
  /// the table.
  static Result<SymbolTable> Open(const RandomAccessFile& file, std::uint64_t offset, std::uint64_t end);

  /// kCorruption: no such number, or the file no longer holds what it held.
  Result<Symbol> Lookup(std::uint32_t number) const;

  std::uint32_t size() const { return count_; }
  std::int64_t memory_bytes() const;
  void DropCache() const;

 private:
  static constexpr std::int64_t kMaxCacheBytes = std::int64_t{2} << 20;
  /// Of 32 symbols.
  struct Group {
    std::uint32_t offset;  // from the start of the section
    std::uint32_t checksum;
  };
  struct Cache {
    Mutex mutex;
    std::vector<std::shared_ptr<const std::string>> groups TICKBIRD_GUARDED_BY(mutex);
    std::int64_t bytes TICKBIRD_GUARDED_BY(mutex) = 0;
  };

  SymbolTable(const RandomAccessFile& file, std::uint64_t offset) : file_(&file), offset_(offset) {}
  Result<std::shared_ptr<const std::string>> ReadGroup(std::size_t group) const;
  Result<std::shared_ptr<const std::string>> GetGroup(std::size_t group) const;

  const RandomAccessFile* file_;
  std::uint64_t offset_;
  std::uint32_t count_ = 0;
  std::uint32_t end_ = 0;  // of the symbols, from the start of the section
  std::vector<Group> groups_;
  std::unique_ptr<Cache> cache_ = std::make_unique<Cache>();
};

}  // namespace tickbird::tsdb
