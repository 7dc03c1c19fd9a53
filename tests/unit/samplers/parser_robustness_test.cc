// Every parser against every prefix of a good text and against thousands of damaged ones. What is asserted is that they
// return: the sanitizers see the rest.

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "agent/samplers/cgroup/parse.h"
#include "agent/samplers/filesystem/mounts.h"
#include "agent/samplers/host/diskstats.h"
#include "agent/samplers/host/filefd.h"
#include "agent/samplers/host/loadavg.h"
#include "agent/samplers/host/meminfo.h"
#include "agent/samplers/host/netdev.h"
#include "agent/samplers/host/netstat.h"
#include "agent/samplers/host/pressure.h"
#include "agent/samplers/host/proc_stat.h"
#include "agent/samplers/host/sockstat.h"
#include "agent/samplers/host/vmstat.h"
#include "agent/samplers/process/pid_files.h"

namespace tickbird::samplers {
namespace {

struct Parser {
  std::string name;
  std::string file;  // below tests/data/samplers
  std::function<bool(std::string_view)> parse;
};

template <class Out>
std::function<bool(std::string_view)> Into(Status (*parse)(std::string_view, Out&)) {
  return [parse](std::string_view text) {
    Out out;
    return parse(text, out).has_value();
  };
}

template <class T>
std::function<bool(std::string_view)> Of(Result<T> (*parse)(std::string_view)) {
  return [parse](std::string_view text) { return parse(text).has_value(); };
}

const std::vector<Parser>& Parsers() {
  static const std::vector<Parser> parsers = {
      {"ProcStat", "host/proc/stat", Into(ParseProcStat)},
      {"Meminfo", "host/proc/meminfo", Into(ParseMeminfo)},
      {"Vmstat", "host/proc/vmstat", Into(ParseVmstat)},
      {"Diskstats", "host/proc/diskstats", Into(ParseDiskstats)},
      {"Netdev", "host/proc/net/dev", Into(ParseNetdev)},
      {"Snmp6", "host/proc/net/snmp6", Into(ParseSnmp6)},
      {"Netstat", "host/proc/net/netstat",
       [](std::string_view text) {
         Netstat out;
         return ParseNetstat("netstat", text, out).has_value();
       }},
      {"Sockstat", "host/proc/net/sockstat", Into(ParseSockstat)},
      {"Loadavg", "host/proc/loadavg", Of(ParseLoadavg)},
      {"FileHandles", "host/proc/sys/fs/file-nr", Of(ParseFileHandles)},
      {"Pressure", "host/proc/pressure/io", Of(ParsePressure)},
      {"Mountinfo", "host/proc/self/mountinfo", Of(ParseMountinfo)},
      {"Mounts", "old_kernel/proc/self/mounts", Of(ParseMounts)},
      {"PidStat", "host/proc/self/stat", Of(ParsePidStat)},
      {"PidIo", "host/proc/self/io", Of(ParsePidIo)},
      {"PidStatus", "processes/proc/101/status", Of(ParsePidStatus)},
      {"PidSmaps", "host/proc/self/smaps_rollup", Of(ParsePidSmaps)},
      {"PidLimits", "host/proc/self/limits", Of(ParsePidLimits)},
      {"CgroupPaths", "container_v1/proc/self/cgroup", Of(ParseCgroupPaths)},
      {"CpuMax", "container_v2/cgroup/cpu.max", Of(ParseCpuMax)},
      {"IoStat", "container_v2/cgroup/io.stat", Into(ParseIoStat)},
      {"Limit", "container_v2/cgroup/memory.max",
       [](std::string_view text) { return ParseLimit("memory.max", text).has_value(); }},
      {"Blkio", "container_v1/cgroup/blkio/blkio.throttle.io_serviced",
       [](std::string_view text) {
         std::vector<CgroupValues::Io> io;
         return ParseBlkio("blkio", text, &CgroupValues::Io::reads, &CgroupValues::Io::writes, io).has_value();
       }},
  };
  return parsers;
}

class ParserRobustnessTest : public ::testing::TestWithParam<Parser> {
 protected:
  void SetUp() override {
    std::ifstream in("tests/data/samplers/" + GetParam().file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    good_ = text.str();
    ASSERT_FALSE(good_.empty());
  }
  // On the heap and of exactly this size, so that a byte read too many is seen.
  bool Parse(std::string_view text) const {
    const std::vector<char> copy(text.begin(), text.end());
    return GetParam().parse({copy.data(), copy.size()});
  }
  std::string good_;
};

TEST_P(ParserRobustnessTest, ReadsTheGoodTextWithAndWithoutItsLastNewline) {
  EXPECT_TRUE(Parse(good_));
  EXPECT_TRUE(Parse(std::string_view(good_).substr(0, good_.size() - 1)));
}

TEST_P(ParserRobustnessTest, ReturnsOnEveryPrefix) {
  for (std::size_t length = 0; length < good_.size(); ++length) Parse(std::string_view(good_).substr(0, length));
}

TEST_P(ParserRobustnessTest, ReturnsOnDamagedTexts) {
  constexpr std::string_view kBytes("\0\n \t:=()-9\xff", 11);
  std::uint32_t random = 12345;
  const auto next = [&random](std::size_t below) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % below;
  };
  for (int round = 0; round < 3000; ++round) {
    std::string text = good_;
    for (std::size_t edits = next(4) + 1; edits > 0; --edits) {
      const std::size_t at = next(text.size());
      switch (next(3)) {
        case 0:
          text[at] = kBytes[next(kBytes.size())];
          break;
        case 1:
          text.insert(at, next(24) + 1, kBytes[next(kBytes.size())]);
          break;
        default:
          text.erase(at, next(20) + 1);
      }
      if (text.empty()) text = "x";
    }
    Parse(text);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ParserRobustnessTest, ::testing::ValuesIn(Parsers()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tickbird::samplers
