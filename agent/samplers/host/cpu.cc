#include "agent/samplers/host/cpu.h"

#include <fmt/core.h>

#include <iterator>
#include <vector>

namespace tickbird::samplers {
namespace {

constexpr std::string_view kSeconds = "node_cpu_seconds_total";
constexpr std::string_view kSecondsHelp = "Seconds the CPUs spent in each mode.";
constexpr std::string_view kGuest = "node_cpu_guest_seconds_total";
constexpr std::string_view kGuestHelp = "Seconds the CPUs spent in guests (VMs) for each mode.";

// In the order of ProcStat::Mode.
constexpr Column kColumns[] = {
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "user"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "nice"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "system"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "idle"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "iowait"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "irq"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "softirq"}},
    {kSeconds, MetricType::kCounter, kSecondsHelp, {"mode", "steal"}},
    {kGuest, MetricType::kCounter, kGuestHelp, {"mode", "user"}},
    {kGuest, MetricType::kCounter, kGuestHelp, {"mode", "nice"}},
};
static_assert(std::size(kColumns) == ProcStat::kModes);

class CpuCollector final : public Collector {
 public:
  explicit CpuCollector(const CollectorContext& context)
      : Collector(context, context.options.limits.cpus), proc_stat_(context.proc_stat) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_RETURN_IF_ERROR(proc_stat_->Refresh(batch));
    for (const ProcStat::Cpu& cpu : proc_stat_->stat().cpus) Append(batch, cpu);
    return {};
  }

  void Append(Batch& batch, const ProcStat::Cpu& cpu) {
    char id[8];
    const auto end = fmt::format_to_n(id, sizeof id, "{}", cpu.id);
    const std::string_view key(id, end.size);
    Row* const row = table_.Touch(batch, key, [&](RowBuilder& builder) { builder.Label("cpu", key).Add(kColumns); });
    if (row == nullptr) return;
    if (times_.size() <= cpu.id) times_.resize(cpu.id + 1);
    const auto& ticks = times_[cpu.id].Advance(cpu.ticks);
    for (std::size_t mode = 0; mode < ProcStat::kModes; ++mode) {
      row->Set(batch, mode, static_cast<double>(ticks[mode]) / kTicksPerSecond);
    }
  }

  std::shared_ptr<ProcStatFile> proc_stat_;
  std::vector<CpuTimes> times_;  // by CPU number
};

}  // namespace

const std::array<std::uint64_t, ProcStat::kModes>& CpuTimes::Advance(
    const std::array<std::uint64_t, ProcStat::kModes>& ticks) {
  if (ticks[ProcStat::kIdle] + kHotplugTicks <= ticks_[ProcStat::kIdle]) ticks_ = {};
  for (std::size_t mode = 0; mode < ProcStat::kModes; ++mode) ticks_[mode] = std::max(ticks_[mode], ticks[mode]);
  return ticks_;
}

std::unique_ptr<Collector> MakeCpuCollector(const CollectorContext& context) {
  return std::make_unique<CpuCollector>(context);
}

}  // namespace tickbird::samplers
