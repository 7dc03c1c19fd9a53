#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// One line for each collector there is: adding one means its file pair and a line in registry.cc.
struct CollectorEntry {
  std::string_view name;  ///< node_exporter's where it has one; the label of node_scrape_collector_*
  bool is_slow;           ///< read every SamplerOptions::slow_every instead of at each sample
  Result<std::unique_ptr<Collector>> (*make)(const CollectorContext& context);
};

std::span<const CollectorEntry> AllCollectors();

}  // namespace tickbird::samplers
