#include <algorithm>
#include <cmath>

#include "agent/samplers/cgroup/reader.h"

namespace tickbird::samplers {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

// Shares of v1 in place of v2's weight (1 to 10000), by cAdvisor's line through both ranges.
double SharesOfWeight(double weight) {
  return std::floor(2 + std::max(0.0, weight - 1) * 262142 / 9999);
}

class CgroupV2Reader final : public CgroupReader {
 public:
  CgroupV2Reader(const std::string& directory, std::string path)
      : directory_(directory),
        path_(std::move(path)),
        cpu_stat_(directory + "/cpu.stat"),
        cpu_max_(directory + "/cpu.max"),
        cpu_weight_(directory + "/cpu.weight"),
        memory_current_(directory + "/memory.current"),
        memory_stat_(directory + "/memory.stat"),
        memory_events_(directory + "/memory.events"),
        memory_max_(directory + "/memory.max"),
        memory_peak_(directory + "/memory.peak"),
        swap_current_(directory + "/memory.swap.current"),
        swap_max_(directory + "/memory.swap.max"),
        io_stat_(directory + "/io.stat"),
        pids_current_(directory + "/pids.current"),
        pids_max_(directory + "/pids.max"),
        pressure_(directory) {}

  const std::string& directory() const override { return directory_; }
  const std::string& PathIn(CgroupController) const override { return path_; }

  Status Read(const Reading& reading, CgroupValues& values) override {
    TICKBIRD_RETURN_IF_ERROR(ReadCpu(reading, values));
    TICKBIRD_RETURN_IF_ERROR(ReadMemory(reading, values));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(pids_current_, reading, values.tasks));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(pids_max_, reading, values.tasks_limit));
    const auto io = io_stat_.Read(reading.round, reading.buffer);
    if (io) TICKBIRD_RETURN_IF_ERROR(ParseIoStat(*io, values.io));
    return pressure_.Read(reading, values);
  }

 private:
  Status ReadCpu(const Reading& reading, CgroupValues& values) {
    const WantedKey wanted[] = {{"usage_usec", &values.cpu_usage_seconds, kMicrosecondsPerSecond},
                                {"user_usec", &values.cpu_user_seconds, kMicrosecondsPerSecond},
                                {"system_usec", &values.cpu_system_seconds, kMicrosecondsPerSecond},
                                {"nr_periods", &values.cpu_periods},
                                {"nr_throttled", &values.cpu_throttled_periods},
                                {"throttled_usec", &values.cpu_throttled_seconds, kMicrosecondsPerSecond}};
    TICKBIRD_RETURN_IF_ERROR(ReadKeyed(cpu_stat_, reading, wanted));
    const auto text = cpu_max_.Read(reading.round, reading.buffer);
    if (text) {
      TICKBIRD_ASSIGN_OR_RETURN(const CpuMax max, ParseCpuMax(*text));
      if (max.quota_us) values.cpu_quota_us = static_cast<double>(*max.quota_us);
      values.cpu_period_us = static_cast<double>(max.period_us);
    }
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(cpu_weight_, reading, values.cpu_shares));
    if (values.cpu_shares) values.cpu_shares = SharesOfWeight(*values.cpu_shares);
    return {};
  }

  Status ReadMemory(const Reading& reading, CgroupValues& values) {
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(memory_current_, reading, values.memory_usage_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(memory_peak_, reading, values.memory_max_usage_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(swap_current_, reading, values.memory_swap_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(memory_max_, reading, values.memory_limit_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(swap_max_, reading, values.memory_swap_limit_bytes));
    CgroupValues::Value inactive_file;
    const WantedKey wanted[] = {{"anon", &values.memory_rss_bytes},
                                {"file", &values.memory_cache_bytes},
                                {"file_mapped", &values.memory_mapped_file_bytes},
                                {"inactive_file", &inactive_file},
                                {"pgfault", &values.memory_page_faults},
                                {"pgmajfault", &values.memory_major_page_faults}};
    TICKBIRD_RETURN_IF_ERROR(ReadKeyed(memory_stat_, reading, wanted));
    values.memory_working_set_bytes = WorkingSet(values.memory_usage_bytes, inactive_file);
    const WantedKey events[] = {{"max", &values.memory_limit_hits}, {"oom_kill", &values.memory_oom_kills}};
    return ReadKeyed(memory_events_, reading, events);
  }

  std::string directory_;
  std::string path_;
  OptionalFile cpu_stat_;
  OptionalFile cpu_max_;
  OptionalFile cpu_weight_;
  OptionalFile memory_current_;
  OptionalFile memory_stat_;
  OptionalFile memory_events_;
  OptionalFile memory_max_;
  OptionalFile memory_peak_;
  OptionalFile swap_current_;
  OptionalFile swap_max_;
  OptionalFile io_stat_;
  OptionalFile pids_current_;
  OptionalFile pids_max_;
  PressureFiles pressure_;
};

}  // namespace

std::unique_ptr<CgroupReader> MakeCgroupV2Reader(const std::string& cgroupfs, std::span<const CgroupPath> paths) {
  const std::string path = PathOf(paths, "");
  return std::make_unique<CgroupV2Reader>(CgroupDirectory(cgroupfs, path), path);
}

}  // namespace tickbird::samplers
