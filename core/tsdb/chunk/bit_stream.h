#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Numbers of any width, one behind the other from the top bit down, and the forms in which histogram chunks write
/// them. Source: prometheus/prometheus tsdb/chunkenc/{bstream,varbit,xor}.go. (XOR chunks have their own faster code,
/// see xor_chunk.h.)
namespace tickbird::tsdb {

/// Where the bits of a double stood that differed from the double before it: the next difference may fit there again.
struct XorWindow {
  static constexpr std::uint8_t kNone = 0xff;
  std::uint8_t leading = kNone;
  std::uint8_t trailing = 0;
};

class BitWriter {
 public:
  /// The lower `bits` (1 to 64) of `value`.
  void Put(std::uint64_t value, unsigned bits);
  /// Small numbers in few bits: 1, 5, 9, 13, 17, 24, 32, 64 or 72.
  void PutVarbitInt(std::int64_t value);
  void PutVarbitUint(std::uint64_t value);
  void PutXor(double value, double before, XorWindow* window);

  /// Zeros fill the last byte.
  std::string_view bytes() const { return bytes_; }
  std::size_t capacity() const { return bytes_.capacity(); }
  /// Keeps the buffer.
  void Clear();

 private:
  std::string bytes_;
  unsigned used_ = 0;  // bits of the last byte; 0: all of them
};

/// Reads foreign bytes. Past their end ok() is false and everything is zero: check before using what was read.
class BitReader {
 public:
  BitReader() = default;
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t Take(unsigned bits);
  std::int64_t TakeVarbitInt();
  std::uint64_t TakeVarbitUint();
  /// Turns the value before into the next one.
  void TakeXor(double* value, XorWindow* window);

  bool ok() const { return ok_; }
  std::size_t bits_left() const { return ok_ ? bytes_.size() * 8 - at_ : 0; }

 private:
  std::uint64_t Peek() const;
  std::uint64_t TakeVarbit(unsigned* bits);
  void Fail() { ok_ = false; }

  std::string_view bytes_;
  std::size_t at_ = 0;  // in bits
  bool ok_ = true;
};

}  // namespace tickbird::tsdb
