#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/samplers/batch.h"
#include "agent/samplers/proc_file.h"
#include "core/base/result.h"

namespace tickbird::samplers {

/// /proc/stat (proc(5)). Times in ticks of 1/100 s, the unit of every Linux architecture's user interface.
struct ProcStat {
  enum Mode { kUser, kNice, kSystem, kIdle, kIowait, kIrq, kSoftirq, kSteal, kGuest, kGuestNice, kModes };
  struct Cpu {
    std::uint32_t id = 0;
    std::array<std::uint64_t, kModes> ticks = {};
  };
  std::vector<Cpu> cpus;  ///< in the file's order; CPUs that are offline are missing
  std::uint64_t interrupts = 0;
  std::uint64_t context_switches = 0;
  std::uint64_t forks = 0;
  std::uint64_t boot_time_seconds = 0;
  std::uint64_t procs_running = 0;
  std::uint64_t procs_blocked = 0;
};

inline constexpr double kTicksPerSecond = 100;
inline constexpr std::uint32_t kMaxCpuId = 65535;

/// Fills `out`, whose memory is used again. Modes that an old kernel does not have are 0; unknown lines are skipped.
/// kParse when a line that we know cannot be read, or when a needed one is missing.
Status ParseProcStat(std::string_view text, ProcStat& out);

/// The file, read once per round for all who ask.
class ProcStatFile {
 public:
  explicit ProcStatFile(const std::string& procfs) : file_(procfs + "/stat") {}

  Status Refresh(Batch& batch);
  /// What the last Refresh that went well has read.
  const ProcStat& stat() const { return stat_; }

 private:
  ProcFile file_;
  ProcStat stat_;
  Status status_;
  std::uint64_t round_ = 0;
};

}  // namespace tickbird::samplers
