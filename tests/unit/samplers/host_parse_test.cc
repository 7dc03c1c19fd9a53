#include <gtest/gtest.h>

#include <string>

#include "agent/samplers/host/cpu.h"
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

namespace tickbird::samplers {
namespace {

// Whole machines are in golden_test; here is what a text must not be, and what the error says.
struct BadText {
  const char* text;
  const char* message;
};

template <class Out, class Parse>
void ExpectRefused(Parse parse, std::initializer_list<BadText> cases) {
  for (const BadText& bad : cases) {
    Out out;
    const Status status = parse(bad.text, out);
    ASSERT_FALSE(status) << bad.text;
    EXPECT_EQ(status.error().code, ErrorCode::kParse);
    EXPECT_EQ(status.error().message, bad.message);
  }
}

TEST(ParseProcStat, RefusesWhatIsCutOrTooLarge) {
  ExpectRefused<ProcStat>(
      ParseProcStat,
      {{"", "/proc/stat: no cpu lines or no btime: the text is cut or is another file's"},
       {"cpu0 1 2 3 4\n", "/proc/stat: no cpu lines or no btime: the text is cut or is another file's"},
       {"cpu0 1 2\nbtime 5\n", "/proc/stat line 1: expected cpuN and at least 4 numbers, got \"cpu0 1 2\""},
       {"cpu99999999 1 2 3 4\n",
        "/proc/stat line 1: expected cpuN and at least 4 numbers, got \"cpu99999999 1 2 3 4\""},
       {"cpu0 1 2 3 99999999999999999999\n",
        "/proc/stat line 1: expected cpuN and at least 4 numbers, got \"cpu0 1 2 3 99999999999999999999\""},
       {"cpu0 1 2 3 4\nbtime x\n", "/proc/stat line 2: expected a name and a number, got \"btime x\""}});
}

TEST(ParseMeminfo, RefusesOtherUnitsAndNames) {
  ExpectRefused<Meminfo>(
      ParseMeminfo, {{"", "/proc/meminfo is empty"},
                     {"MemTotal: 5 MB\n", "/proc/meminfo line 1: expected name: number [kB], got \"MemTotal: 5 MB\""},
                     {"A: 1\n: 5\n", "/proc/meminfo line 2: expected name: number [kB], got \": 5\""},
                     {"A: -1\n", "/proc/meminfo line 1: expected name: number [kB], got \"A: -1\""}});
}

TEST(ParseVmstat, TakesNegativeNumbers) {
  Vmstat vmstat;
  ASSERT_TRUE(ParseVmstat("nr_x -5\n", vmstat));
  EXPECT_EQ(vmstat.fields[0].value, -5);
  ExpectRefused<Vmstat>(ParseVmstat,
                        {{"", "/proc/vmstat is empty"},
                         {"pgpgin\n", "/proc/vmstat line 1: expected a name and a number, got \"pgpgin\""}});
}

TEST(ParseDiskstats, TakesAnEmptyFileAndEveryKernelsFields) {
  Diskstats disks;
  EXPECT_TRUE(ParseDiskstats("", disks));
  ASSERT_TRUE(
      ParseDiskstats("8 0 a 1 2 3 4 5 6 7 8 9 10 11\n8 1 b 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
                     "8 2 c 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n",
                     disks));
  ASSERT_EQ(disks.devices.size(), 3u);
  EXPECT_EQ(disks.devices[0].field_count, 11u);
  EXPECT_EQ(disks.devices[1].field_count, 15u);
  EXPECT_EQ(disks.devices[2].field_count, 17u);
  ExpectRefused<Diskstats>(ParseDiskstats, {{"8 0 a 1 2 3\n",
                                             "/proc/diskstats line 1: expected major, minor, name and at "
                                             "least 11 numbers, got \"8 0 a 1 2 3\""}});
}

TEST(ParseNetdev, NeedsItsHeader) {
  ExpectRefused<Netdev>(
      ParseNetdev,
      {{"", "/proc/net/dev line 1: expected a header with |, got \"\""},
       {"a|b\nc|d\neth0 1 2\n", "/proc/net/dev line 3: expected name: and 16 numbers, got \"eth0 1 2\""},
       {"a|b\nc|d\neth0: 1 2\n", "/proc/net/dev line 3: expected name: and 16 numbers, got \"eth0: 1 2\""}});
}

TEST(ParseNetstat, NamesAndValuesMustPairUp) {
  const auto parse = [](std::string_view text, Netstat& out) { return ParseNetstat("f", text, out); };
  Netstat netstat;
  EXPECT_TRUE(parse("", netstat));
  ExpectRefused<Netstat>(
      parse, {{"Tcp: A B\n", "f line 1: expected as many numbers as the line before has names, got \"Tcp: A B\""},
              {"Tcp: A B\nTcp: 1\n", "f line 2: expected as many numbers as the line before has names, got \"Tcp: 1\""},
              {"Tcp: A\nUdp: 1\n", "f line 2: expected as many numbers as the line before has names, got \"Udp: 1\""}});
}

TEST(ParseSockstat, WantsPairs) {
  ExpectRefused<Sockstat>(
      ParseSockstat,
      {{"TCP inuse 1\n", "/proc/net/sockstat line 1: expected protocol: name number ..., got \"TCP inuse 1\""},
       {"TCP: inuse\n", "/proc/net/sockstat line 1: expected protocol: name number ..., got \"TCP: inuse\""}});
}

TEST(ParseLoadavg, WantsThreeFiniteNumbers) {
  EXPECT_EQ(ParseLoadavg("0.10 0.20 123.45 1/2 3\n")->fifteen_minutes, 123.45);
  for (const char* const text : {"", "1 2", "nan 1 1", "inf 1 1", "-1 1 1", "1 2 1e400"}) {
    EXPECT_FALSE(ParseLoadavg(text)) << text;
  }
}

TEST(ParseFileHandles, WantsThreeNumbers) {
  EXPECT_EQ(ParseFileHandles("7\t0\t9223372036854775807\n")->maximum, 9223372036854775807u);
  for (const char* const text : {"", "7", "7 0", "a b c"}) EXPECT_FALSE(ParseFileHandles(text)) << text;
}

TEST(ParsePressure, FullIsOptionalAndSomeToo) {
  EXPECT_EQ(ParsePressure("some avg10=0 total=5\n")->some_us, 5u);
  EXPECT_FALSE(ParsePressure("some avg10=0 total=5\n")->full_us);
  EXPECT_EQ(ParsePressure("full avg10=0 total=6\n")->full_us, 6u);
  for (const char* const text : {"", "some avg10=0\n", "some total=x\n", "most total=1\n"}) {
    EXPECT_FALSE(ParsePressure(text)) << text;
  }
}

using Ticks = std::array<std::uint64_t, ProcStat::kModes>;

Ticks WithIdleAndUser(std::uint64_t idle, std::uint64_t user) {
  Ticks ticks = {};
  ticks[ProcStat::kIdle] = idle;
  ticks[ProcStat::kUser] = user;
  return ticks;
}

TEST(CpuTimes, IgnoresSmallStepsBackPerMode) {
  CpuTimes times;
  times.Advance(WithIdleAndUser(1000, 50));
  EXPECT_EQ(times.Advance(WithIdleAndUser(998, 60)), WithIdleAndUser(1000, 60));
  EXPECT_EQ(times.Advance(WithIdleAndUser(1001, 59)), WithIdleAndUser(1001, 60));
}

TEST(CpuTimes, StartsOverWhenIdleFallsByThreeSeconds) {
  CpuTimes times;
  times.Advance(WithIdleAndUser(1000, 50));
  EXPECT_EQ(times.Advance(WithIdleAndUser(701, 5)), WithIdleAndUser(1000, 50));
  EXPECT_EQ(times.Advance(WithIdleAndUser(700, 5)), WithIdleAndUser(700, 5));
}

}  // namespace
}  // namespace tickbird::samplers
