// Any bytes as a roll-up file and as the points of a series: nothing is read past its end, and what decodes encodes
// back to the same points.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/crc32c.h"
#include "core/tsdb/rollup/rollup_codec.h"
#include "core/tsdb/rollup/rollup_file.h"
#include "tests/testing/mem_fs.h"

namespace {

using namespace tickbird;
using tickbird::tsdb::RollupPoint;

constexpr TimestampMs kFirst = std::numeric_limits<TimestampMs>::min();
constexpr TimestampMs kLast = std::numeric_limits<TimestampMs>::max();

void ReadFile(std::string bytes) {
  testing::MemFs fs;
  if (!fs.MakeDirs("b") || !fs.Create("b/rollup-1m")) std::abort();
  fs.Overwrite("b/rollup-1m", std::move(bytes));
  const auto reader = tsdb::RollupReader::Open(fs, "b", kMinuteMs);
  if (!reader) return;
  [[maybe_unused]] const auto damages = (*reader)->Verify();
  std::vector<RollupPoint> points;
  for (std::uint32_t series = 0; series < 8; ++series) [[maybe_unused]]
    const auto read = (*reader)->Read(series, kFirst, kLast, &points);
}

/// With checksums that fit, which chance does not find.
void ReadSealed(std::string bytes) {
  const auto seal = [&](std::size_t begin, std::size_t at) {
    const std::uint32_t crc = __builtin_bswap32(Crc32c(std::string_view(bytes).substr(begin, at - begin)));
    std::memcpy(bytes.data() + at, &crc, sizeof crc);
  };
  if (bytes.size() < 33) return;
  seal(0, 9);
  seal(bytes.size() - 20, bytes.size() - 4);
  ReadFile(std::move(bytes));
}

void DecodeAndEncode(std::string_view bytes) {
  std::vector<RollupPoint> points;
  if (!tsdb::DecodeRollupPoints(bytes, kMinuteMs, kFirst, kLast, &points)) return;
  std::string again;
  tsdb::EncodeRollupPoints(points, kMinuteMs, &again);
  std::vector<RollupPoint> back;
  if (!tsdb::DecodeRollupPoints(again, kMinuteMs, kFirst, kLast, &back) || back.size() != points.size()) std::abort();
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (back[i].end != points[i].end || back[i].count != points[i].count ||
        std::bit_cast<std::uint64_t>(back[i].sum) != std::bit_cast<std::uint64_t>(points[i].sum))
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadFile(bytes);
  ReadSealed(bytes);
  DecodeAndEncode(bytes);
  return 0;
}
