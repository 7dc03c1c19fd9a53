#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/labels.h"

namespace tickbird::bench {

// The same series and values as in tests/testing/promtsdb/bench.go, so that both stores get the same bits.

inline Labels HostLabels(int n) {
  constexpr std::array<std::string_view, 4> kModes = {"user", "system", "idle", "iowait"};
  return {{"__name__", "host_metric_" + std::to_string(n % 40) + "_total"},
          {"job", "node"},
          {"instance", "10.0.0." + std::to_string(n / 1000) + ":9100"},
          {"device", "device" + std::to_string(n / 40 % 25)},
          {"mode", kModes[static_cast<std::size_t>(n % 4)]}};
}

/// One value after the other, as a host has them: two in five stand still, the rest are CPU seconds in hundredths, byte
/// counters in bursts, and gauges with noise.
class HostSeries {
 public:
  explicit HostSeries(std::uint64_t number) : number_(number) {}

  double Next() {
    ++round_;
    const std::uint64_t random = Mix(number_ << 32U | round_);
    switch (number_ % 10) {
      case 0:
      case 1:
      case 2:
      case 3:
        return static_cast<double>(number_ * 1024);
      case 4:
      case 5:
      case 6:
        state_ += random % 100;
        return static_cast<double>(state_) / 100;
      case 7:
      case 8:
        if (random % 4 == 0) state_ += (random >> 8U) % 65536 * 17;
        return static_cast<double>(state_);
      default:
        return static_cast<double>((std::uint64_t{1} << 30U) + random % (1U << 20U) * 4096);
    }
  }

 private:
  static std::uint64_t Mix(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }

  std::uint64_t number_;
  std::uint64_t round_ = 0;
  std::uint64_t state_ = 0;
};

}  // namespace tickbird::bench
