#include "agent/samplers/host/stat.h"

#include "agent/samplers/host/proc_stat.h"

namespace tickbird::samplers {
namespace {

constexpr Column kColumns[] = {
    {"node_intr_total", MetricType::kCounter, "Total number of interrupts serviced."},
    {"node_context_switches_total", MetricType::kCounter, "Total number of context switches."},
    {"node_forks_total", MetricType::kCounter, "Total number of forks."},
    {"node_boot_time_seconds", MetricType::kGauge, "Node boot time, in unixtime."},
    {"node_procs_running", MetricType::kGauge, "Number of processes in runnable state."},
    {"node_procs_blocked", MetricType::kGauge, "Number of processes blocked waiting for I/O to complete."},
};

class StatCollector final : public Collector {
 public:
  explicit StatCollector(const CollectorContext& context) : Collector(context, 1), proc_stat_(context.proc_stat) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_RETURN_IF_ERROR(proc_stat_->Refresh(batch));
    const ProcStat& stat = proc_stat_->stat();
    Row& row = table_.Only(batch, kColumns);
    row.Set(batch, 0, stat.interrupts);
    row.Set(batch, 1, stat.context_switches);
    row.Set(batch, 2, stat.forks);
    row.Set(batch, 3, stat.boot_time_seconds);
    row.Set(batch, 4, stat.procs_running);
    row.Set(batch, 5, stat.procs_blocked);
    return {};
  }

  std::shared_ptr<ProcStatFile> proc_stat_;
};

}  // namespace

std::unique_ptr<Collector> MakeStatCollector(const CollectorContext& context) {
  return std::make_unique<StatCollector>(context);
}

}  // namespace tickbird::samplers
