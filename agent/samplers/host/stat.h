#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// node_intr_total, node_context_switches_total, node_forks_total, node_boot_time_seconds, node_procs_{running,blocked}
/// from /proc/stat. The uptime is node_time_seconds - node_boot_time_seconds.
std::unique_ptr<Collector> MakeStatCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
