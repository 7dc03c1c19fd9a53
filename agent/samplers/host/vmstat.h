#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// /proc/vmstat, all of its fields in their order; the names are views into the text.
struct Vmstat {
  struct Field {
    std::string_view name;
    double value = 0;
  };
  std::vector<Field> fields;
};

/// Fills `out`, whose memory is used again. kParse at the first line that is not "name number", and for an empty text.
Status ParseVmstat(std::string_view text, Vmstat& out);

/// node_vmstat_<field>, untyped, for the fields that filters.vmstat_include picks.
Result<std::unique_ptr<Collector>> MakeVmstatCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
