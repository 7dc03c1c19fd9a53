#include "agent/samplers/process/self.h"

#include <fcntl.h>

#include <string>

#include "agent/samplers/host/netstat.h"
#include "agent/samplers/host/proc_stat.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/process/pid_files.h"

namespace tickbird::samplers {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

// The same context with our own job.
CollectorContext AsTickbird(const CollectorContext& context) {
  return {.options = context.options,
          .identity = LabelsBuilder(context.identity).Set("job", "tickbird").Build(),
          .proc_stat = context.proc_stat};
}

enum : std::size_t { kCpu, kResident, kVirtual, kThreads, kStart, kOpenFds };
constexpr Column kColumns[] = {
    {"process_cpu_seconds_total", kCounter, "Total user and system CPU time spent in seconds."},
    {"process_resident_memory_bytes", kGauge, "Resident memory size in bytes."},
    {"process_virtual_memory_bytes", kGauge, "Virtual memory size in bytes."},
    {"process_threads", kGauge, "Number of OS threads in the process."},
    {"process_start_time_seconds", kGauge, "Start time of the process since unix epoch in seconds."},
    {"process_open_fds", kGauge, "Number of open file descriptors."},
};

class SelfCollector final : public Collector {
 public:
  explicit SelfCollector(const CollectorContext& context)
      : Collector(AsTickbird(context), 1),
        stat_(context.options.procfs + "/self/stat"),
        fd_directory_(context.options.procfs + "/self/fd"),
        page_bytes_(context.options.page_size),
        proc_stat_(context.proc_stat) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_RETURN_IF_ERROR(proc_stat_->Refresh(batch));
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, stat_.Read(batch.buffer()));
    TICKBIRD_ASSIGN_OR_RETURN(const PidStat stat, ParsePidStat(text));
    TICKBIRD_ASSIGN_OR_RETURN(const std::uint64_t open_files, CountOpenFiles(AT_FDCWD, fd_directory_.c_str()));
    Row& row = table_.Only(batch, kColumns);
    row.Set(batch, kCpu, static_cast<double>(stat.user_ticks + stat.system_ticks) / kTicksPerSecond);
    row.Set(batch, kResident, stat.resident_pages * page_bytes_);
    row.Set(batch, kVirtual, stat.virtual_bytes);
    row.Set(batch, kThreads, stat.threads);
    const double boot = static_cast<double>(proc_stat_->stat().boot_time_seconds);
    row.Set(batch, kStart, boot + static_cast<double>(stat.start_ticks) / kTicksPerSecond);
    row.Set(batch, kOpenFds, open_files);
    return {};
  }

  ProcFile stat_;
  std::string fd_directory_;
  std::uint64_t page_bytes_;
  std::shared_ptr<ProcStatFile> proc_stat_;
};

enum : std::size_t { kMaxFds, kMaxVirtual, kReceived, kTransmitted, kPss, kRead, kWritten };
constexpr Column kDetailColumns[] = {
    {"process_max_fds", kGauge, "Maximum number of open file descriptors."},
    {"process_virtual_memory_max_bytes", kGauge, "Maximum amount of virtual memory available in bytes."},
    {"process_network_receive_bytes_total", kCounter, "Number of bytes received by the process over the network."},
    {"process_network_transmit_bytes_total", kCounter, "Number of bytes sent by the process over the network."},
    {"process_proportional_memory_bytes", kGauge,
     "Resident memory size in bytes, memory shared with other processes counted in proportion (PSS)."},
    {"process_storage_read_bytes_total", kCounter, "Bytes that the process caused to be read from storage."},
    {"process_storage_written_bytes_total", kCounter, "Bytes that the process caused to be written to storage."},
};

class SelfDetailsCollector final : public Collector {
 public:
  explicit SelfDetailsCollector(const CollectorContext& context)
      : Collector(AsTickbird(context), 1), directory_(context.options.procfs + "/self/") {}

 private:
  // All but the limits may be forbidden or compiled out, and then have no series.
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, ReadOnce(directory_ + "limits", batch.buffer()));
    TICKBIRD_ASSIGN_OR_RETURN(const PidLimits limits, ParsePidLimits(text));
    Row& row = table_.Only(batch, kDetailColumns);
    if (limits.open_files) row.Set(batch, kMaxFds, *limits.open_files);
    if (limits.address_space_bytes) row.Set(batch, kMaxVirtual, *limits.address_space_bytes);
    TICKBIRD_RETURN_IF_ERROR(AppendNetwork(batch, row));
    const Result<std::string_view> smaps_text = ReadOnce(directory_ + "smaps_rollup", batch.buffer());
    if (smaps_text) {
      TICKBIRD_ASSIGN_OR_RETURN(const PidSmaps smaps, ParsePidSmaps(*smaps_text));
      row.Set(batch, kPss, smaps.pss_bytes);
    }
    const Result<std::string_view> io_text = ReadOnce(directory_ + "io", batch.buffer());
    if (io_text) {
      TICKBIRD_ASSIGN_OR_RETURN(const PidIo io, ParsePidIo(*io_text));
      row.Set(batch, kRead, io.read_bytes);
      row.Set(batch, kWritten, io.write_bytes);
    }
    return {};
  }

  // Of the whole network namespace, as the client libraries have it: the kernel does not count by process.
  Status AppendNetwork(Batch& batch, Row& row) {
    const Result<std::string_view> text = ReadOnce(directory_ + "net/netstat", batch.buffer());
    if (!text) return {};
    TICKBIRD_RETURN_IF_ERROR(ParseNetstat("/proc/self/net/netstat", *text, netstat_));
    for (const Netstat::Field& field : netstat_.fields) {
      if (field.protocol != "IpExt") continue;
      if (field.name == "InOctets") row.Set(batch, kReceived, field.value);
      if (field.name == "OutOctets") row.Set(batch, kTransmitted, field.value);
    }
    return {};
  }

  std::string directory_;
  Netstat netstat_;
};

}  // namespace

std::unique_ptr<Collector> MakeSelfCollector(const CollectorContext& context) {
  return std::make_unique<SelfCollector>(context);
}

std::unique_ptr<Collector> MakeSelfDetailsCollector(const CollectorContext& context) {
  return std::make_unique<SelfDetailsCollector>(context);
}

}  // namespace tickbird::samplers
