#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Big-endian numbers and variable-length integers as Prometheus' files have them (Go's encoding/binary).
namespace tickbird::tsdb {

inline constexpr std::size_t kMaxVarintBytes = 10;

inline std::uint64_t LoadBe64(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

inline void StoreBe64(char* at, std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof value);
}

inline std::uint32_t LoadBe32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}

inline void PutBe32(std::string& out, std::uint32_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

inline std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Writes at most kMaxVarintBytes and returns the end.
inline char* StoreUvarint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

inline void PutUvarint(std::string& out, std::uint64_t value) {
  char buffer[kMaxVarintBytes];
  out.append(buffer, static_cast<std::size_t>(StoreUvarint(buffer, value) - buffer));
}

inline void PutVarint(std::string& out, std::int64_t value) {
  PutUvarint(out, ZigZag(value));
}

inline void PutBe64(std::string& out, std::uint64_t value) {
  char buffer[8];
  StoreBe64(buffer, value);
  out.append(buffer, sizeof buffer);
}

inline void PutUvarintBytes(std::string& out, std::string_view bytes) {
  PutUvarint(out, bytes.size());
  out += bytes;
}

/// Takes values off the front of foreign bytes. After the first that is not there, ok() is false and everything is zero
/// or empty: check once at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

  std::uint8_t Byte() {
    if (rest_.empty()) return Fail();
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint32_t Be32() {
    if (rest_.size() < 4) return Fail();
    const std::uint32_t value = LoadBe32(&rest_[0]);
    rest_.remove_prefix(4);
    return value;
  }

  std::uint64_t Be64() {
    if (rest_.size() < 8) return Fail();
    const std::uint64_t value = LoadBe64(&rest_[0]);
    rest_.remove_prefix(8);
    return value;
  }

  std::uint64_t Uvarint() {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < kMaxVarintBytes && i < rest_.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(rest_[i]);
      // The tenth byte has room for one bit.
      if (i == kMaxVarintBytes - 1 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return value;
      }
    }
    return Fail();
  }

  std::int64_t Varint() { return UnZigZag(Uvarint()); }

  std::string_view UvarintBytes() {
    const std::uint64_t length = Uvarint();
    if (length > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::uint8_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tickbird::tsdb
