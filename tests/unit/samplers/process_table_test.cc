#include "agent/samplers/process/process_table.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/unit/samplers/tree.h"

namespace tickbird::samplers {
namespace {

class ProcessTableTest : public ::testing::Test {
 protected:
  void Put(int pid, const std::string& command, int user_ticks, int start_ticks = 100) const {
    tree_.Write("proc/" + std::to_string(pid) + "/stat",
                std::to_string(pid) + " (" + command + ") S 1 1 1 0 -1 0 1 0 0 0 " + std::to_string(user_ticks) +
                    " 0 0 0 20 0 2 0 " + std::to_string(start_ticks) + " 4096 3 0\n");
  }

  ProcessTable& Table(std::size_t max_members = 100) {
    if (!table_) {
      const std::vector<ProcessGroup> groups = {{"web", {"nginx.*"}}, {"db", {"postgres"}}};
      auto matcher = GroupMatcher::Create(groups);
      EXPECT_TRUE(matcher);
      table_.emplace(tree_ / "proc", std::move(*matcher), groups.size(), max_members);
    }
    return *table_;
  }

  void Scan() {
    ASSERT_TRUE(Table().StartScan());
    Table().ContinueScan(buffer_);
    Table().Refresh(buffer_);
  }

  const GroupTotals& Web() { return Table().groups()[0]; }

  Tree tree_;
  ReadBuffer buffer_;
  std::optional<ProcessTable> table_;
};

TEST_F(ProcessTableTest, SumsTheMembersOfAGroup) {
  Put(1, "nginx", 10, 500);
  Put(2, "nginx-worker", 5, 300);
  Put(3, "bash", 100);
  Scan();
  EXPECT_EQ(Web().processes, 2u);
  EXPECT_EQ(Web().threads, 4u);
  EXPECT_EQ(Web().user_ticks, 15);
  EXPECT_EQ(Web().resident_pages, 6u);
  EXPECT_EQ(Web().oldest_start_ticks, 300u);
  EXPECT_EQ(Table().groups()[1].processes, 0u);
}

TEST_F(ProcessTableTest, KeepsWhatAProcessHasUsedAfterItsEnd) {
  Put(1, "nginx", 10);
  Put(2, "nginx", 5);
  Scan();
  tree_.Write("proc/1/stat", "");  // a read that fails, as of a process that has ended
  Put(2, "nginx", 7);
  Table().Refresh(buffer_);
  EXPECT_EQ(Web().processes, 1u);
  EXPECT_EQ(Web().user_ticks, 17);
}

TEST_F(ProcessTableTest, CountsAProcessThatTakesOverTheNumberAsAnother) {
  Put(1, "nginx", 1000, 100);
  Scan();
  Put(1, "nginx", 3, 200);
  Table().Refresh(buffer_);
  EXPECT_EQ(Web().processes, 0u);
  Scan();
  EXPECT_EQ(Web().processes, 1u);
  EXPECT_EQ(Web().user_ticks, 1003);
}

TEST_F(ProcessTableTest, FollowsAProcessThatBecomesAnotherProgram) {
  Put(1, "bash", 2);
  Scan();
  EXPECT_EQ(Web().processes, 0u);
  Put(1, "nginx", 3);
  Scan();
  EXPECT_EQ(Web().processes, 1u);
  Put(1, "nginx: master", 4);
  Scan();
  EXPECT_EQ(Web().processes, 1u);
  Put(1, "postgres", 9);
  Table().Refresh(buffer_);
  EXPECT_EQ(Web().processes, 0u);
  EXPECT_EQ(Web().user_ticks, 4);
  Scan();
  EXPECT_EQ(Table().groups()[1].processes, 1u);
}

TEST_F(ProcessTableTest, CountsWhatIsOverTheLimit) {
  Table(2);
  for (int pid = 1; pid <= 5; ++pid) Put(pid, "nginx", 1);
  Scan();
  EXPECT_EQ(Web().processes, 2u);
  EXPECT_EQ(Table().dropped(), 3u);
}

TEST_F(ProcessTableTest, SpreadsAllScansButTheFirst) {
  Put(1, "nginx", 1);
  Scan();
  const int count = 2 * static_cast<int>(ProcessTable::kLookedAtPerCall);
  for (int pid = 2; pid < 2 + count; ++pid) Put(pid, "bash", 1);
  Put(2 + count, "nginx", 1);
  Scan();
  EXPECT_EQ(Web().processes, 1u);
  Table().ContinueScan(buffer_);
  Table().ContinueScan(buffer_);
  Table().Refresh(buffer_);
  EXPECT_EQ(Web().processes, 2u);
}

TEST_F(ProcessTableTest, ReadsDetailsAFewMembersPerCallAndPublishesThemTogether) {
  const int count = static_cast<int>(ProcessTable::kDetailedPerCall) + 1;
  for (int pid = 1; pid <= count; ++pid) {
    Put(pid, "nginx", 1);
    tree_.Write("proc/" + std::to_string(pid) + "/smaps_rollup", "Pss: 2 kB\nSwapPss: 1 kB\n");
  }
  Scan();
  EXPECT_FALSE(Table().ContinueDetails(buffer_));  // none was started
  Table().StartDetails();
  EXPECT_TRUE(Table().ContinueDetails(buffer_));  // the first pass is whole
  EXPECT_EQ(Web().details.pss_bytes, 2048u * count);
  for (int pid = 1; pid <= count; ++pid) tree_.Write("proc/" + std::to_string(pid) + "/smaps_rollup", "Pss: 3 kB\n");
  Table().StartDetails();
  EXPECT_FALSE(Table().ContinueDetails(buffer_));
  EXPECT_EQ(Web().details.pss_bytes, 2048u * count);
  EXPECT_TRUE(Table().ContinueDetails(buffer_));
  EXPECT_EQ(Web().details.pss_bytes, 3072u * count);
}

TEST_F(ProcessTableTest, HasNoDetailsThatItMayNotRead) {
  Put(1, "nginx", 1);
  Scan();
  Table().StartDetails();
  EXPECT_TRUE(Table().ContinueDetails(buffer_));
  EXPECT_FALSE(Web().details.pss_bytes);
  EXPECT_FALSE(Web().details.open_files);
  EXPECT_FALSE(Web().has_io);
}

TEST(GroupMatcher, TheFirstGroupThatMatchesAnyNameWins) {
  const std::vector<ProcessGroup> groups = {{"a", {"/opt/x/.*"}}, {"b", {"server", "py.*"}}, {"c", {".*"}}};
  const auto matcher = GroupMatcher::Create(groups);
  ASSERT_TRUE(matcher);
  EXPECT_EQ(matcher->Match("server", "/opt/x/bin"), 0u);
  EXPECT_EQ(matcher->Match("worker", "/usr/bin/python3"), 1u);
  EXPECT_EQ(matcher->Match("server2", ""), 2u);
}

TEST(GroupMatcher, SaysWhatIsWrongWithAGroup) {
  const auto message = [](std::vector<ProcessGroup> groups) { return GroupMatcher::Create(groups).error().message; };
  EXPECT_EQ(message({{"", {"x"}}}), "process group \"\": needs a name");
  EXPECT_EQ(message({{"a", {}}}), "process group \"a\": needs at least one pattern");
  EXPECT_EQ(message({{"a", {"x"}}, {"a", {"y"}}}), "process group \"a\": is given twice");
  EXPECT_NE(message({{"a", {"("}}}).find("process group \"a\": "), std::string::npos);
}

}  // namespace
}  // namespace tickbird::samplers
