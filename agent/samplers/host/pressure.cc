#include "agent/samplers/host/pressure.h"

#include <string>

#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr double kMicrosecondsPerSecond = 1e6;
constexpr MetricType kCounter = MetricType::kCounter;

enum : std::size_t { kCpuWaiting, kIoWaiting, kIoStalled, kMemoryWaiting, kMemoryStalled };
constexpr Column kColumns[] = {
    {"node_pressure_cpu_waiting_seconds_total", kCounter,
     "Total time in seconds that processes have waited for CPU time"},
    {"node_pressure_io_waiting_seconds_total", kCounter,
     "Total time in seconds that processes have waited due to IO congestion"},
    {"node_pressure_io_stalled_seconds_total", kCounter,
     "Total time in seconds no process could make progress due to IO congestion"},
    {"node_pressure_memory_waiting_seconds_total", kCounter,
     "Total time in seconds that processes have waited for memory"},
    {"node_pressure_memory_stalled_seconds_total", kCounter,
     "Total time in seconds no process could make progress due to memory congestion"},
};
constexpr Column kIrqColumn = {"node_pressure_irq_stalled_seconds_total", kCounter,
                               "Total time in seconds no process could make progress due to IRQ congestion"};

double Seconds(std::uint64_t microseconds) {
  return static_cast<double>(microseconds) / kMicrosecondsPerSecond;
}

class PressureCollector final : public Collector {
 public:
  explicit PressureCollector(const CollectorContext& context)
      : Collector(context, 2),
        cpu_(context.options.procfs + "/pressure/cpu"),
        io_(context.options.procfs + "/pressure/io"),
        memory_(context.options.procfs + "/pressure/memory"),
        irq_(context.options.procfs + "/pressure/irq") {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const Pressure cpu, Read(cpu_, batch));
    TICKBIRD_ASSIGN_OR_RETURN(const Pressure io, Read(io_, batch));
    TICKBIRD_ASSIGN_OR_RETURN(const Pressure memory, Read(memory_, batch));
    Row* const row = table_.Touch(batch, "all", [](RowBuilder& builder) { builder.Add(kColumns); });
    row->Set(batch, kCpuWaiting, Seconds(cpu.some_us));
    row->Set(batch, kIoWaiting, Seconds(io.some_us));
    row->Set(batch, kIoStalled, Seconds(io.full_us.value_or(0)));
    row->Set(batch, kMemoryWaiting, Seconds(memory.some_us));
    row->Set(batch, kMemoryStalled, Seconds(memory.full_us.value_or(0)));
    return CollectIrq(batch);
  }

  // Linux 6.1 with CONFIG_IRQ_TIME_ACCOUNTING.
  Status CollectIrq(Batch& batch) {
    const std::optional<std::string_view> text = irq_.Read(batch.round(), batch.buffer());
    if (!text) return {};
    TICKBIRD_ASSIGN_OR_RETURN(const Pressure irq, ParsePressure(*text));
    Row* const row = table_.Touch(batch, "irq", [](RowBuilder& builder) { builder.Add(kIrqColumn); });
    row->Set(batch, 0, Seconds(irq.full_us.value_or(0)));
    return {};
  }

  static Result<Pressure> Read(ProcFile& file, Batch& batch) {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file.Read(batch.buffer()));
    Result<Pressure> pressure = ParsePressure(text);
    if (!pressure) return WithContext(file.path(), pressure.error());
    return pressure;
  }

  ProcFile cpu_;
  ProcFile io_;
  ProcFile memory_;
  OptionalFile irq_;
};

}  // namespace

Result<Pressure> ParsePressure(std::string_view text) {
  constexpr std::string_view kTotal = "total=";
  Pressure pressure;
  bool has_any = false;
  for (Lines lines(text); lines.Next();) {
    const std::string_view line = lines.line();
    const std::size_t at = line.find(kTotal);
    std::uint64_t total = 0;
    if (at == std::string_view::npos || !ParseUint(line.substr(at + kTotal.size()), total)) {
      return MalformedLine("pressure", lines.number(), "some or full with total=microseconds", line);
    }
    if (line.starts_with("some ")) {
      pressure.some_us = total;
    } else if (line.starts_with("full ")) {
      pressure.full_us = total;
    } else {
      return MalformedLine("pressure", lines.number(), "some or full with total=microseconds", line);
    }
    has_any = true;
  }
  if (!has_any) return Error{.code = ErrorCode::kParse, .message = "pressure file is empty"};
  return pressure;
}

std::unique_ptr<Collector> MakePressureCollector(const CollectorContext& context) {
  return std::make_unique<PressureCollector>(context);
}

}  // namespace tickbird::samplers
