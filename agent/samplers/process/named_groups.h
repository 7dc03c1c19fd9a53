#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// namedprocess_namegroup_* {groupname} of SamplerOptions::process_groups, under process-exporter's names. Nothing is
/// read when there are no groups.
///
/// At each sample: num_procs (0 for a group that has no process now), cpu_seconds_total{mode},
/// memory_bytes{memtype="resident"| "virtual"}, num_threads, {minor,major}_page_faults_total, states{state},
/// oldest_start_time_seconds. Every slow_every, with a search for new processes: {read,write}_bytes_total,
/// context_switches_total{ctxswitchtype}, open_filedesc, worst_fd_ratio, and
/// memory_bytes{memtype="swapped"|"proportionalResident"|"proportionalSwapped"}.
Result<std::unique_ptr<Collector>> MakeNamedGroupsCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
