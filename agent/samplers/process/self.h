#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// This process, as the client libraries name it, with job="tickbird": process_cpu_seconds_total,
/// process_resident_memory_bytes, process_virtual_memory_bytes, process_threads, process_start_time_seconds,
/// process_open_fds.
std::unique_ptr<Collector> MakeSelfCollector(const CollectorContext& context);

/// What costs more or hardly changes: process_max_fds, process_virtual_memory_max_bytes,
/// process_network_{receive,transmit}_ bytes_total, and under names of our own process_proportional_memory_bytes (PSS)
/// and process_storage_{read,written}_bytes_total. Slow.
std::unique_ptr<Collector> MakeSelfDetailsCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
