#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

#include "core/model/sample.h"
#include "core/tsdb/chunk/chunk_ref.h"

/// Prometheus' XOR chunks, byte for byte: a big-endian count (16 bits); the first timestamp as a varint and the first
/// value as 64 bits; the first time step as a uvarint; from then on the change of the step in 1, 16, 20, 24 or 68 bits,
/// and the value's XOR with the one before: nothing, or its bits inside the last window, or with a new window (5 bits
/// of leading zeros, 6 of length). Source: prometheus/prometheus tsdb/chunkenc/xor.go, tsdb/docs/format/chunks.md;
/// after Facebook's Gorilla paper.
namespace tickbird::tsdb {

/// The chunk that still takes samples. Grows its buffer as needed (64 bytes at first), keeps it from one chunk to the
/// next, and remembers the newest sample when it is empty again. Not thread safe.
class XorAppender {
 public:
  /// REQUIRES: !full(), and empty() or timestamp > newest_time().
  void Append(TimestampMs timestamp, double value);
  /// As if this sample had been the last of the chunk before. REQUIRES: empty(), timestamp >= newest_time().
  void Resume(TimestampMs timestamp, double value) {
    newest_time_ = timestamp;
    newest_value_ = value;
  }
  /// What was appended since the last Clear as a finished chunk. REQUIRES: !empty().
  ChunkRef Snapshot() const;
  /// Starts the next chunk.
  void Clear();
  /// Starts the next chunk and gives the buffer back.
  void ClearAndFree();

  /// Brings the end of the buffer into the cache, for callers that will append soon.
  void Prefetch() const { __builtin_prefetch(buffer_.get() + bits_ / 8, 1); }

  bool empty() const { return count_ == 0; }
  std::uint16_t count() const { return count_; }
  /// Bytes of the chunk so far, with the count in front.
  std::size_t size() const { return sizeof(count_) + (bits_ + 7) / 8; }
  bool full() const { return count_ == std::numeric_limits<std::uint16_t>::max() || size() > kMaxBytes; }
  std::size_t capacity() const { return capacity_; }

  TimestampMs oldest_time() const { return oldest_time_; }
  /// The newest sample ever appended, also after Clear; kNoTime before the first.
  TimestampMs newest_time() const { return newest_time_; }
  double newest_value() const { return newest_value_; }

  /// As in Prometheus: no chunk gets longer than this and one sample.
  static constexpr std::size_t kMaxBytes = 1024;

 private:
  void Reserve();
  void Put(std::uint64_t value, unsigned bits);
  void PutWide(std::uint64_t value);
  void PutStepChange(std::int64_t change);
  void PutValue(double value);

  static constexpr std::uint8_t kNoWindow = 0xff;

  std::unique_ptr<char[]> buffer_;
  TimestampMs oldest_time_ = kNoTime;
  TimestampMs newest_time_ = kNoTime;
  double newest_value_ = 0;
  std::uint64_t step_ = 0;
  std::uint32_t bits_ = 0;
  std::uint16_t capacity_ = 0;
  std::uint16_t count_ = 0;
  std::uint8_t leading_ = kNoWindow;
  std::uint8_t trailing_ = 0;
};

/// Decodes the bytes of a chunk from anywhere: damaged ones end early and set damaged(), and are never read past their
/// end. The bytes must outlive the reader. Not thread safe.
class XorReader {
 public:
  XorReader() = default;
  explicit XorReader(std::string_view chunk);
  /// Fills both spans (same length) from the front; 0 means the end.
  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values);
  bool damaged() const { return damaged_; }

 private:
  bool ReadFirst();
  bool ReadSecondStep();
  bool ReadStepChange();
  bool ReadValue();
  std::uint64_t Peek() const;
  std::uint64_t Take(unsigned bits);
  bool TakeUvarint(std::uint64_t* value);

  const char* stream_ = nullptr;
  std::size_t stream_bytes_ = 0;
  std::size_t at_ = 0;  // in bits
  unsigned total_ = 0;
  unsigned read_ = 0;
  bool damaged_ = false;
  unsigned window_bits_ = 0;
  unsigned trailing_ = 0;
  TimestampMs timestamp_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t value_ = 0;
};

}  // namespace tickbird::tsdb
