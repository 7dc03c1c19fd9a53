#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// node_time_seconds: the time of the sample.
std::unique_ptr<Collector> MakeTimeCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
