#include "core/tsdb/block/symbol_set.h"

#include <algorithm>
#include <cstring>

namespace tickbird::tsdb {
namespace {
constexpr std::size_t kBlockBytes = 64 * 1024;
}  // namespace

void SymbolSet::Add(const Labels& labels) {
  for (const LabelView& label : labels) {
    Add(label.name);
    Add(label.value);
  }
}

void SymbolSet::Add(std::string_view symbol) {
  if (!numbers_.contains(symbol)) numbers_.emplace(Keep(symbol), 0);
}

std::string_view SymbolSet::Keep(std::string_view symbol) {
  if (symbol.empty()) return {};
  if (symbol.size() > free_bytes_) {
    free_bytes_ = std::max(kBlockBytes, symbol.size());
    blocks_.push_back(std::make_unique<char[]>(free_bytes_));
    free_ = blocks_.back().get();
  }
  std::memcpy(free_, symbol.data(), symbol.size());
  const std::string_view kept(free_, symbol.size());
  free_ += symbol.size();
  free_bytes_ -= symbol.size();
  return kept;
}

void SymbolSet::Number() {
  sorted_.reserve(numbers_.size());
  for (const auto& [symbol, number] : numbers_) sorted_.push_back(symbol);
  std::sort(sorted_.begin(), sorted_.end());
  std::uint32_t next = 0;
  for (const std::string_view symbol : sorted_) numbers_[symbol] = next++;
}

std::optional<std::uint32_t> SymbolSet::Find(std::string_view symbol) const {
  const auto found = numbers_.find(symbol);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace tickbird::tsdb
