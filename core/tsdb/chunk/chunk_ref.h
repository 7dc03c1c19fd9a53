#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "core/base/clock.h"

namespace tickbird::tsdb {

/// How the samples of a chunk are written; the numbers are those on disk. Later ones (4: XOR2, 5 and 6: histograms with
/// start timestamps) are opt-in in Prometheus 3 and refused here.
enum class ChunkEncoding : std::uint8_t { kXor = 1, kHistogram = 2, kFloatHistogram = 3 };
inline bool IsKnownEncoding(std::uint8_t number) {
  return number >= 1 && number <= 3;
}

/// No timestamp: older than every other.
inline constexpr TimestampMs kNoTime = std::numeric_limits<TimestampMs>::min();

/// A finished chunk that never changes: one counted block of header and bytes, so a copy is one increment. Null by
/// default. Thread safe as an immutable value.
class ChunkRef {
 public:
  ChunkRef() = default;
  /// Copies the bytes, which are `front` and then `rest`. REQUIRES: less than 16 MiB.
  ChunkRef(ChunkEncoding encoding, std::string_view front, std::string_view rest, TimestampMs min_time,
           TimestampMs max_time);
  ChunkRef(const ChunkRef& other) noexcept : block_(other.block_) {
    if (block_) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  ChunkRef(ChunkRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  ChunkRef& operator=(ChunkRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~ChunkRef() { Release(); }

  explicit operator bool() const { return block_ != nullptr; }
  ChunkEncoding encoding() const { return static_cast<ChunkEncoding>(block_->encoding); }
  /// Samples in it, as its first two bytes say.
  std::size_t sample_count() const;
  /// The chunk as Prometheus has it, with the count in front. Lives as long as any copy of this reference.
  std::string_view bytes() const { return {reinterpret_cast<const char*>(block_ + 1), block_->size}; }
  /// Times of the first and last sample.
  TimestampMs min_time() const { return block_->min_time; }
  TimestampMs max_time() const { return block_->max_time; }
  void Prefetch() const { __builtin_prefetch(block_, 1); }
  /// Bytes on the heap.
  std::size_t ByteSize() const { return block_ ? sizeof(Block) + block_->size : 0; }

 private:
  struct Block {
    std::atomic<std::uint32_t> references;
    std::uint32_t size : 24;
    std::uint32_t encoding : 8;
    TimestampMs min_time;
    TimestampMs max_time;
  };
  void Release() noexcept;

  Block* block_ = nullptr;
};

}  // namespace tickbird::tsdb
