#include "core/tsdb/chunk/xor_chunk.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/tsdb/chunk/bytes.h"

namespace tickbird::tsdb {
namespace {

// Longest sample: 4 + 64 bits of time, 2 + 5 + 6 + 64 of value; and a store writes 8 bytes whatever it needs.
constexpr std::size_t kHeadroom = (4 + 64 + 2 + 5 + 6 + 64 + 7) / 8 + 8;
constexpr std::size_t kFirstCapacity = 64;
// What a bit position in the middle of a byte leaves of a 64-bit load or store.
constexpr unsigned kSafeBits = 56;

/// Prometheus' ranges are lopsided: n bits hold -(2^(n-1) - 1) ... 2^(n-1).
bool FitsInBits(std::int64_t value, unsigned bits) {
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return -(half - 1) <= value && value <= half;
}

}  // namespace

void XorAppender::Reserve() {
  const std::size_t used = (bits_ + 7) / 8;
  if (used + kHeadroom <= capacity_) return;
  const std::size_t wanted = capacity_ == 0 ? kFirstCapacity : capacity_ + capacity_ / 2;
  std::unique_ptr<char[]> larger(new char[wanted]);
  if (used > 0) std::memcpy(larger.get(), buffer_.get(), used);
  buffer_ = std::move(larger);
  capacity_ = static_cast<std::uint16_t>(wanted);
}

void XorAppender::Put(std::uint64_t value, unsigned bits) {
  const unsigned used = bits_ & 7;
  char* const at = buffer_.get() + (bits_ >> 3);
  // Bits behind the position were never written: take only those in front of it.
  const std::uint64_t front = static_cast<unsigned char>(*at) & (0xff00U >> used);
  StoreBe64(at, (front << kSafeBits) | (value << (64 - used - bits)));
  bits_ += bits;
}

void XorAppender::PutWide(std::uint64_t value) {
  Put(value >> 32, 32);
  Put(value & 0xffffffff, 32);
}

void XorAppender::PutStepChange(std::int64_t change) {
  const auto raw = static_cast<std::uint64_t>(change);
  if (change == 0) {
    Put(0, 1);
  } else if (FitsInBits(change, 14)) {
    Put((std::uint64_t{0b10} << 14) | (raw & 0x3fff), 16);
  } else if (FitsInBits(change, 17)) {
    Put((std::uint64_t{0b110} << 17) | (raw & 0x1ffff), 20);
  } else if (FitsInBits(change, 20)) {
    Put((std::uint64_t{0b1110} << 20) | (raw & 0xfffff), 24);
  } else {
    Put(0b1111, 4);
    PutWide(raw);
  }
}

void XorAppender::PutValue(double value) {
  const std::uint64_t change = std::bit_cast<std::uint64_t>(value) ^ std::bit_cast<std::uint64_t>(newest_value_);
  if (change == 0) {
    Put(0, 1);
    return;
  }
  // Five bits hold the count of leading zeros.
  const auto leading = static_cast<std::uint8_t>(std::min(std::countl_zero(change), 31));
  const auto trailing = static_cast<std::uint8_t>(std::countr_zero(change));
  if (leading_ != kNoWindow && leading >= leading_ && trailing >= trailing_) {
    Put(0b10, 2);
  } else {
    leading_ = leading;
    trailing_ = trailing;
    // Six bits hold the length; 64 is written as 0, which never occurs.
    const unsigned length = 64U - leading - trailing;
    Put((std::uint64_t{0b11} << 11) | (std::uint64_t{leading} << 6) | (length & 0x3f), 13);
  }
  const unsigned length = 64U - leading_ - trailing_;
  const std::uint64_t window = change >> trailing_;
  if (length > kSafeBits) {
    Put(window >> 32, length - 32);
    Put(window & 0xffffffff, 32);
  } else {
    Put(window, length);
  }
}

void XorAppender::Append(TimestampMs timestamp, double value) {
  Reserve();
  const std::uint64_t step = static_cast<std::uint64_t>(timestamp) - static_cast<std::uint64_t>(newest_time_);
  if (count_ == 0) {
    char* const end = StoreUvarint(buffer_.get(), ZigZag(timestamp));
    bits_ = static_cast<std::uint32_t>(end - buffer_.get()) * 8;
    PutWide(std::bit_cast<std::uint64_t>(value));
    oldest_time_ = timestamp;
  } else if (count_ == 1) {
    char* const end = StoreUvarint(buffer_.get() + bits_ / 8, step);
    bits_ = static_cast<std::uint32_t>(end - buffer_.get()) * 8;
    step_ = step;
    PutValue(value);
  } else {
    PutStepChange(static_cast<std::int64_t>(step - step_));
    step_ = step;
    PutValue(value);
  }
  newest_time_ = timestamp;
  newest_value_ = value;
  ++count_;
}

ChunkRef XorAppender::Snapshot() const {
  const char count[] = {static_cast<char>(count_ >> 8), static_cast<char>(count_ & 0xff)};
  return ChunkRef(ChunkEncoding::kXor, {count, sizeof count}, {buffer_.get(), (bits_ + 7) / 8}, oldest_time_,
                  newest_time_);
}

void XorAppender::Clear() {
  bits_ = 0;
  count_ = 0;
  step_ = 0;
  leading_ = kNoWindow;
  trailing_ = 0;
  oldest_time_ = kNoTime;
}

void XorAppender::ClearAndFree() {
  Clear();
  buffer_.reset();
  capacity_ = 0;
}

XorReader::XorReader(std::string_view chunk) {
  if (chunk.size() < 2) {
    damaged_ = true;
    return;
  }
  total_ = static_cast<unsigned>((static_cast<unsigned char>(chunk[0]) << 8) | static_cast<unsigned char>(chunk[1]));
  stream_ = chunk.data() + 2;
  stream_bytes_ = chunk.size() - 2;
}

/// The bits from the position on, at the top; at least kSafeBits + 1 of them are right, zeros stand past the end.
inline std::uint64_t XorReader::Peek() const {
  const std::size_t byte = at_ >> 3;
  if (byte + 8 <= stream_bytes_) [[likely]]
    return LoadBe64(stream_ + byte) << (at_ & 7);
  if (byte >= stream_bytes_) return 0;
  char last[8] = {};
  std::memcpy(last, stream_ + byte, stream_bytes_ - byte);
  return LoadBe64(last) << (at_ & 7);
}

inline std::uint64_t XorReader::Take(unsigned bits) {
  if (bits > kSafeBits) {
    const std::uint64_t high = Take(bits - 32);
    return (high << 32) | Take(32);
  }
  const std::uint64_t value = Peek() >> (64 - bits);
  at_ += bits;
  return value;
}

bool XorReader::TakeUvarint(std::uint64_t* value) {
  ByteReader reader({stream_ + at_ / 8, stream_bytes_ - at_ / 8});
  const std::size_t before = reader.left();
  *value = reader.Uvarint();
  if (!reader.ok()) return false;
  at_ += (before - reader.left()) * 8;
  return true;
}

bool XorReader::ReadFirst() {
  std::uint64_t raw = 0;
  if (!TakeUvarint(&raw)) return false;
  timestamp_ = UnZigZag(raw);
  value_ = Take(64);
  return true;
}

bool XorReader::ReadSecondStep() {
  // The value before it filled whole bytes.
  if (!TakeUvarint(&step_)) return false;
  timestamp_ = static_cast<TimestampMs>(static_cast<std::uint64_t>(timestamp_) + step_);
  return ReadValue();
}

inline bool XorReader::ReadStepChange() {
  const std::uint64_t bits = Peek();
  if ((bits >> 63) == 0) {
    at_ += 1;
  } else {
    constexpr unsigned kLengths[] = {0, 14, 17, 20};
    const auto prefix = static_cast<unsigned>(std::countl_one(bits));
    std::uint64_t change = 0;
    if (prefix < 4) {
      const unsigned length = kLengths[prefix];
      at_ += prefix + 1;
      change = Take(length);
      if (change > (std::uint64_t{1} << (length - 1))) change -= std::uint64_t{1} << length;
    } else {
      at_ += 4;
      change = Take(64);
    }
    step_ += change;
  }
  timestamp_ = static_cast<TimestampMs>(static_cast<std::uint64_t>(timestamp_) + step_);
  return ReadValue();
}

inline bool XorReader::ReadValue() {
  const std::uint64_t bits = Peek();
  if ((bits >> 63) == 0) {
    at_ += 1;
    return true;
  }
  if ((bits >> 62) == 0b10) {
    at_ += 2;
  } else {
    const auto leading = static_cast<unsigned>((bits >> 57) & 0x1f);
    const auto length = static_cast<unsigned>((bits >> 51) & 0x3f);
    window_bits_ = length == 0 ? 64 : length;
    if (leading + window_bits_ > 64) return false;
    trailing_ = 64 - leading - window_bits_;
    at_ += 13;
  }
  // A window is used before one was given.
  if (window_bits_ == 0) return false;
  value_ ^= Take(window_bits_) << trailing_;
  return true;
}

std::size_t XorReader::Read(std::span<TimestampMs> timestamps, std::span<double> values) {
  // A copy that no store through the spans can change: its members stay in registers.
  XorReader state = *this;
  const std::size_t end = state.stream_bytes_ * 8;
  std::size_t filled = 0;
  while (filled < timestamps.size() && state.read_ < state.total_ && !state.damaged_) {
    bool ok = false;
    if (state.read_ >= 2) [[likely]] {
      ok = state.ReadStepChange();
    } else {
      ok = state.read_ == 0 ? state.ReadFirst() : state.ReadSecondStep();
    }
    if (!ok || state.at_ > end) [[unlikely]] {
      state.damaged_ = true;
      break;
    }
    timestamps[filled] = state.timestamp_;
    values[filled] = std::bit_cast<double>(state.value_);
    ++filled;
    ++state.read_;
  }
  *this = state;
  return filled;
}

}  // namespace tickbird::tsdb
