#include "agent/samplers/process/named_groups.h"

#include <string>

#include "agent/samplers/host/proc_stat.h"
#include "agent/samplers/process/process_table.h"

namespace tickbird::samplers {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

constexpr std::string_view kCpu = "namedprocess_namegroup_cpu_seconds_total";
constexpr std::string_view kCpuHelp = "Cpu user usage in seconds";
constexpr std::string_view kMemory = "namedprocess_namegroup_memory_bytes";
constexpr std::string_view kMemoryHelp = "number of bytes of memory in use";
constexpr std::string_view kStates = "namedprocess_namegroup_states";
constexpr std::string_view kStatesHelp = "Number of processes in states Running, Sleeping, Waiting, Zombie, or Other";
constexpr std::string_view kSwitches = "namedprocess_namegroup_context_switches_total";
constexpr std::string_view kSwitchesHelp = "Context switches";

enum : std::size_t {
  kProcesses,
  kUser,
  kSystem,
  kResident,
  kVirtual,
  kThreads,
  kMinorFaults,
  kMajorFaults,
  kOldestStart,
  kFirstState
};
constexpr Column kColumns[] = {
    {"namedprocess_namegroup_num_procs", kGauge, "number of processes in this group"},
    {kCpu, kCounter, kCpuHelp, {"mode", "user"}},
    {kCpu, kCounter, kCpuHelp, {"mode", "system"}},
    {kMemory, kGauge, kMemoryHelp, {"memtype", "resident"}},
    {kMemory, kGauge, kMemoryHelp, {"memtype", "virtual"}},
    {"namedprocess_namegroup_num_threads", kGauge, "Number of threads"},
    {"namedprocess_namegroup_minor_page_faults_total", kCounter, "Minor page faults"},
    {"namedprocess_namegroup_major_page_faults_total", kCounter, "Major page faults"},
    {"namedprocess_namegroup_oldest_start_time_seconds", kGauge,
     "start time in seconds since 1970/01/01 of oldest process in group"},
    {kStates, kGauge, kStatesHelp, {"state", "Running"}},
    {kStates, kGauge, kStatesHelp, {"state", "Sleeping"}},
    {kStates, kGauge, kStatesHelp, {"state", "Waiting"}},
    {kStates, kGauge, kStatesHelp, {"state", "Zombie"}},
    {kStates, kGauge, kStatesHelp, {"state", "Other"}},
};

enum : std::size_t { kRead, kWritten, kVoluntary, kInvoluntary, kOpenFiles, kWorstFdRatio, kSwapped, kPss, kSwapPss };
constexpr Column kDetailColumns[] = {
    {"namedprocess_namegroup_read_bytes_total", kCounter, "number of bytes read by this group"},
    {"namedprocess_namegroup_write_bytes_total", kCounter, "number of bytes written by this group"},
    {kSwitches, kCounter, kSwitchesHelp, {"ctxswitchtype", "voluntary"}},
    {kSwitches, kCounter, kSwitchesHelp, {"ctxswitchtype", "nonvoluntary"}},
    {"namedprocess_namegroup_open_filedesc", kGauge, "number of open file descriptors for this group"},
    {"namedprocess_namegroup_worst_fd_ratio", kGauge,
     "the worst (closest to 1) ratio between open fds and max fds among all procs in this group"},
    {kMemory, kGauge, kMemoryHelp, {"memtype", "swapped"}},
    {kMemory, kGauge, kMemoryHelp, {"memtype", "proportionalResident"}},
    {kMemory, kGauge, kMemoryHelp, {"memtype", "proportionalSwapped"}},
};

class NamedGroupsCollector final : public Collector {
 public:
  NamedGroupsCollector(const CollectorContext& context, GroupMatcher matcher)
      : Collector(context, context.options.process_groups.size()),
        options_(context.options),
        proc_stat_(context.proc_stat),
        processes_(options_.procfs, std::move(matcher), options_.process_groups.size(), options_.limits.processes),
        details_(context.identity, options_.process_groups.size()) {}

  std::uint64_t dropped() const override { return processes_.dropped(); }

 private:
  Status Collect(Batch& batch) override {
    if (options_.process_groups.empty()) return {};
    TICKBIRD_RETURN_IF_ERROR(proc_stat_->Refresh(batch));
    const bool is_slow_turn =
        !has_scanned_ || batch.now() >= next_scan_ || batch.now() < next_scan_ - options_.slow_every;
    if (is_slow_turn) {
      TICKBIRD_RETURN_IF_ERROR(processes_.StartScan());
      processes_.StartDetails();
      next_scan_ = batch.now() + options_.slow_every;
      has_scanned_ = true;
    }
    processes_.ContinueScan(batch.buffer());
    processes_.Refresh(batch.buffer());
    ForEachGroup(batch, table_, kColumns, &NamedGroupsCollector::Append);
    if (!processes_.ContinueDetails(batch.buffer())) return {};
    ForEachGroup(batch, details_, kDetailColumns, &NamedGroupsCollector::AppendDetails);
    details_.EndRound(batch);
    return {};
  }

  using AppendGroup = void (NamedGroupsCollector::*)(Batch& batch, Row& row, const GroupTotals& group) const;

  void ForEachGroup(Batch& batch, SeriesTable& table, std::span<const Column> columns, AppendGroup append) const {
    for (std::size_t i = 0; i < options_.process_groups.size(); ++i) {
      const std::string& name = options_.process_groups[i].name;
      Row* const row =
          table.Touch(batch, name, [&](RowBuilder& builder) { builder.Label("groupname", name).Add(columns); });
      if (row != nullptr) (this->*append)(batch, *row, processes_.groups()[i]);
    }
  }

  void Append(Batch& batch, Row& row, const GroupTotals& group) const {
    row.Set(batch, kProcesses, group.processes);
    row.Set(batch, kUser, group.user_ticks / kTicksPerSecond);
    row.Set(batch, kSystem, group.system_ticks / kTicksPerSecond);
    row.Set(batch, kResident, group.resident_pages * std::uint64_t{options_.page_size});
    row.Set(batch, kVirtual, group.virtual_bytes);
    row.Set(batch, kThreads, group.threads);
    row.Set(batch, kMinorFaults, group.minor_faults);
    row.Set(batch, kMajorFaults, group.major_faults);
    for (std::size_t state = 0; state < GroupTotals::kStates; ++state) {
      row.Set(batch, kFirstState + state, group.states[state]);
    }
    if (!group.oldest_start_ticks) return;
    const double boot = static_cast<double>(proc_stat_->stat().boot_time_seconds);
    row.Set(batch, kOldestStart, boot + static_cast<double>(*group.oldest_start_ticks) / kTicksPerSecond);
  }

  void AppendDetails(Batch& batch, Row& row, const GroupTotals& group) const {
    if (group.has_io) {
      row.Set(batch, kRead, group.read_bytes);
      row.Set(batch, kWritten, group.write_bytes);
    }
    row.Set(batch, kVoluntary, group.voluntary_switches);
    row.Set(batch, kInvoluntary, group.involuntary_switches);
    if (group.details.open_files) row.Set(batch, kOpenFiles, *group.details.open_files);
    if (group.details.worst_fd_ratio) row.Set(batch, kWorstFdRatio, *group.details.worst_fd_ratio);
    if (group.details.swap_bytes) row.Set(batch, kSwapped, *group.details.swap_bytes);
    if (group.details.pss_bytes) row.Set(batch, kPss, *group.details.pss_bytes);
    if (group.details.swap_pss_bytes) row.Set(batch, kSwapPss, *group.details.swap_pss_bytes);
  }

  const SamplerOptions& options_;
  std::shared_ptr<ProcStatFile> proc_stat_;
  ProcessTable processes_;
  SeriesTable details_;
  TimestampMs next_scan_ = 0;
  bool has_scanned_ = false;
};

}  // namespace

Result<std::unique_ptr<Collector>> MakeNamedGroupsCollector(const CollectorContext& context) {
  TICKBIRD_ASSIGN_OR_RETURN(GroupMatcher matcher, GroupMatcher::Create(context.options.process_groups));
  return std::make_unique<NamedGroupsCollector>(context, std::move(matcher));
}

}  // namespace tickbird::samplers
