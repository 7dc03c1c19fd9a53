#include "agent/samplers/process/pid_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <utility>

#include "agent/samplers/text.h"
#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

// Field numbers of proc(5) after the command; the state is number 3.
enum StatField {
  kMinorFaults = 10,
  kMajorFaults = 12,
  kUser = 14,
  kSystem = 15,
  kThreads = 20,
  kStart = 22,
  kVirtual = 23,
  kResident = 24
};
constexpr int kFirstNumber = 4;

// Where field `number` goes, or nullptr.
std::uint64_t* Destination(int number, PidStat& stat) {
  switch (number) {
    case kMinorFaults:
      return &stat.minor_faults;
    case kMajorFaults:
      return &stat.major_faults;
    case kUser:
      return &stat.user_ticks;
    case kSystem:
      return &stat.system_ticks;
    case kThreads:
      return &stat.threads;
    case kStart:
      return &stat.start_ticks;
    case kVirtual:
      return &stat.virtual_bytes;
    case kResident:
      return &stat.resident_pages;
    default:
      return nullptr;
  }
}

// A line "key: number [kB]" and where its number goes.
struct WantedLine {
  std::string_view key;
  std::uint64_t* value;
  std::uint64_t multiply_by = 1;
  bool is_found = false;
};

// Reads the wanted lines of a text of "key: value" lines; says whether all that are there can be read.
template <std::size_t n>
Status ParseKeyLines(std::string_view file, std::string_view text, WantedLine (&wanted)[n]) {
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    const std::string_view key = TakeUntil(rest, ':');
    for (WantedLine& want : wanted) {
      if (want.key != key) continue;
      if (!TakeUint(rest, *want.value)) return MalformedLine(file, lines.number(), "a name and a number", lines.line());
      *want.value *= want.multiply_by;
      want.is_found = true;
    }
  }
  return {};
}

Error Missing(std::string_view file, std::string_view key) {
  return {.code = ErrorCode::kParse, .message = std::string(file) + " has no line " + std::string(key)};
}

// The soft limit of a line of limits; nothing for "unlimited".
bool ParseSoftLimit(std::string_view rest, std::optional<std::uint64_t>& limit) {
  const std::string_view word = TakeField(rest);
  if (word == "unlimited") return true;
  std::uint64_t value = 0;
  if (!ParseUint(word, value)) return false;
  limit = value;
  return true;
}

bool IsOnProcfs(int directory_fd) {
  struct statfs info = {};
  return fstatfs(directory_fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

Result<PidStat> ParsePidStat(std::string_view text) {
  PidStat stat;
  // A command may hold anything, parentheses, blanks and newlines too: the last parenthesis ends it.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return MalformedLine("/proc/pid/stat", 1, "pid (command) state and 22 numbers", text);
  }
  stat.command = text.substr(open + 1, close - open - 1);
  std::string_view rest = Trim(text.substr(close + 1));
  const std::string_view state = TakeField(rest);
  bool is_good = state.size() == 1;
  if (is_good) stat.state = state.front();
  for (int number = kFirstNumber; is_good && number <= kResident; ++number) {
    const std::string_view field = TakeField(rest);
    std::uint64_t* const destination = Destination(number, stat);
    is_good = destination != nullptr ? ParseUint(field, *destination) : !field.empty();
  }
  if (!is_good) return MalformedLine("/proc/pid/stat", 1, "pid (command) state and 22 numbers", text);
  return stat;
}

Result<PidIo> ParsePidIo(std::string_view text) {
  PidIo io;
  WantedLine wanted[] = {{"read_bytes", &io.read_bytes}, {"write_bytes", &io.write_bytes}};
  TICKBIRD_RETURN_IF_ERROR(ParseKeyLines("/proc/pid/io", text, wanted));
  if (!wanted[0].is_found || !wanted[1].is_found) return Missing("/proc/pid/io", "read_bytes or write_bytes");
  return io;
}

Result<PidStatus> ParsePidStatus(std::string_view text) {
  PidStatus status;
  WantedLine wanted[] = {{"VmSwap", &status.swap_bytes, kKibibyte},
                         {"voluntary_ctxt_switches", &status.voluntary_switches},
                         {"nonvoluntary_ctxt_switches", &status.involuntary_switches}};
  TICKBIRD_RETURN_IF_ERROR(ParseKeyLines("/proc/pid/status", text, wanted));
  if (!wanted[1].is_found) return Missing("/proc/pid/status", "voluntary_ctxt_switches");
  return status;
}

Result<PidSmaps> ParsePidSmaps(std::string_view text) {
  PidSmaps smaps;
  WantedLine wanted[] = {{"Pss", &smaps.pss_bytes, kKibibyte}, {"SwapPss", &smaps.swap_pss_bytes, kKibibyte}};
  TICKBIRD_RETURN_IF_ERROR(ParseKeyLines("/proc/pid/smaps_rollup", text, wanted));
  if (!text.empty() && !wanted[0].is_found) return Missing("/proc/pid/smaps_rollup", "Pss");
  return smaps;
}

Result<PidLimits> ParsePidLimits(std::string_view text) {
  constexpr std::string_view kOpenFiles = "Max open files";
  constexpr std::string_view kAddressSpace = "Max address space";
  PidLimits limits;
  bool has_open_files = false;
  for (Lines lines(text); lines.Next();) {
    const std::string_view line = lines.line();
    bool is_good = true;
    if (line.starts_with(kOpenFiles)) {
      has_open_files = true;
      is_good = ParseSoftLimit(line.substr(kOpenFiles.size()), limits.open_files);
    } else if (line.starts_with(kAddressSpace)) {
      is_good = ParseSoftLimit(line.substr(kAddressSpace.size()), limits.address_space_bytes);
    }
    if (!is_good) return MalformedLine("/proc/pid/limits", lines.number(), "a name and a soft limit", line);
  }
  if (!has_open_files) return Missing("/proc/pid/limits", kOpenFiles);
  return limits;
}

Result<std::uint64_t> CountOpenFiles(int directory_fd, const char* name) {
  const int fd = openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(errno, std::string("open ") + name);
  struct stat status = {};
  if (fstat(fd, &status) == 0 && status.st_size > 0 && IsOnProcfs(fd)) {
    close(fd);
    return static_cast<std::uint64_t>(status.st_size);
  }
  DIR* const directory = fdopendir(fd);
  if (directory == nullptr) {
    close(fd);
    return ErrnoError(errno, std::string("list ") + name);
  }
  std::uint64_t count = 0;
  while (const dirent* const entry = readdir(directory)) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

}  // namespace tickbird::samplers
