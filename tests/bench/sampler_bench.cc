// What one sample of this host costs: CPU of this thread per HostSampler::Sample, into an Appender that only hands out
// references. Usage: sampler_bench [samples] [--each] (--each: every collector alone, too).

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/samplers/host_sampler.h"
#include "tests/testing/float_appender.h"

namespace tickbird {
namespace {

class CountingAppender final : public testing::FloatAppender {
 public:
  Result<SeriesRef> Append(SeriesRef ref, const Labels&, TimestampMs, double value) override {
    sum_ += value;
    ++appended_;
    return ref != 0 ? ref : ++last_ref_;
  }
  void SetMetadata(std::string_view, const MetricMetadata&) override {}
  Status Commit() override { return {}; }
  void Rollback() override {}
  std::uint64_t appended() const { return appended_; }

 private:
  SeriesRef last_ref_ = 0;
  std::uint64_t appended_ = 0;
  double sum_ = 0;
};

double ThreadCpuMicroseconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Cost {
  double mean_us = 0;
  double median_us = 0;
  double p99_us = 0;
  double worst_us = 0;
  double series = 0;
};

Cost Measure(const samplers::SamplerOptions& options, int samples, DurationMs interval) {
  const SystemClock clock;
  auto sampler = samplers::HostSampler::Create(options, clock);
  if (!sampler) {
    std::fprintf(stderr, "%s\n", sampler.error().ToString().c_str());
    std::exit(1);
  }
  CountingAppender appender;
  TimestampMs now = 1'700'000'000'000;
  (*sampler)->Sample(now, appender);  // opens files, makes series
  const std::uint64_t before = appender.appended();
  std::vector<double> costs;
  for (int i = 0; i < samples; ++i) {
    now += interval;  // as if the interval had passed: slow collectors run when they are due
    const double start = ThreadCpuMicroseconds();
    (*sampler)->Sample(now, appender);
    costs.push_back(ThreadCpuMicroseconds() - start);
  }
  std::sort(costs.begin(), costs.end());
  Cost cost;
  for (const double each : costs) cost.mean_us += each / static_cast<double>(costs.size());
  cost.median_us = costs[costs.size() / 2];
  cost.p99_us = costs[costs.size() * 99 / 100];
  cost.worst_us = costs.back();
  cost.series = static_cast<double>(appender.appended() - before) / samples;
  return cost;
}

void Report(const char* what, const Cost& cost) {
  std::printf("%-34s %8.1f us mean %8.1f median %8.1f p99 %8.1f worst  %6.1f values/sample\n", what, cost.mean_us,
              cost.median_us, cost.p99_us, cost.worst_us, cost.series);
}

int Main(int argc, char** argv) {
  int samples = 2000;
  bool each = false;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--each") {
      each = true;
    } else {
      samples = std::max(1, std::atoi(argv[i]));
    }
  }
  samplers::SamplerOptions options;
  Report("all collectors, every 1 s", Measure(options, samples, kSecondMs));
  Report("all collectors, every 100 ms", Measure(options, samples, 100));
  samplers::SamplerOptions with_groups = options;
  with_groups.process_groups = {{.name = "shells", .patterns = {"bash|sh"}}, {.name = "all", .patterns = {".*"}}};
  Report("with every process in a group", Measure(with_groups, samples, kSecondMs));
  if (each) {
    for (const std::string_view name : samplers::CollectorNames()) {
      samplers::SamplerOptions one = options;
      one.collectors = {std::string(name)};
      one.slow_every = 0;
      Report(std::string(name).c_str(), Measure(one, samples / 4 + 1, kSecondMs));
    }
  }
  return 0;
}

}  // namespace
}  // namespace tickbird

int main(int argc, char** argv) {
  return tickbird::Main(argc, argv);
}
