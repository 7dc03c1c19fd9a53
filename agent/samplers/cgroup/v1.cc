#include <array>

#include "agent/samplers/cgroup/reader.h"
#include "agent/samplers/host/proc_stat.h"

namespace tickbird::samplers {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;

class CgroupV1Reader final : public CgroupReader {
 public:
  struct Directories {
    std::string cpu;
    std::string cpuacct;
    std::string memory;
    std::string blkio;
    std::string pids;
    std::string unified;
  };
  /// The paths of our cgroup by CgroupController.
  using Paths = std::array<std::string, 5>;

  CgroupV1Reader(const Directories& at, Paths paths)
      : directory_(at.memory),
        paths_(std::move(paths)),
        cpu_stat_(at.cpu + "/cpu.stat"),
        cpu_quota_(at.cpu + "/cpu.cfs_quota_us"),
        cpu_period_(at.cpu + "/cpu.cfs_period_us"),
        cpu_shares_(at.cpu + "/cpu.shares"),
        cpuacct_usage_(at.cpuacct + "/cpuacct.usage"),
        cpuacct_stat_(at.cpuacct + "/cpuacct.stat"),
        memory_usage_(at.memory + "/memory.usage_in_bytes"),
        memory_max_usage_(at.memory + "/memory.max_usage_in_bytes"),
        memory_limit_(at.memory + "/memory.limit_in_bytes"),
        memory_swap_limit_(at.memory + "/memory.memsw.limit_in_bytes"),
        memory_failcnt_(at.memory + "/memory.failcnt"),
        memory_stat_(at.memory + "/memory.stat"),
        memory_oom_control_(at.memory + "/memory.oom_control"),
        io_bytes_(at.blkio + "/blkio.throttle.io_service_bytes"),
        io_operations_(at.blkio + "/blkio.throttle.io_serviced"),
        pids_current_(at.pids + "/pids.current"),
        pids_max_(at.pids + "/pids.max"),
        pressure_(at.unified) {}

  const std::string& directory() const override { return directory_; }
  const std::string& PathIn(CgroupController controller) const override {
    return paths_[static_cast<std::size_t>(controller)];
  }

  Status Read(const Reading& reading, CgroupValues& values) override {
    TICKBIRD_RETURN_IF_ERROR(ReadCpu(reading, values));
    TICKBIRD_RETURN_IF_ERROR(ReadMemory(reading, values));
    TICKBIRD_RETURN_IF_ERROR(ReadIo(reading, values));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(pids_current_, reading, values.tasks));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(pids_max_, reading, values.tasks_limit));
    return pressure_.Read(reading, values);
  }

 private:
  Status ReadCpu(const Reading& reading, CgroupValues& values) {
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(cpuacct_usage_, reading, values.cpu_usage_seconds, kNanosecondsPerSecond));
    const WantedKey modes[] = {{"user", &values.cpu_user_seconds, kTicksPerSecond},
                               {"system", &values.cpu_system_seconds, kTicksPerSecond}};
    TICKBIRD_RETURN_IF_ERROR(ReadKeyed(cpuacct_stat_, reading, modes));
    const WantedKey throttling[] = {{"nr_periods", &values.cpu_periods},
                                    {"nr_throttled", &values.cpu_throttled_periods},
                                    {"throttled_time", &values.cpu_throttled_seconds, kNanosecondsPerSecond}};
    TICKBIRD_RETURN_IF_ERROR(ReadKeyed(cpu_stat_, reading, throttling));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(cpu_quota_, reading, values.cpu_quota_us));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(cpu_period_, reading, values.cpu_period_us));
    return ReadNumber(cpu_shares_, reading, values.cpu_shares);
  }

  Status ReadMemory(const Reading& reading, CgroupValues& values) {
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(memory_usage_, reading, values.memory_usage_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(memory_max_usage_, reading, values.memory_max_usage_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadNumber(memory_failcnt_, reading, values.memory_limit_hits));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(memory_limit_, reading, values.memory_limit_bytes));
    TICKBIRD_RETURN_IF_ERROR(ReadLimit(memory_swap_limit_, reading, values.memory_swap_limit_bytes));
    // total_: with the groups below it, as usage_in_bytes counts.
    CgroupValues::Value inactive_file;
    const WantedKey wanted[] = {{"total_rss", &values.memory_rss_bytes},
                                {"total_cache", &values.memory_cache_bytes},
                                {"total_mapped_file", &values.memory_mapped_file_bytes},
                                {"total_swap", &values.memory_swap_bytes},
                                {"total_inactive_file", &inactive_file},
                                {"total_pgfault", &values.memory_page_faults},
                                {"total_pgmajfault", &values.memory_major_page_faults}};
    TICKBIRD_RETURN_IF_ERROR(ReadKeyed(memory_stat_, reading, wanted));
    values.memory_working_set_bytes = WorkingSet(values.memory_usage_bytes, inactive_file);
    const WantedKey oom[] = {{"oom_kill", &values.memory_oom_kills}};
    return ReadKeyed(memory_oom_control_, reading, oom);
  }

  Status ReadIo(const Reading& reading, CgroupValues& values) {
    using Io = CgroupValues::Io;
    const auto bytes = io_bytes_.Read(reading.round, reading.buffer);
    if (bytes) {
      TICKBIRD_RETURN_IF_ERROR(ParseBlkio(io_bytes_.path(), *bytes, &Io::read_bytes, &Io::write_bytes, values.io));
    }
    const auto operations = io_operations_.Read(reading.round, reading.buffer);
    if (!operations) return {};
    return ParseBlkio(io_operations_.path(), *operations, &Io::reads, &Io::writes, values.io);
  }

  std::string directory_;
  Paths paths_;
  OptionalFile cpu_stat_;
  OptionalFile cpu_quota_;
  OptionalFile cpu_period_;
  OptionalFile cpu_shares_;
  OptionalFile cpuacct_usage_;
  OptionalFile cpuacct_stat_;
  OptionalFile memory_usage_;
  OptionalFile memory_max_usage_;
  OptionalFile memory_limit_;
  OptionalFile memory_swap_limit_;
  OptionalFile memory_failcnt_;
  OptionalFile memory_stat_;
  OptionalFile memory_oom_control_;
  OptionalFile io_bytes_;
  OptionalFile io_operations_;
  OptionalFile pids_current_;
  OptionalFile pids_max_;
  PressureFiles pressure_;
};

}  // namespace

std::unique_ptr<CgroupReader> MakeCgroupV1Reader(const std::string& cgroupfs, std::span<const CgroupPath> paths) {
  const auto directory_of = [&](const std::string& controller) {
    return CgroupDirectory(cgroupfs + "/" + controller, PathOf(paths, controller));
  };
  return std::make_unique<CgroupV1Reader>(
      CgroupV1Reader::Directories{.cpu = directory_of("cpu"),
                                  .cpuacct = directory_of("cpuacct"),
                                  .memory = directory_of("memory"),
                                  .blkio = directory_of("blkio"),
                                  .pids = directory_of("pids"),
                                  .unified = CgroupDirectory(cgroupfs + "/unified", PathOf(paths, ""))},
      CgroupV1Reader::Paths{PathOf(paths, "cpu"), PathOf(paths, "memory"), PathOf(paths, "blkio"),
                            PathOf(paths, "pids"), PathOf(paths, "")});
}

}  // namespace tickbird::samplers
