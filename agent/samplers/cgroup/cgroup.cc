#include "agent/samplers/cgroup/cgroup.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "agent/samplers/cgroup/reader.h"
#include "agent/samplers/host/proc_stat.h"
#include "agent/samplers/process/pid_files.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

using enum CgroupController;

struct ContainerMetric {
  std::optional<double> CgroupValues::* value;
  CgroupController controller;
  Column column;
};
// cAdvisor's names and help texts; the order is the order of the rows.
constexpr ContainerMetric kMetrics[] = {
    {&CgroupValues::cpu_usage_seconds,
     kCpu,
     {"container_cpu_usage_seconds_total", kCounter, "Cumulative cpu time consumed in seconds.", {"cpu", "total"}}},
    {&CgroupValues::cpu_user_seconds,
     kCpu,
     {"container_cpu_user_seconds_total", kCounter, "Cumulative user cpu time consumed in seconds."}},
    {&CgroupValues::cpu_system_seconds,
     kCpu,
     {"container_cpu_system_seconds_total", kCounter, "Cumulative system cpu time consumed in seconds."}},
    {&CgroupValues::cpu_periods,
     kCpu,
     {"container_cpu_cfs_periods_total", kCounter, "Number of elapsed enforcement period intervals."}},
    {&CgroupValues::cpu_throttled_periods,
     kCpu,
     {"container_cpu_cfs_throttled_periods_total", kCounter, "Number of throttled period intervals."}},
    {&CgroupValues::cpu_throttled_seconds,
     kCpu,
     {"container_cpu_cfs_throttled_seconds_total", kCounter, "Total time duration the container has been throttled."}},
    {&CgroupValues::cpu_quota_us, kCpu, {"container_spec_cpu_quota", kGauge, "CPU quota of the container."}},
    {&CgroupValues::cpu_period_us, kCpu, {"container_spec_cpu_period", kGauge, "CPU period of the container."}},
    {&CgroupValues::cpu_shares, kCpu, {"container_spec_cpu_shares", kGauge, "CPU share of the container."}},
    {&CgroupValues::memory_usage_bytes,
     kMemory,
     {"container_memory_usage_bytes", kGauge,
      "Current memory usage in bytes, including all memory regardless of when it was accessed"}},
    {&CgroupValues::memory_working_set_bytes,
     kMemory,
     {"container_memory_working_set_bytes", kGauge, "Current working set in bytes."}},
    {&CgroupValues::memory_rss_bytes, kMemory, {"container_memory_rss", kGauge, "Size of RSS in bytes."}},
    {&CgroupValues::memory_cache_bytes,
     kMemory,
     {"container_memory_cache", kGauge, "Number of bytes of page cache memory."}},
    {&CgroupValues::memory_mapped_file_bytes,
     kMemory,
     {"container_memory_mapped_file", kGauge, "Size of memory mapped files in bytes."}},
    {&CgroupValues::memory_swap_bytes, kMemory, {"container_memory_swap", kGauge, "Container swap usage in bytes."}},
    {&CgroupValues::memory_max_usage_bytes,
     kMemory,
     {"container_memory_max_usage_bytes", kGauge, "Maximum memory usage recorded in bytes"}},
    {&CgroupValues::memory_limit_bytes,
     kMemory,
     {"container_spec_memory_limit_bytes", kGauge, "Memory limit for the container."}},
    {&CgroupValues::memory_swap_limit_bytes,
     kMemory,
     {"container_spec_memory_swap_limit_bytes", kGauge, "Memory swap limit for the container."}},
    {&CgroupValues::memory_limit_hits,
     kMemory,
     {"container_memory_failcnt", kCounter, "Number of memory usage hits limits"}},
    {&CgroupValues::memory_page_faults,
     kMemory,
     {"container_memory_failures_total",
      kCounter,
      "Cumulative count of memory allocation failures.",
      {"failure_type", "pgfault"},
      {"scope", "hierarchy"}}},
    {&CgroupValues::memory_major_page_faults,
     kMemory,
     {"container_memory_failures_total",
      kCounter,
      "Cumulative count of memory allocation failures.",
      {"failure_type", "pgmajfault"},
      {"scope", "hierarchy"}}},
    {&CgroupValues::memory_oom_kills,
     kMemory,
     {"container_oom_events_total", kCounter, "Count of out of memory events observed for the container"}},
    {&CgroupValues::tasks, kTasks, {"container_threads", kGauge, "Number of threads running inside the container"}},
    {&CgroupValues::tasks_limit,
     kTasks,
     {"container_threads_max", kGauge, "Maximum number of threads allowed inside the container"}},
    {&CgroupValues::cpu_waiting_seconds,
     kPressure,
     {"container_pressure_cpu_waiting_seconds_total", kCounter,
      "Total time duration tasks in the container have waited due to CPU congestion."}},
    {&CgroupValues::cpu_stalled_seconds,
     kPressure,
     {"container_pressure_cpu_stalled_seconds_total", kCounter,
      "Total time duration no tasks in the container could make progress due to CPU congestion."}},
    {&CgroupValues::memory_waiting_seconds,
     kPressure,
     {"container_pressure_memory_waiting_seconds_total", kCounter,
      "Total time duration tasks in the container have waited due to memory congestion."}},
    {&CgroupValues::memory_stalled_seconds,
     kPressure,
     {"container_pressure_memory_stalled_seconds_total", kCounter,
      "Total time duration no tasks in the container could make progress due to memory congestion."}},
    {&CgroupValues::io_waiting_seconds,
     kPressure,
     {"container_pressure_io_waiting_seconds_total", kCounter,
      "Total time duration tasks in the container have waited due to IO congestion."}},
    {&CgroupValues::io_stalled_seconds,
     kPressure,
     {"container_pressure_io_stalled_seconds_total", kCounter,
      "Total time duration no tasks in the container could make progress due to IO congestion."}},
};

constexpr Column kLastSeen = {"container_last_seen", kGauge, "Last time a container was seen by the exporter"};

enum : std::size_t { kReadBytes, kWriteBytes, kReads, kWrites };
constexpr Column kIoColumns[] = {
    {"container_fs_reads_bytes_total", kCounter, "Cumulative count of bytes read"},
    {"container_fs_writes_bytes_total", kCounter, "Cumulative count of bytes written"},
    {"container_fs_reads_total", kCounter, "Cumulative count of reads completed"},
    {"container_fs_writes_total", kCounter, "Cumulative count of writes completed"},
};

// The cgroup of this process, found once and again when its files are gone: a service manager may move us.
class OwnCgroup {
 public:
  explicit OwnCgroup(const SamplerOptions& options) : options_(options) {}

  Result<CgroupReader*> Find(ReadBuffer& buffer) {
    if (!reader_) {
      TICKBIRD_ASSIGN_OR_RETURN(reader_, FindOwnCgroup(options_.procfs, options_.cgroupfs, buffer));
    }
    return reader_.get();
  }
  void Forget() { reader_.reset(); }

  void AddLabels(CgroupController controller, RowBuilder& builder) const {
    const ContainerIdentity& who = options_.container;
    builder.Label("container", who.container).Label("pod", who.pod).Label("namespace", who.namespace_name);
    builder.Label("image", who.image)
        .Label("name", who.name)
        .Label("id", who.id.empty() ? reader_->PathIn(controller) : who.id);
  }

 private:
  const SamplerOptions& options_;
  std::unique_ptr<CgroupReader> reader_;
};

// "/dev/vda" for "254:0", or what there is.
std::string DeviceName(const std::string& sysfs, const std::string& numbers) {
  char target[512];
  const ssize_t length = readlink((sysfs + "/dev/block/" + numbers).c_str(), target, sizeof target);
  if (length <= 0) return numbers;
  const std::string_view path(target, static_cast<std::size_t>(length));
  return "/dev/" + std::string(path.substr(path.rfind('/') + 1));
}

class CgroupCollector final : public Collector {
 public:
  explicit CgroupCollector(const CollectorContext& context)
      : Collector(context, std::size(kMetrics) + 1 + context.options.limits.devices),
        sysfs_(context.options.sysfs),
        cgroup_(context.options) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(CgroupReader * reader, cgroup_.Find(batch.buffer()));
    ClearValues();
    TICKBIRD_RETURN_IF_ERROR(reader->Read({.round = batch.round(), .buffer = batch.buffer()}, values_));
    if (AppendValues(batch) == 0) {
      cgroup_.Forget();
      return Error{.code = ErrorCode::kNotFound,
                   .message = "no cgroup file below " + reader->directory() + " can be read"};
    }
    for (const CgroupValues::Io& io : values_.io) AppendIo(batch, io);
    Row* const row =
        table_.Touch(batch, kLastSeen.name, [&](RowBuilder& builder) { Build(kLastSeen, kMemory, builder); });
    if (row != nullptr) row->Set(batch, 0, static_cast<double>(batch.now()) / static_cast<double>(kSecondMs));
    return {};
  }

  // Keeps the list's memory.
  void ClearValues() {
    std::vector<CgroupValues::Io> io = std::move(values_.io);
    io.clear();
    values_ = {};
    values_.io = std::move(io);
  }

  std::size_t AppendValues(Batch& batch) {
    std::size_t appended = 0;
    for (std::size_t i = 0; i < std::size(kMetrics); ++i) {
      const std::optional<double>& value = values_.*kMetrics[i].value;
      if (!value) continue;
      // Its place in the table is key enough, and differs from every "major:minor".
      const char key[] = {static_cast<char>('0' + i)};
      Row* const row = table_.Touch(batch, std::string_view(key, 1), [&](RowBuilder& builder) {
        Build(kMetrics[i].column, kMetrics[i].controller, builder);
      });
      if (row == nullptr) continue;
      row->Set(batch, 0, *value);
      ++appended;
    }
    return appended;
  }

  void AppendIo(Batch& batch, const CgroupValues::Io& io) {
    Row* const row = table_.Touch(batch, io.device, [&](RowBuilder& builder) {
      cgroup_.AddLabels(kIo, builder);
      builder.Label("device", DeviceName(sysfs_, io.device)).Add(kIoColumns);
    });
    if (row == nullptr) return;
    row->Set(batch, kReadBytes, io.read_bytes);
    row->Set(batch, kWriteBytes, io.write_bytes);
    row->Set(batch, kReads, io.reads);
    row->Set(batch, kWrites, io.writes);
  }

  void Build(const Column& column, CgroupController controller, RowBuilder& builder) const {
    cgroup_.AddLabels(controller, builder);
    builder.Add(column);
  }

  std::string sysfs_;
  OwnCgroup cgroup_;
  CgroupValues values_;
};

constexpr Column kProcessColumns[] = {
    {"container_processes", kGauge, "Number of processes running inside the container."},
    {"container_start_time_seconds", kGauge, "Start time of the container since unix epoch in seconds."},
};

class CgroupProcessesCollector final : public Collector {
 public:
  explicit CgroupProcessesCollector(const CollectorContext& context)
      : Collector(context, 1),
        procfs_(context.options.procfs),
        cgroup_(context.options),
        proc_stat_(context.proc_stat) {}

 private:
  // The oldest process is among the first of the list, save for what was moved in later.
  static constexpr std::size_t kPidsLookedAt = 16;

  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(CgroupReader * reader, cgroup_.Find(batch.buffer()));
    const Result<std::string_view> text = ReadOnce(reader->directory() + "/cgroup.procs", batch.buffer());
    if (!text) {
      cgroup_.Forget();
      return text.error();
    }
    TICKBIRD_ASSIGN_OR_RETURN(const std::size_t count, ParsePids(*text));
    Row* const row = table_.Touch(batch, {}, [&](RowBuilder& builder) {
      cgroup_.AddLabels(kMemory, builder);
      builder.Add(kProcessColumns);
    });
    row->Set(batch, 0, std::uint64_t{count});
    TICKBIRD_RETURN_IF_ERROR(proc_stat_->Refresh(batch));
    const std::optional<double> start = OldestStart(batch);
    if (start) row->Set(batch, 1, *start);
    return {};
  }

  // Remembers the first few and counts all.
  Result<std::size_t> ParsePids(std::string_view text) {
    pids_.clear();
    std::size_t count = 0;
    for (Lines lines(text); lines.Next(); ++count) {
      std::uint64_t pid = 0;
      if (!ParseUint(lines.line(), pid)) return MalformedLine("cgroup.procs", lines.number(), "a number", lines.line());
      if (pids_.size() < kPidsLookedAt) pids_.push_back(pid);
    }
    return count;
  }

  std::optional<double> OldestStart(Batch& batch) const {
    std::optional<double> oldest;
    for (const std::uint64_t pid : pids_) {
      const Result<std::string_view> text = ReadOnce(procfs_ + "/" + std::to_string(pid) + "/stat", batch.buffer());
      if (!text) continue;  // it has ended, or is outside of what our PID namespace shows
      const Result<PidStat> stat = ParsePidStat(*text);
      if (!stat) continue;
      const double start = static_cast<double>(proc_stat_->stat().boot_time_seconds) +
                           static_cast<double>(stat->start_ticks) / kTicksPerSecond;
      oldest = std::min(oldest.value_or(start), start);
    }
    return oldest;
  }

  std::string procfs_;
  OwnCgroup cgroup_;
  std::shared_ptr<ProcStatFile> proc_stat_;
  std::vector<std::uint64_t> pids_;
};

}  // namespace

std::unique_ptr<Collector> MakeCgroupCollector(const CollectorContext& context) {
  return std::make_unique<CgroupCollector>(context);
}

std::unique_ptr<Collector> MakeCgroupProcessesCollector(const CollectorContext& context) {
  return std::make_unique<CgroupProcessesCollector>(context);
}

}  // namespace tickbird::samplers
