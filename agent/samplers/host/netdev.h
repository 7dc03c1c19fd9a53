#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// /proc/net/dev: the interfaces of our network namespace. Names are views into the text.
struct Netdev {
  /// The columns of the file, whose header has been the same since Linux 2.2.
  enum Field {
    kReceiveBytes,
    kReceivePackets,
    kReceiveErrs,
    kReceiveDrop,
    kReceiveFifo,
    kReceiveFrame,
    kReceiveCompressed,
    kReceiveMulticast,
    kTransmitBytes,
    kTransmitPackets,
    kTransmitErrs,
    kTransmitDrop,
    kTransmitFifo,
    kTransmitColls,
    kTransmitCarrier,
    kTransmitCompressed,
    kFields
  };
  struct Device {
    std::string_view name;
    std::array<std::uint64_t, kFields> values = {};
  };
  std::vector<Device> devices;
};

/// Fills `out`, whose memory is used again. kParse when the two header lines are missing, or at the first line that is
/// not "name: 16 numbers".
Status ParseNetdev(std::string_view text, Netdev& out);

/// node_network_{receive,transmit}_*_total{device} for devices that filters.network_exclude does not pick.
Result<std::unique_ptr<Collector>> MakeNetdevCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
