#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

// Collectors whose source is a few files of one number each.

/// node_nf_conntrack_entries, node_nf_conntrack_entries_limit. kNotFound where the module is not loaded.
std::unique_ptr<Collector> MakeConntrackCollector(const CollectorContext& context);

/// node_entropy_available_bits, node_entropy_pool_size_bits.
std::unique_ptr<Collector> MakeEntropyCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
