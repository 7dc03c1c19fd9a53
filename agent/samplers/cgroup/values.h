#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tickbird::samplers {

/// What one cgroup says of itself, in the units of the metrics. Absent: the file or field is not there, or the limit is
/// "max". Filled by the readers of both layouts.
struct CgroupValues {
  using Value = std::optional<double>;

  Value cpu_usage_seconds;
  Value cpu_user_seconds;
  Value cpu_system_seconds;
  Value cpu_periods;
  Value cpu_throttled_periods;
  Value cpu_throttled_seconds;
  Value cpu_quota_us;
  Value cpu_period_us;
  Value cpu_shares;

  Value memory_usage_bytes;
  Value memory_working_set_bytes;  ///< usage without the file pages that are reclaimed first, not below 0, as kubelet
                                   ///< counts it
  Value memory_rss_bytes;
  Value memory_cache_bytes;
  Value memory_mapped_file_bytes;
  Value memory_swap_bytes;
  Value memory_max_usage_bytes;
  Value memory_limit_bytes;
  Value memory_swap_limit_bytes;
  Value memory_limit_hits;
  Value memory_page_faults;
  Value memory_major_page_faults;
  Value memory_oom_kills;

  Value tasks;
  Value tasks_limit;

  Value cpu_waiting_seconds;
  Value cpu_stalled_seconds;
  Value memory_waiting_seconds;
  Value memory_stalled_seconds;
  Value io_waiting_seconds;
  Value io_stalled_seconds;

  struct Io {
    std::string device;  ///< "major:minor"
    double read_bytes = 0;
    double write_bytes = 0;
    double reads = 0;
    double writes = 0;
  };
  std::vector<Io> io;
};

}  // namespace tickbird::samplers
