// The promise that a sample in steady state allocates nothing: counted by replacing operator new in this binary.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "agent/samplers/host_sampler.h"
#include "tests/testing/float_appender.h"

namespace {

std::atomic<long> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace tickbird::samplers {
namespace {

class NullAppender final : public testing::FloatAppender {
 public:
  Result<SeriesRef> Append(SeriesRef ref, const Labels&, TimestampMs, double) override {
    ++appended;
    return ref != 0 ? ref : ++last_ref_;
  }
  void SetMetadata(std::string_view, const MetricMetadata&) override {}
  Status Commit() override { return {}; }
  void Rollback() override {}
  int appended = 0;

 private:
  SeriesRef last_ref_ = 0;
};

TEST(HostSamplerAllocation, ASampleInSteadyStateAllocatesNothing) {
  const FakeClock clock;
  SamplerOptions options;
  options.procfs = "tests/data/samplers/host/proc";
  options.cgroupfs = "tests/data/samplers/container_v2/cgroup";
  // What is read at every sample; `process` lists a directory, for which the C library allocates.
  options.collectors = {"cgroup",  "cpu",      "diskstats", "filefd", "loadavg", "meminfo", "netdev",
                        "netstat", "pressure", "sockstat",  "stat",   "time",    "vmstat"};
  auto sampler = HostSampler::Create(options, clock);
  ASSERT_TRUE(sampler);
  NullAppender appender;
  TimestampMs now = 0;
  for (int i = 0; i < 3; ++i) (*sampler)->Sample(now += 1000, appender);
  appender.appended = 0;
  const long before = allocations;
  (*sampler)->Sample(now += 1000, appender);
  EXPECT_EQ(allocations - before, 0);
  EXPECT_GT(appender.appended, 100);
}

}  // namespace
}  // namespace tickbird::samplers
