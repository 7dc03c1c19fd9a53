#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// /proc/net/sockstat and sockstat6: "TCP: inuse 1 orphan 0". Names are views into the text.
struct Sockstat {
  struct Field {
    std::string_view protocol;  ///< "TCP", "UDP6", "sockets"
    std::string_view name;      ///< "inuse"
    std::uint64_t value = 0;
  };
  std::vector<Field> fields;
};

/// Fills `out`, whose memory is used again. kParse at the first line that is not "protocol: name number ...".
Status ParseSockstat(std::string_view text, Sockstat& out);

/// node_sockstat_<protocol>_<name>; a field `mem`, which counts pages, is given as `mem_bytes` too. The files of a
/// protocol that the kernel does not have are missing, which is no error.
std::unique_ptr<Collector> MakeSockstatCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
