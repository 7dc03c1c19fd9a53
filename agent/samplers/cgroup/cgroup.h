#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// container_* of the cgroup that this process runs in, under cAdvisor's names: CPU and throttling, memory, I/O, tasks,
/// limits, pressure, OOM kills. On a plain host that is the cgroup of the session or service; in a container, the
/// container. A limit that is not set has no series (cAdvisor writes 0). v1 and v2; see reader.h.
std::unique_ptr<Collector> MakeCgroupCollector(const CollectorContext& context);

/// container_processes and container_start_time_seconds, from the cgroup's list of processes. Slow.
std::unique_ptr<Collector> MakeCgroupProcessesCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
