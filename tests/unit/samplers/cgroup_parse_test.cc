#include "agent/samplers/cgroup/parse.h"

#include <gtest/gtest.h>

namespace tickbird::samplers {
namespace {

TEST(ParseLimit, MaxAndItsOldSpellingsAreNoLimit) {
  for (const char* const text : {"max\n", "-1\n", "9223372036854771712\n", "18446744073709551615\n"}) {
    const auto limit = ParseLimit("f", text);
    ASSERT_TRUE(limit) << text;
    EXPECT_FALSE(*limit) << text;
  }
  EXPECT_EQ(ParseLimit("f", "0\n").value(), 0u);
  EXPECT_EQ(ParseLimit("f", "536870912\n").value(), 536870912u);
  for (const char* const text : {"", "\n", "many\n", "1.5\n", "99999999999999999999999\n"}) {
    EXPECT_FALSE(ParseLimit("f", text)) << text;
  }
}

TEST(ParseCpuMax, ReadsQuotaAndPeriod) {
  EXPECT_EQ(ParseCpuMax("50000 100000\n")->quota_us, 50000u);
  EXPECT_FALSE(ParseCpuMax("max 100000\n")->quota_us);
  EXPECT_EQ(ParseCpuMax("max 100000\n")->period_us, 100000u);
  for (const char* const text : {"", "max", "50000", "x 1"}) EXPECT_FALSE(ParseCpuMax(text)) << text;
}

TEST(ParseFlatKeyed, TakesWantedKeysAndSkipsOthersUnread) {
  CgroupValues::Value seconds;
  CgroupValues::Value missing;
  const WantedKey wanted[] = {{"usage_usec", &seconds, 1e6}, {"missing", &missing}};
  EXPECT_TRUE(ParseFlatKeyed("cpu.stat", "other words here\nusage_usec 1500000\n", wanted));
  EXPECT_EQ(seconds, 1.5);
  EXPECT_FALSE(missing);
  const auto bad = ParseFlatKeyed("cpu.stat", "usage_usec x\n", wanted);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "cpu.stat line 1: expected a name and a number, got \"usage_usec x\"");
}

TEST(ParseIoStat, SkipsDevicesWithoutCountersAndUnknownKeys) {
  std::vector<CgroupValues::Io> io;
  ASSERT_TRUE(ParseIoStat("254:16 \n8:0 rbytes=1 wbytes=2 rios=3 wios=4 cost.usage=x\n", io));
  ASSERT_EQ(io.size(), 1u);
  EXPECT_EQ(io[0].device, "8:0");
  EXPECT_EQ(io[0].writes, 4);
  EXPECT_FALSE(ParseIoStat("nonsense\n", io));
  EXPECT_FALSE(ParseIoStat("8:0 rbytes\n", io));
}

TEST(ParseCgroupPaths, FindsPathsByController) {
  const auto paths = ParseCgroupPaths("5:cpu,cpuacct:/a:b\n1:name=systemd:/s\n0::/u\n");
  ASSERT_TRUE(paths);
  EXPECT_EQ(PathOf(*paths, "cpuacct"), "/a:b");
  EXPECT_EQ(PathOf(*paths, ""), "/u");
  EXPECT_EQ(PathOf(*paths, "memory"), "/");
  for (const char* const text : {"x", "1:cpu", "1:cpu:relative", "::/a"}) EXPECT_FALSE(ParseCgroupPaths(text)) << text;
}

}  // namespace
}  // namespace tickbird::samplers
