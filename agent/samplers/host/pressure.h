#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// Pressure stall information of one resource (Documentation/accounting/psi.rst), of the host or of a cgroup:
/// microseconds in which some task, and in which all tasks, waited for it.
struct Pressure {
  std::uint64_t some_us = 0;
  std::optional<std::uint64_t> full_us;  ///< a host's cpu file has none before Linux 5.13
};

/// kParse when there is no readable "some" line, or when a "full" line cannot be read. The irq file has "full" only:
/// some_us is 0 then.
Result<Pressure> ParsePressure(std::string_view text);

/// node_pressure_{cpu_waiting,io_waiting,io_stalled,memory_waiting,memory_stalled,irq_stalled}_seconds_total. kNotFound
/// when the kernel was built or started without PSI.
std::unique_ptr<Collector> MakePressureCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
