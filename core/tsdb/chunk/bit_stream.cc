#include "core/tsdb/chunk/bit_stream.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

// A number of the n-th length has n ones and a zero in front of it; the last one has no zero.
constexpr std::array<unsigned, 9> kVarbitLengths = {0, 3, 6, 9, 12, 18, 25, 56, 64};
constexpr unsigned kLastLength = kVarbitLengths.size() - 1;
// What a position in the middle of a byte leaves of a 64-bit load.
constexpr unsigned kSafeBits = 56;

/// The ranges are lopsided: n bits hold -(2^(n-1) - 1) ... 2^(n-1).
bool FitsInt(std::int64_t value, unsigned bits) {
  if (bits == 0) return value == 0;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return -(half - 1) <= value && value <= half;
}

bool FitsUint(std::uint64_t value, unsigned bits) {
  return (value >> bits) == 0;
}

void PutVarbit(BitWriter* out, unsigned length, std::uint64_t value) {
  const unsigned bits = kVarbitLengths[length];
  if (length == kLastLength) {
    out->Put(0xff, 8);
    out->Put(value, bits);
    return;
  }
  const std::uint64_t ones = (std::uint64_t{1} << length) - 1;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  out->Put((ones << 1 << bits) | (value & mask), length + 1 + bits);
}

}  // namespace

void BitWriter::Put(std::uint64_t value, unsigned bits) {
  while (bits > 0) {
    if (used_ == 0) bytes_ += '\0';
    const unsigned room = 8 - used_;
    const unsigned now = std::min(room, bits);
    const auto part = static_cast<unsigned>(value >> (bits - now)) & (0xffU >> (8 - now));
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | (part << (room - now)));
    used_ = (used_ + now) % 8;
    bits -= now;
  }
}

void BitWriter::PutVarbitInt(std::int64_t value) {
  unsigned length = 0;
  while (length < kLastLength && !FitsInt(value, kVarbitLengths[length])) ++length;
  PutVarbit(this, length, static_cast<std::uint64_t>(value));
}

void BitWriter::PutVarbitUint(std::uint64_t value) {
  unsigned length = 0;
  while (length < kLastLength && !FitsUint(value, kVarbitLengths[length])) ++length;
  PutVarbit(this, length, value);
}

void BitWriter::PutXor(double value, double before, XorWindow* window) {
  const std::uint64_t change = std::bit_cast<std::uint64_t>(value) ^ std::bit_cast<std::uint64_t>(before);
  if (change == 0) {
    Put(0, 1);
    return;
  }
  // Five bits hold the count of leading zeros.
  const auto leading = static_cast<std::uint8_t>(std::min(std::countl_zero(change), 31));
  const auto trailing = static_cast<std::uint8_t>(std::countr_zero(change));
  if (window->leading != XorWindow::kNone && leading >= window->leading && trailing >= window->trailing) {
    Put(0b10, 2);
  } else {
    *window = {leading, trailing};
    Put(0b11, 2);
    Put(leading, 5);
    // Six bits hold the length; 64 is written as 0, which never occurs.
    Put(64U - leading - trailing, 6);
  }
  Put(change >> window->trailing, 64U - window->leading - window->trailing);
}

void BitWriter::Clear() {
  bytes_.clear();
  used_ = 0;
}

/// The bits from the position on, at the top; at least kSafeBits + 1 of them are right, zeros stand past the end.
std::uint64_t BitReader::Peek() const {
  const std::size_t byte = at_ / 8;
  if (byte + 8 <= bytes_.size()) [[likely]]
    return LoadBe64(bytes_.data() + byte) << (at_ % 8);
  if (byte >= bytes_.size()) return 0;
  char next[8] = {};
  std::memcpy(next, bytes_.data() + byte, std::min(sizeof next, bytes_.size() - byte));
  return LoadBe64(next) << (at_ % 8);
}

std::uint64_t BitReader::Take(unsigned bits) {
  if (bits == 0) return 0;
  if (bits > kSafeBits) {
    const std::uint64_t high = Take(bits - 32);
    return (high << 32) | Take(32);
  }
  if (bits > bits_left()) {
    Fail();
    return 0;
  }
  const std::uint64_t value = Peek() >> (64 - bits);
  at_ += bits;
  return value;
}

/// The bits of a varbit number without what stands in front of them, and how many they are.
std::uint64_t BitReader::TakeVarbit(unsigned* bits) {
  const std::uint64_t next = Peek();
  const unsigned length = std::min(static_cast<unsigned>(std::countl_one(next)), kLastLength);
  *bits = kVarbitLengths[length];
  const unsigned front = length == kLastLength ? length : length + 1;
  if (front + *bits > kSafeBits) {
    Take(front);
    return Take(*bits);
  }
  if (front + *bits > bits_left()) {
    Fail();
    return 0;
  }
  at_ += front + *bits;
  return *bits == 0 ? 0 : next << front >> (64 - *bits);
}

std::int64_t BitReader::TakeVarbitInt() {
  unsigned bits = 0;
  std::uint64_t value = TakeVarbit(&bits);
  if (bits > 0 && bits < 64 && value > (std::uint64_t{1} << (bits - 1))) value -= std::uint64_t{1} << bits;
  return static_cast<std::int64_t>(value);
}

std::uint64_t BitReader::TakeVarbitUint() {
  unsigned bits = 0;
  return TakeVarbit(&bits);
}

void BitReader::TakeXor(double* value, XorWindow* window) {
  if (Take(1) == 0) return;
  if (Take(1) == 1) {
    const auto leading = static_cast<unsigned>(Take(5));
    const auto written = static_cast<unsigned>(Take(6));
    const unsigned length = written == 0 ? 64 : written;
    if (leading + length > 64) {
      Fail();
      return;
    }
    *window = {static_cast<std::uint8_t>(leading), static_cast<std::uint8_t>(64 - leading - length)};
  }
  // A window is used before one was given.
  if (window->leading == XorWindow::kNone) {
    Fail();
    return;
  }
  const std::uint64_t change = Take(64U - window->leading - window->trailing) << window->trailing;
  *value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(*value) ^ change);
}

}  // namespace tickbird::tsdb
