#include "core/model/labels.h"

#include <algorithm>
#include <compare>
#include <cstdlib>
#include <cstring>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tickbird {
namespace {

constexpr std::size_t kMaxNameBytes = 65535;
constexpr std::size_t kMaxValueBytes = std::size_t{16} << 20;

// A pair on the heap: length of the name (1 or 3 bytes), the name, length of the value (1 or 5 bytes), the value.
void PutLength(std::string& out, std::size_t length) {
  if (length < 255) {
    out += static_cast<char>(length);
    return;
  }
  out += static_cast<char>(255);
  const auto wide = static_cast<std::uint32_t>(length);
  out.append(reinterpret_cast<const char*>(&wide), sizeof wide);
}

std::string_view TakeBytes(const char*& at) {
  std::uint32_t length = static_cast<unsigned char>(*at++);
  if (length == 255) {
    std::memcpy(&length, at, sizeof length);
    at += sizeof length;
  }
  const std::string_view bytes(at, length);
  at += length;
  return bytes;
}

}  // namespace

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  LabelsBuilder builder;
  for (const auto& [name, value] : pairs) builder.Set(name, value);
  *this = builder.Build();
}

void Labels::Release() noexcept {
  if (block_ && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    std::free(block_);
  }
}

Labels::Iterator Labels::begin() const {
  return block_ ? Iterator(data(), data() + block_->bytes) : Iterator();
}

Labels::Iterator Labels::end() const {
  if (!block_) return {};
  const char* const end = data() + block_->bytes;
  return Iterator(end, end);
}

void Labels::Iterator::Read() {
  at_ = next_;
  if (next_ == end_) return;
  current_.name = TakeBytes(next_);
  current_.value = TakeBytes(next_);
}

std::string_view Labels::Get(std::string_view name) const {
  for (const LabelView& label : *this) {
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

std::string Labels::ToString() const {
  std::string out(MetricName());
  if (!out.empty() && size() == 1) return out;
  out += '{';
  bool first = true;
  for (const LabelView& label : *this) {
    if (label.name == kMetricNameLabel) continue;
    if (!first) out += ", ";
    first = false;
    out += label.name;
    out += "=\"";
    AppendLabelValueEscaped(out, label.value);
    out += '"';
  }
  return out + '}';
}

bool operator==(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return true;
  if (!a.block_ || !b.block_) return false;
  return a.block_->hash == b.block_->hash && a.block_->bytes == b.block_->bytes &&
         std::memcmp(a.data(), b.data(), a.block_->bytes) == 0;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (const auto by_name = left->name <=> right->name; by_name != 0) return by_name;
    if (const auto by_value = left->value <=> right->value; by_value != 0) return by_value;
  }
  return a.size() <=> b.size();
}

void LabelsBuilder::Reset(const Labels& base) {
  pairs_.clear();
  pairs_.reserve(base.size() + 2);
  for (const LabelView& label : base) pairs_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Remove(name);
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), name,
                                   [](const auto& pair, std::string_view key) { return pair.first < key; });
  if (at != pairs_.end() && at->first == name) {
    at->second = value;
  } else {
    pairs_.emplace(at, name, value);
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::Remove(std::string_view name) {
  std::erase_if(pairs_, [&](const auto& pair) { return pair.first == name; });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

Labels LabelsBuilder::Build() const {
  if (pairs_.empty()) return {};
  thread_local std::string bytes;
  bytes.clear();
  for (const auto& [name, value] : pairs_) {
    for (const std::string_view part :
         {std::string_view(name).substr(0, kMaxNameBytes), std::string_view(value).substr(0, kMaxValueBytes)}) {
      PutLength(bytes, part.size());
      bytes += part;
    }
  }
  void* const memory = std::malloc(sizeof(Labels::Block) + bytes.size());
  if (!memory) throw std::bad_alloc();
  auto* const block = new (memory) Labels::Block{.references = 1,
                                                 .count = static_cast<std::uint32_t>(pairs_.size()),
                                                 .bytes = static_cast<std::uint32_t>(bytes.size()),
                                                 .hash = XXH64(bytes.data(), bytes.size(), 0)};
  std::memcpy(block + 1, bytes.data(), bytes.size());
  return Labels(block);
}

bool IsLegacyLabelName(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !is_letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool IsLegacyMetricName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  if (name.empty() || !is_letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void AppendLabelValueEscaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '"') {
      out += "\\\"";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace tickbird
