#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tickbird {

inline constexpr std::string_view kMetricNameLabel = "__name__";

/// One name and value. Views into the Labels they come from.
struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
};

/// An immutable set of labels, sorted by name, names unique, no empty values (an absent label and an empty one are the
/// same).
///
/// One counted block holds it all, so a copy is one increment and a set with six labels is one allocation. The store
/// keeps one block per series and hands out references to it (interning). Values are bytes; who takes them in checks
/// UTF-8. Limits: 65535 bytes a name, 16 MiB a value; longer ones are cut by LabelsBuilder::Build, so check limits at
/// intake. Thread safe as an immutable value: the count is atomic.
class Labels {
 public:
  class Iterator;

  Labels() = default;
  /// For tests and constants: any order; the last of equal names wins; empty values vanish.
  Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);
  Labels(const Labels& other) noexcept : block_(other.block_) { Acquire(); }
  Labels(Labels&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Labels& operator=(Labels other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Labels() { Release(); }

  std::size_t size() const { return block_ ? block_->count : 0; }
  bool empty() const { return size() == 0; }
  Iterator begin() const;
  Iterator end() const;

  /// The value of `name`, or "" when it is absent. The view lives as long as any copy of this set.
  std::string_view Get(std::string_view name) const;
  std::string_view MetricName() const { return Get(kMetricNameLabel); }
  bool Has(std::string_view name) const { return !Get(name).empty(); }

  /// 64-bit hash of all names and values; computed once per block. Stable between runs and versions (it names alerts).
  std::uint64_t Hash() const { return block_ ? block_->hash : kEmptyHash; }

  /// `{a="1", b="2"}`, with the metric name in front when there is one: `up{job="x"}`; as Prometheus prints series.
  std::string ToString() const;

  /// Bytes on the heap.
  std::size_t ByteSize() const { return block_ ? sizeof(Block) + block_->bytes : 0; }

  friend bool operator==(const Labels& a, const Labels& b);
  /// Prometheus' order: name by name, value by value, the shorter first.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  friend class LabelsBuilder;
  struct Block {
    std::atomic<std::uint32_t> references;
    std::uint32_t count;  // labels
    std::uint32_t bytes;  // that follow this header
    std::uint64_t hash;
  };
  static constexpr std::uint64_t kEmptyHash = 0x2d06800538d394c2;

  explicit Labels(Block* block) : block_(block) {}
  const char* data() const { return reinterpret_cast<const char*>(block_ + 1); }
  void Acquire() const noexcept {
    if (block_) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void Release() noexcept;

  Block* block_ = nullptr;
};

class Labels::Iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = LabelView;
  using difference_type = std::ptrdiff_t;
  using pointer = const LabelView*;
  using reference = const LabelView&;

  Iterator() = default;
  Iterator(const char* at, const char* end) : next_(at), end_(end) { Read(); }
  const LabelView& operator*() const { return current_; }
  const LabelView* operator->() const { return &current_; }
  Iterator& operator++() {
    Read();
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    Read();
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

 private:
  void Read();
  const char* at_ = nullptr;  // where current_ starts; end_ when past the last
  const char* next_ = nullptr;
  const char* end_ = nullptr;
  LabelView current_;
};

/// Makes Labels: starts empty or from a set, takes changes, builds once or many times. Not thread safe; reuse it to
/// save allocations.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base) { Reset(base); }

  void Clear() { pairs_.clear(); }
  void Reset(const Labels& base);
  /// Adds or replaces. An empty value removes.
  LabelsBuilder& Set(std::string_view name, std::string_view value);
  LabelsBuilder& Remove(std::string_view name);
  std::string_view Get(std::string_view name) const;
  /// The set; the builder keeps what it has.
  Labels Build() const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;  // sorted by name
};

/// Legacy names: [a-zA-Z_:][a-zA-Z0-9_:]* and [a-zA-Z_][a-zA-Z0-9_]*.
bool IsLegacyMetricName(std::string_view name);
bool IsLegacyLabelName(std::string_view name);

/// Appends `name="value"` pairs in braces as the text formats write them, the metric name first; values escaped.
void AppendLabelValueEscaped(std::string& out, std::string_view value);

}  // namespace tickbird

template <>
struct std::hash<tickbird::Labels> {
  std::size_t operator()(const tickbird::Labels& labels) const noexcept { return labels.Hash(); }
};
