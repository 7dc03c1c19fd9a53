#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace tickbird::tsdb {

/// Appends bits to a string, the highest first; the last byte is filled up with zeros.
class RollupBitWriter {
 public:
  explicit RollupBitWriter(std::string* out) : out_(*out) {}

  /// The low `count` bits of `value`.
  void Put(std::uint64_t value, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        out_ += '\0';
        free_ = 8;
      }
      const unsigned taken = count < free_ ? count : free_;
      const std::uint64_t part = (value >> (count - taken)) & ((1U << taken) - 1);
      out_.back() = static_cast<char>(static_cast<unsigned char>(out_.back()) | (part << (free_ - taken)));
      free_ -= taken;
      count -= taken;
    }
  }

  /// Zero in one bit; others as a 1, the number of bits without leading zeros less one (6 bits), and those bits without
  /// the first.
  void PutNumber(std::uint64_t value) {
    if (value == 0) return Put(0, 1);
    const auto width = static_cast<unsigned>(std::bit_width(value));
    Put(0x40U | (width - 1), 7);
    Put(value, width - 1);
  }

 private:
  std::string& out_;
  unsigned free_ = 0;
};

/// Takes bits off foreign bytes. Past the end it gives zeros and ok() is false: check once at the end.
class RollupBitReader {
 public:
  explicit RollupBitReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t Take(unsigned count) {
    if (count > left()) {
      ok_ = false;
      at_ = bytes_.size() * 8;
      return 0;
    }
    std::uint64_t value = 0;
    while (count > 0) {
      const unsigned used = at_ & 7;
      const unsigned taken = count < 8 - used ? count : 8 - used;
      const unsigned byte = static_cast<unsigned char>(bytes_[at_ >> 3]);
      value = (value << taken) | ((byte >> (8 - used - taken)) & ((1U << taken) - 1));
      at_ += taken;
      count -= taken;
    }
    return value;
  }

  std::uint64_t TakeNumber() {
    if (Take(1) == 0) return 0;
    const auto rest = static_cast<unsigned>(Take(6));
    return (std::uint64_t{1} << rest) | Take(rest);
  }

  std::size_t left() const { return bytes_.size() * 8 - at_; }
  bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace tickbird::tsdb
