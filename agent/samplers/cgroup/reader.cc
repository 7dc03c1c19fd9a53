#include "agent/samplers/cgroup/reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "agent/samplers/host/pressure.h"

namespace tickbird::samplers {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

bool IsDirectory(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Status ReadPressure(OptionalFile& file, const Reading& reading, CgroupValues::Value& waiting,
                    CgroupValues::Value& stalled) {
  const std::optional<std::string_view> text = file.Read(reading.round, reading.buffer);
  if (!text) return {};
  const Result<Pressure> pressure = ParsePressure(*text);
  if (!pressure) return WithContext(file.path(), pressure.error());
  waiting = static_cast<double>(pressure->some_us) / kMicrosecondsPerSecond;
  if (pressure->full_us) stalled = static_cast<double>(*pressure->full_us) / kMicrosecondsPerSecond;
  return {};
}

}  // namespace

Status ReadNumber(OptionalFile& file, const Reading& reading, CgroupValues::Value& value, double divide_by) {
  const std::optional<std::string_view> text = file.Read(reading.round, reading.buffer);
  if (!text) return {};
  TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t number, ParseNumberFile(file.path(), *text));
  value = static_cast<double>(number) / divide_by;
  return {};
}

Status ReadLimit(OptionalFile& file, const Reading& reading, CgroupValues::Value& value) {
  const std::optional<std::string_view> text = file.Read(reading.round, reading.buffer);
  if (!text) return {};
  TICKBIRD_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> limit, ParseLimit(file.path(), *text));
  if (limit) value = static_cast<double>(*limit);
  return {};
}

Status ReadKeyed(OptionalFile& file, const Reading& reading, std::span<const WantedKey> wanted) {
  const std::optional<std::string_view> text = file.Read(reading.round, reading.buffer);
  if (!text) return {};
  return ParseFlatKeyed(file.path(), *text, wanted);
}

PressureFiles::PressureFiles(const std::string& directory)
    : cpu_(directory + "/cpu.pressure"), memory_(directory + "/memory.pressure"), io_(directory + "/io.pressure") {}

Status PressureFiles::Read(const Reading& reading, CgroupValues& values) {
  TICKBIRD_RETURN_IF_ERROR(ReadPressure(cpu_, reading, values.cpu_waiting_seconds, values.cpu_stalled_seconds));
  TICKBIRD_RETURN_IF_ERROR(
      ReadPressure(memory_, reading, values.memory_waiting_seconds, values.memory_stalled_seconds));
  return ReadPressure(io_, reading, values.io_waiting_seconds, values.io_stalled_seconds);
}

CgroupValues::Value WorkingSet(const CgroupValues::Value& usage, const CgroupValues::Value& inactive_file) {
  if (!usage || !inactive_file) return std::nullopt;
  return std::max(0.0, *usage - *inactive_file);
}

std::string CgroupDirectory(const std::string& root, const std::string& path) {
  // "/../x": outside of what our cgroup namespace shows.
  if (path == "/" || path.starts_with("/..")) return root;
  std::string directory = root + path;
  return IsDirectory(directory) ? directory : root;
}

Result<std::unique_ptr<CgroupReader>> FindOwnCgroup(const std::string& procfs, const std::string& cgroupfs,
                                                    ReadBuffer& buffer) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, ReadOnce(procfs + "/self/cgroup", buffer));
  TICKBIRD_ASSIGN_OR_RETURN(const std::vector<CgroupPath> paths, ParseCgroupPaths(text));
  const bool is_unified = access((cgroupfs + "/cgroup.controllers").c_str(), F_OK) == 0;
  if (is_unified) return MakeCgroupV2Reader(cgroupfs, paths);
  for (const char* const controller : {"memory", "cpuacct", "pids"}) {
    if (IsDirectory(cgroupfs + "/" + controller)) return MakeCgroupV1Reader(cgroupfs, paths);
  }
  return Error{.code = ErrorCode::kNotFound, .message = cgroupfs + " holds no cgroup hierarchy that we know"};
}

}  // namespace tickbird::samplers
