#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

/// The files of /proc/<pid> (proc(5)).
namespace tickbird::samplers {

/// stat. Times in ticks of 1/100 s.
struct PidStat {
  std::string_view command;  ///< without its parentheses; into the text
  char state = '?';
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since boot; with the pid it names a process for good
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
Result<PidStat> ParsePidStat(std::string_view text);

/// io: what went to and came from storage.
struct PidIo {
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
};
Result<PidIo> ParsePidIo(std::string_view text);

/// status. Kernel threads and zombies have no VmSwap.
struct PidStatus {
  std::uint64_t swap_bytes = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
};
Result<PidStatus> ParsePidStatus(std::string_view text);

/// smaps_rollup: memory shared with others counted in proportion. All zero for a process without memory.
struct PidSmaps {
  std::uint64_t pss_bytes = 0;
  std::uint64_t swap_pss_bytes = 0;
};
Result<PidSmaps> ParsePidSmaps(std::string_view text);

/// limits, the soft ones; nothing for "unlimited".
struct PidLimits {
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> address_space_bytes;
};
Result<PidLimits> ParsePidLimits(std::string_view text);

/// How many entries the directory has: of /proc/<pid>/fd, the open files. On procfs since Linux 6.2 without listing it.
Result<std::uint64_t> CountOpenFiles(int directory_fd, const char* name);

}  // namespace tickbird::samplers
