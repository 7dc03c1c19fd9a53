#include "agent/samplers/host/loadavg.h"

#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr Column kColumns[] = {
    {"node_load1", MetricType::kGauge, "1m load average."},
    {"node_load5", MetricType::kGauge, "5m load average."},
    {"node_load15", MetricType::kGauge, "15m load average."},
};

class LoadavgCollector final : public Collector {
 public:
  explicit LoadavgCollector(const CollectorContext& context)
      : Collector(context, 1), file_(context.options.procfs + "/loadavg") {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file_.Read(batch.buffer()));
    TICKBIRD_ASSIGN_OR_RETURN(const Loadavg load, ParseLoadavg(text));
    Row& row = table_.Only(batch, kColumns);
    row.Set(batch, 0, load.one_minute);
    row.Set(batch, 1, load.five_minutes);
    row.Set(batch, 2, load.fifteen_minutes);
    return {};
  }

  ProcFile file_;
};

}  // namespace

Result<Loadavg> ParseLoadavg(std::string_view text) {
  Loadavg load;
  const std::string_view line = TakeLine(text);
  std::string_view rest = line;
  for (double* const value : {&load.one_minute, &load.five_minutes, &load.fifteen_minutes}) {
    if (!ParseFraction(TakeField(rest), *value)) return MalformedLine("/proc/loadavg", 1, "three numbers", line);
  }
  return load;
}

std::unique_ptr<Collector> MakeLoadavgCollector(const CollectorContext& context) {
  return std::make_unique<LoadavgCollector>(context);
}

}  // namespace tickbird::samplers
