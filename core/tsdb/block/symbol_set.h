#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/labels.h"

namespace tickbird::tsdb {

/// The label names and values of a block that is being written, each once; numbered in their order when all are in.
/// Takes about 90 bytes and the text for each. Not thread safe.
class SymbolSet {
 public:
  void Add(const Labels& labels);
  /// Numbers what is in. REQUIRES: called once, after the last Add.
  void Number();
  /// In their order; the views live as long as the set.
  std::span<const std::string_view> sorted() const { return sorted_; }
  std::optional<std::uint32_t> Find(std::string_view symbol) const;

 private:
  void Add(std::string_view symbol);
  std::string_view Keep(std::string_view symbol);

  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::string_view> sorted_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;  // in the last block
  std::size_t free_bytes_ = 0;
};

}  // namespace tickbird::tsdb
