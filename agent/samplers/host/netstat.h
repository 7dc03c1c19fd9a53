#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// Counters of the network stack from /proc/net/{netstat,snmp,snmp6}. Names are views into the text.
struct Netstat {
  struct Field {
    std::string_view protocol;  ///< "TcpExt", "Udp6"
    std::string_view name;      ///< "ListenDrops"
    double value = 0;
  };
  std::vector<Field> fields;
};

/// The form of netstat and snmp: a line of names and a line of values for each protocol. Fills `out`, whose memory is
/// used again. `file` names the text in errors. kParse at the first pair that does not match.
Status ParseNetstat(std::string_view file, std::string_view text, Netstat& out);
/// The form of snmp6: "Ip6InReceives 1". Lines whose name has no 6 are skipped, as node_exporter does.
Status ParseSnmp6(std::string_view text, Netstat& out);

/// node_netstat_<protocol>_<name>, untyped, for the names that filters.netstat_include picks. A host without IPv6 has
/// no snmp6.
Result<std::unique_ptr<Collector>> MakeNetstatCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
