#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/samplers/cgroup/values.h"
#include "core/base/result.h"

/// The text forms of cgroup files (Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/).
namespace tickbird::samplers {

/// A key that a flat-keyed file ("name number" per line) may have, and where its value goes, brought to the metric's
/// unit.
struct WantedKey {
  std::string_view key;
  CgroupValues::Value* value = nullptr;
  double divide_by = 1;
};

/// Sets the values of the wanted keys that are there. kParse when the line of a wanted key has no number.
Status ParseFlatKeyed(std::string_view file, std::string_view text, std::span<const WantedKey> wanted);

/// One number, as most files hold.
Result<std::uint64_t> ParseNumberFile(std::string_view file, std::string_view text);

/// A limit: nothing for "max", for v1's -1, and for v1's largest multiple of a page.
Result<std::optional<std::uint64_t>> ParseLimit(std::string_view file, std::string_view text);

/// v2 cpu.max: "quota period" in microseconds, quota "max" for none.
struct CpuMax {
  std::optional<std::uint64_t> quota_us;
  std::uint64_t period_us = 0;
};
Result<CpuMax> ParseCpuMax(std::string_view text);

/// v2 io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...". Replaces `out`. Devices without counters are left out.
Status ParseIoStat(std::string_view text, std::vector<CgroupValues::Io>& out);

/// v1 blkio.throttle.io_service_bytes or io_serviced: "8:0 Read 1", "8:0 Write 2", "Total 3". Adds to the device in
/// `out`.
Status ParseBlkio(std::string_view file, std::string_view text, double CgroupValues::Io::* read,
                  double CgroupValues::Io::* write, std::vector<CgroupValues::Io>& out);

/// A line of /proc/<pid>/cgroup: "4:memory:/path", for v2 "0::/path".
struct CgroupPath {
  std::string controllers;
  std::string path;
};
Result<std::vector<CgroupPath>> ParseCgroupPaths(std::string_view text);
/// The path of the line that has this controller ("" for v2), or "/".
std::string PathOf(std::span<const CgroupPath> paths, std::string_view controller);

}  // namespace tickbird::samplers
