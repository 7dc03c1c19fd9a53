#include "agent/samplers/host_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/recording_appender.h"
#include "tests/unit/samplers/tree.h"

namespace tickbird::samplers {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kLo = "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
constexpr std::string_view kEth0 = "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
constexpr std::string_view kHeader = "a | b\nc | d\n";

class HostSamplerTest : public ::testing::Test {
 protected:
  void Create(std::vector<std::string> collectors) {
    SamplerOptions options = tree_.Options();
    options.collectors = std::move(collectors);
    options.slow_every = 5000;
    auto sampler = HostSampler::Create(options, clock_);
    ASSERT_TRUE(sampler) << sampler.error().message;
    sampler_ = std::move(*sampler);
  }

  // The lines of a sample `after_ms` later that hold `word`.
  std::vector<std::string> Sample(std::string_view word, DurationMs after_ms = 1000) {
    now_ += after_ms;
    appender_.Clear();
    sampler_->Sample(now_, appender_);
    std::vector<std::string> lines;
    for (const std::string& line : appender_.Lines()) {
      if (line.find(word) != std::string::npos) lines.push_back(line);
    }
    return lines;
  }

  Tree tree_;
  FakeClock clock_;
  std::unique_ptr<HostSampler> sampler_;
  tickbird::testing::RecordingAppender appender_;
  TimestampMs now_ = 1'700'000'000'000;
};

TEST_F(HostSamplerTest, UnknownCollectorIsNamedWithASuggestion) {
  SamplerOptions options = tree_.Options();
  options.collectors = {"cpu", "memnfo"};
  const auto sampler = HostSampler::Create(options, clock_);
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(sampler.error().message, "there is no collector \"memnfo\" (did you mean \"meminfo\"?)");
}

TEST_F(HostSamplerTest, BadExpressionsNameTheirSetting) {
  SamplerOptions options = tree_.Options();
  options.filters.disk_exclude = "sd(";
  EXPECT_THAT(HostSampler::Create(options, clock_).error().message,
              HasSubstr("disk_exclude: \"sd(\" is not a regular expression"));
}

TEST_F(HostSamplerTest, ADeviceAppearsAndVanishes) {
  tree_.Write("proc/net/dev", std::string(kHeader) + std::string(kLo));
  Create({"netdev"});
  EXPECT_THAT(Sample("receive_bytes"), ElementsAre(R"(node_network_receive_bytes_total{device="lo", job="node"} 1)"));
  tree_.Write("proc/net/dev", std::string(kHeader) + std::string(kLo) + std::string(kEth0));
  EXPECT_EQ(Sample("receive_bytes").size(), 2u);
  EXPECT_EQ(appender_.lookups_by_labels(), 16);
  tree_.Write("proc/net/dev", std::string(kHeader) + std::string(kEth0));
  EXPECT_THAT(Sample("receive_bytes"),
              ElementsAre(R"(node_network_receive_bytes_total{device="eth0", job="node"} 1)",
                          R"(node_network_receive_bytes_total{device="lo", job="node"} stale)"));
  EXPECT_EQ(Sample("receive_bytes").size(), 1u);
}

TEST_F(HostSamplerTest, AFailingCollectorEndsItsSeriesAndLeavesTheOthersAlone) {
  tree_.Write("proc/loadavg", "1 2 3 1/2 3\n");
  tree_.Write("proc/sys/fs/file-nr", "1 0 2\n");
  Create({"loadavg", "filefd"});
  EXPECT_THAT(Sample("node_load1{"), ElementsAre(R"(node_load1{job="node"} 1)"));
  tree_.Write("proc/loadavg", "1 2");
  EXPECT_THAT(Sample("node_"), Contains(R"(node_load1{job="node"} stale)"));
  EXPECT_THAT(appender_.Lines(), Contains(R"(node_filefd_allocated{job="node"} 1)"));
  EXPECT_THAT(appender_.Lines(), Contains(R"(node_scrape_collector_success{collector="loadavg", job="node"} 0)"));
  EXPECT_THAT(appender_.Lines(), Contains(R"(node_scrape_collector_success{collector="filefd", job="node"} 1)"));
  EXPECT_THAT(Sample("node_load1"), IsEmpty());
  tree_.Write("proc/loadavg", "4 5 6 1/2 3\n");
  EXPECT_THAT(Sample("node_load1{"), ElementsAre(R"(node_load1{job="node"} 4)"));

  const CollectorStats& stats = sampler_->stats().collectors[1];
  EXPECT_EQ(stats.name, "loadavg");
  EXPECT_EQ(stats.runs, 4u);
  EXPECT_EQ(stats.failures, 2u);
  EXPECT_TRUE(stats.last_success);
}

TEST_F(HostSamplerTest, AFileThatAppearsLaterIsFound) {
  Create({"loadavg"});
  EXPECT_THAT(Sample("node_load1"), IsEmpty());
  EXPECT_THAT(sampler_->stats().collectors[0].last_error, HasSubstr("loadavg"));
  tree_.Write("proc/loadavg", "1 2 3\n");
  EXPECT_EQ(Sample("node_load1{").size(), 1u);
}

TEST_F(HostSamplerTest, SlowCollectorsRunAtOnceAndThenEverySlowEvery) {
  tree_.Write("proc/sys/kernel/random/entropy_avail", "256\n");
  tree_.Write("proc/sys/kernel/random/poolsize", "256\n");
  Create({"entropy", "time"});
  int runs = 0;
  for (int tick = 0; tick < 150; ++tick) runs += Sample("node_entropy_available_bits", 100).empty() ? 0 : 1;
  // At the start, and three or four times in the 15 seconds after it.
  EXPECT_GE(runs, 4);
  EXPECT_LE(runs, 5);
  EXPECT_EQ(Sample("node_time_seconds").size(), 1u);
  EXPECT_THAT(Sample("node_entropy", 60'000), Not(IsEmpty()));
  EXPECT_THAT(Sample("node_entropy", -3'600'000), Not(IsEmpty()));  // the clock was set back
}

TEST_F(HostSamplerTest, SaysOnceWhatAFamilyIs) {
  tree_.Write("proc/net/dev", std::string(kHeader) + std::string(kLo) + std::string(kEth0));
  Create({"netdev"});
  Sample("");
  EXPECT_EQ(appender_.metadata_calls(), 16 + 2);
  Sample("");
  EXPECT_EQ(appender_.metadata_calls(), 0);
}

TEST_F(HostSamplerTest, DevicesOverTheLimitAreCounted) {
  std::string text(kHeader);
  for (int i = 0; i < 300; ++i) text += "veth" + std::to_string(i) + ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
  tree_.Write("proc/net/dev", text);
  Create({"netdev"});
  EXPECT_EQ(Sample("receive_bytes").size(), SamplerLimits().devices);
  EXPECT_EQ(sampler_->stats().collectors[0].dropped, 300 - SamplerLimits().devices);
}

TEST_F(HostSamplerTest, ReadsFilesLargerThanItsBuffer) {
  std::string text = "cpu0 1 2 3 4\nintr 7";
  text.append(100'000, ' ');
  text += "\nctxt 1\nbtime 5\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n";
  tree_.Write("proc/stat", text);
  Create({"stat"});
  EXPECT_THAT(Sample("node_boot_time"), ElementsAre(R"(node_boot_time_seconds{job="node"} 5)"));
}

TEST_F(HostSamplerTest, AnotherRootIsAskedForTheMountsOfProcessOne) {
  tree_.Write("proc/1/mountinfo", "1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n");
  SamplerOptions options = tree_.Options();
  options.collectors = {"filesystem"};
  options.rootfs = "/host";
  std::string asked;
  options.statvfs = [&asked](const char* path, struct statvfs&) {
    asked = path;
    return 5;
  };
  auto sampler = HostSampler::Create(options, clock_);
  ASSERT_TRUE(sampler);
  (*sampler)->Sample(now_, appender_);
  EXPECT_EQ(asked, "/host/data");
  EXPECT_THAT(
      appender_.Lines(),
      Contains(R"(node_filesystem_device_error{device="/dev/sda1", fstype="ext4", job="node", mountpoint="/data"} 1)"));
}

}  // namespace
}  // namespace tickbird::samplers
