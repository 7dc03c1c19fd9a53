#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// /proc/diskstats (Documentation/admin-guide/iostats.rst). Names are views into the text.
struct Diskstats {
  enum Field {
    kReads,
    kReadsMerged,
    kSectorsRead,
    kReadMs,
    kWrites,
    kWritesMerged,
    kSectorsWritten,
    kWriteMs,
    kInFlight,
    kIoMs,
    kWeightedMs,
    kDiscards,
    kDiscardsMerged,
    kSectorsDiscarded,
    kDiscardMs,
    kFlushes,
    kFlushMs,
    kFields
  };
  /// Fields before Linux 4.18 (discards) and 5.5 (flushes).
  static constexpr std::size_t kFieldsOfOldestKernel = kDiscards;

  struct Device {
    std::string_view name;
    std::array<std::uint64_t, kFields> values = {};
    std::size_t field_count = 0;  ///< 11, 15 or 17
  };
  std::vector<Device> devices;
};

/// Fills `out`, whose memory is used again. A host without block devices has an empty file. kParse at the first other
/// line.
Status ParseDiskstats(std::string_view text, Diskstats& out);

/// node_disk_*{device} for devices that filters.disk_exclude does not pick.
Result<std::unique_ptr<Collector>> MakeDiskstatsCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
