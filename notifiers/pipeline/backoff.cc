#include "notifiers/pipeline/backoff.h"

#include <algorithm>

namespace tickbird::notify {
namespace {

/// The finisher of SplitMix64: spreads neighbouring inputs over all 64 bits.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

DurationMs Backoff::Delay(int failures, std::uint64_t what) const {
  const int doublings = std::clamp(failures - 1, 0, 30);
  const DurationMs whole = std::min(first << doublings, max);
  const std::uint64_t noise = Mix(seed ^ Mix(what + static_cast<std::uint64_t>(failures)));
  return whole - whole / 2 + static_cast<DurationMs>(noise % static_cast<std::uint64_t>(whole / 2 + 1));
}

}  // namespace tickbird::notify
