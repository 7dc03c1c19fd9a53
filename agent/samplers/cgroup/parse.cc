#include "agent/samplers/cgroup/parse.h"

#include <algorithm>

#include "agent/samplers/text.h"
#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

// v1 writes "unlimited" as the largest 64-bit number rounded down to a page.
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;

CgroupValues::Io& DeviceIn(std::vector<CgroupValues::Io>& devices, std::string_view name) {
  const auto at = std::find_if(devices.begin(), devices.end(), [&](const auto& io) { return io.device == name; });
  if (at != devices.end()) return *at;
  devices.emplace_back().device = name;
  return devices.back();
}

// Where a key of io.stat goes, or nullptr.
double* IoDestination(std::string_view key, CgroupValues::Io& io) {
  if (key == "rbytes") return &io.read_bytes;
  if (key == "wbytes") return &io.write_bytes;
  if (key == "rios") return &io.reads;
  if (key == "wios") return &io.writes;
  return nullptr;
}

}  // namespace

Status ParseFlatKeyed(std::string_view file, std::string_view text, std::span<const WantedKey> wanted) {
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    const std::string_view key = TakeField(rest);
    const auto at = std::find_if(wanted.begin(), wanted.end(), [&](const WantedKey& want) { return want.key == key; });
    if (at == wanted.end()) continue;
    std::uint64_t value = 0;
    if (!TakeUint(rest, value)) return MalformedLine(file, lines.number(), "a name and a number", lines.line());
    *at->value = static_cast<double>(value) / at->divide_by;
  }
  return {};
}

Result<std::uint64_t> ParseNumberFile(std::string_view file, std::string_view text) {
  std::uint64_t value = 0;
  const std::string_view line = TakeLine(text);
  if (!ParseUint(Trim(line), value)) return MalformedLine(file, 1, "a number", line);
  return value;
}

Result<std::optional<std::uint64_t>> ParseLimit(std::string_view file, std::string_view text) {
  const std::string_view word = Trim(text);
  if (word == "max" || word == "-1") return std::optional<std::uint64_t>();
  TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t value, ParseNumberFile(file, text));
  if (value >= kUnlimited) return std::optional<std::uint64_t>();
  return std::optional(value);
}

Result<CpuMax> ParseCpuMax(std::string_view text) {
  CpuMax max;
  const std::string_view line = TakeLine(text);
  std::string_view rest = line;
  const std::string_view quota = TakeField(rest);
  std::uint64_t value = 0;
  const bool has_quota = ParseUint(quota, value);
  if ((!has_quota && quota != "max") || !TakeUint(rest, max.period_us)) {
    return MalformedLine("cpu.max", 1, "max or a number, and a number", line);
  }
  if (has_quota) max.quota_us = value;
  return max;
}

Status ParseIoStat(std::string_view text, std::vector<CgroupValues::Io>& out) {
  out.clear();
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    const std::string_view device = TakeField(rest);
    if (device.find(':') == std::string_view::npos) {
      return MalformedLine("io.stat", lines.number(), "major:minor key=number ...", lines.line());
    }
    std::string_view pair = TakeField(rest);
    if (pair.empty()) continue;
    CgroupValues::Io& io = DeviceIn(out, device);
    for (; !pair.empty(); pair = TakeField(rest)) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      double* const destination = IoDestination(pair.substr(0, equals), io);
      if (destination == nullptr) continue;
      if (!ParseInteger(pair.substr(std::min(equals + 1, pair.size())), *destination)) {
        return MalformedLine("io.stat", lines.number(), "major:minor key=number ...", lines.line());
      }
    }
  }
  return {};
}

Status ParseBlkio(std::string_view file, std::string_view text, double CgroupValues::Io::* read,
                  double CgroupValues::Io::* write, std::vector<CgroupValues::Io>& out) {
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    const std::string_view device = TakeField(rest);
    if (device == "Total") continue;
    const std::string_view operation = TakeField(rest);
    double value = 0;
    if (device.find(':') == std::string_view::npos || !ParseInteger(TakeField(rest), value)) {
      return MalformedLine(file, lines.number(), "major:minor operation number", lines.line());
    }
    if (operation == "Read") DeviceIn(out, device).*read = value;
    if (operation == "Write") DeviceIn(out, device).*write = value;
  }
  return {};
}

Result<std::vector<CgroupPath>> ParseCgroupPaths(std::string_view text) {
  std::vector<CgroupPath> paths;
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    std::uint64_t id = 0;
    const bool has_id = ParseUint(TakeUntil(rest, ':'), id);
    const std::string_view controllers = TakeUntil(rest, ':');
    if (!has_id || !rest.starts_with('/')) {
      return MalformedLine("/proc/self/cgroup", lines.number(), "id:controllers:/path", lines.line());
    }
    paths.push_back({.controllers = std::string(controllers), .path = std::string(rest)});
  }
  return paths;
}

std::string PathOf(std::span<const CgroupPath> paths, std::string_view controller) {
  for (const CgroupPath& entry : paths) {
    const std::vector<std::string_view> names = Split(entry.controllers, ',');
    if (std::find(names.begin(), names.end(), controller) != names.end()) return entry.path;
  }
  return "/";
}

}  // namespace tickbird::samplers
