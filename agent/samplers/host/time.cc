#include "agent/samplers/host/time.h"

namespace tickbird::samplers {
namespace {

constexpr Column kColumns[] = {
    {"node_time_seconds", MetricType::kGauge, "System time in seconds since epoch (1970)."},
};

class TimeCollector final : public Collector {
 public:
  explicit TimeCollector(const CollectorContext& context) : Collector(context, 1) {}

 private:
  Status Collect(Batch& batch) override {
    table_.Only(batch, kColumns).Set(batch, 0, static_cast<double>(batch.now()) / static_cast<double>(kSecondMs));
    return {};
  }
};

}  // namespace

std::unique_ptr<Collector> MakeTimeCollector(const CollectorContext& context) {
  return std::make_unique<TimeCollector>(context);
}

}  // namespace tickbird::samplers
