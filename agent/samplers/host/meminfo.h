#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// /proc/meminfo, all of its fields in their order.
struct Meminfo {
  struct Field {
    std::string_view name;  ///< as in the file: "MemTotal", "Active(anon)"; into the text
    std::uint64_t value = 0;
    bool is_bytes = false;  ///< had the unit kB; `value` is in bytes then
  };
  std::vector<Field> fields;
};

/// Fills `out`, whose memory is used again. kParse at the first line that is not "name: number [kB]", and for an empty
/// text.
Status ParseMeminfo(std::string_view text, Meminfo& out);

/// node_memory_<field>_bytes, and without the unit for fields that count (HugePages_Total). Parentheses become
/// underscores.
std::unique_ptr<Collector> MakeMeminfoCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
