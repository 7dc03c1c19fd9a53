#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// The state of the interfaces that filters.network_exclude leaves, from /sys/class/net: node_network_{up,carrier,
/// carrier_changes_total,mtu_bytes,speed_bytes,transmit_queue_length,receive_nohandler_total}{device}. What an
/// interface does not know (the speed of a virtual one, the carrier of one that is down) has no series. Slow.
Result<std::unique_ptr<Collector>> MakeNetclassCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
