#pragma once

#include <memory>
#include <string_view>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

struct Loadavg {
  double one_minute = 0;
  double five_minutes = 0;
  double fifteen_minutes = 0;
};

/// /proc/loadavg. kParse unless it starts with three numbers.
Result<Loadavg> ParseLoadavg(std::string_view text);

/// node_load1, node_load5, node_load15.
std::unique_ptr<Collector> MakeLoadavgCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
