#include "core/tsdb/block/ulid.h"

#include <algorithm>
#include <cstdint>
#include <random>

namespace tickbird::tsdb {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kTimeDigits = 10;
constexpr std::size_t kChanceDigits = 16;

/// The last `digits` digits of `value`.
void AppendDigits(std::string* out, std::uint64_t value, std::size_t digits) {
  for (std::size_t i = digits; i > 0; --i) *out += kAlphabet[(value >> (5 * (i - 1))) & 31];
}

std::uint64_t Chance(std::random_device& device) {
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace

std::string NewUlid(TimestampMs now) {
  std::string ulid;
  AppendDigits(&ulid, static_cast<std::uint64_t>(now) & ((std::uint64_t{1} << 48) - 1), kTimeDigits);
  std::random_device device;
  AppendDigits(&ulid, Chance(device), kChanceDigits / 2);
  AppendDigits(&ulid, Chance(device), kChanceDigits / 2);
  return ulid;
}

bool IsUlid(std::string_view name) {
  // 26 digits hold 130 bits: the first may use three of its five.
  return name.size() == kTimeDigits + kChanceDigits && name.front() <= '7' &&
         std::all_of(name.begin(), name.end(), [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

}  // namespace tickbird::tsdb
