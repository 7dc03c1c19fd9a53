#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "agent/samplers/collector.h"
#include "agent/samplers/host/proc_stat.h"

namespace tickbird::samplers {

/// The CPU times that we report: never less than before, though the kernel's may step back.
class CpuTimes {
 public:
  /// The kernel's idle and iowait times waver by a tick or two; such steps back are ignored per mode. An idle time that
  /// falls by this much is a CPU that was taken out and put back: all its times start over. Source: node_exporter's cpu
  /// collector.
  static constexpr std::uint64_t kHotplugTicks = 300;

  const std::array<std::uint64_t, ProcStat::kModes>& Advance(const std::array<std::uint64_t, ProcStat::kModes>& ticks);

 private:
  std::array<std::uint64_t, ProcStat::kModes> ticks_ = {};
};

/// node_cpu_seconds_total{cpu,mode}, node_cpu_guest_seconds_total{cpu,mode} from /proc/stat.
std::unique_ptr<Collector> MakeCpuCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
