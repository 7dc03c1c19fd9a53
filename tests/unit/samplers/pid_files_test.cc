#include "agent/samplers/process/pid_files.h"

#include <gtest/gtest.h>

#include <string>

namespace tickbird::samplers {
namespace {

const std::string kTail = " S 1 2 3 0 -1 4194304 11 0 12 0 13 14 0 0 20 0 15 0 16 17 18 19";

TEST(ParsePidStat, TakesTheCommandUpToTheLastParenthesis) {
  for (const std::string command : {"bash", "", "a b", "(sd-pam)", "x) S 1 (y", "new\nline"}) {
    const std::string text = "42 (" + command + ")" + kTail + "\n";
    const auto stat = ParsePidStat(text);
    ASSERT_TRUE(stat) << command;
    EXPECT_EQ(stat->command, command);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->minor_faults, 11u);
    EXPECT_EQ(stat->major_faults, 12u);
    EXPECT_EQ(stat->user_ticks, 13u);
    EXPECT_EQ(stat->system_ticks, 14u);
    EXPECT_EQ(stat->threads, 15u);
    EXPECT_EQ(stat->start_ticks, 16u);
    EXPECT_EQ(stat->virtual_bytes, 17u);
    EXPECT_EQ(stat->resident_pages, 18u);
  }
}

TEST(ParsePidStat, RefusesWhatIsCut) {
  for (const std::string text : {"", "42", "42 (bash", "42 )bash(", "42 (bash)", "42 (bash) S 1 2 3"}) {
    EXPECT_FALSE(ParsePidStat(text)) << text;
  }
}

TEST(ParsePidLimits, UnlimitedIsNoLimit) {
  const auto limits = ParsePidLimits(
      "Limit  Soft Limit\nMax open files   unlimited  unlimited  files\nMax address space  99  100 bytes\n");
  ASSERT_TRUE(limits);
  EXPECT_FALSE(limits->open_files);
  EXPECT_EQ(limits->address_space_bytes, 99u);
  EXPECT_FALSE(ParsePidLimits("Max open files  few\n"));
  EXPECT_FALSE(ParsePidLimits(""));
}

TEST(ParsePidSmaps, KernelThreadsHaveAnEmptyFile) {
  EXPECT_EQ(ParsePidSmaps("")->pss_bytes, 0u);
  EXPECT_EQ(ParsePidSmaps("Rss: 9 kB\nPss:  3 kB\nPss_Anon: 8 kB\nSwapPss: 1 kB\n")->pss_bytes, 3072u);
  EXPECT_FALSE(ParsePidSmaps("Rss: 1 kB\n"));
}

TEST(ParsePidStatus, SwapIsOptional) {
  const auto status = ParsePidStatus("Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->swap_bytes, 0u);
  EXPECT_EQ(status->involuntary_switches, 6u);
  EXPECT_FALSE(ParsePidStatus("Name:\tx\n"));
}

TEST(ParsePidIo, NeedsBothCounters) {
  EXPECT_EQ(ParsePidIo("rchar: 1\nread_bytes: 2\nwrite_bytes: 3\n")->write_bytes, 3u);
  EXPECT_FALSE(ParsePidIo("read_bytes: 2\n"));
}

}  // namespace
}  // namespace tickbird::samplers
