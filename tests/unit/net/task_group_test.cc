#include "agent/net/task_group.h"

#include <gtest/gtest.h>

namespace tickbird::net {
namespace {

TEST(TaskGroup, IsDrainedWhenTheLastTokenGoes) {
  TaskGroup group;
  TaskGroup::Token first = group.Enter();
  TaskGroup::Token second = group.Enter();
  int drained = 0;
  group.Close([&] { ++drained; });
  EXPECT_EQ(group.Enter(), nullptr);
  first.reset();
  EXPECT_EQ(drained, 0);
  second.reset();
  EXPECT_EQ(drained, 1);
}

TEST(TaskGroup, IsDrainedAtOnceWhenEmpty) {
  TaskGroup group;
  group.Enter().reset();
  int drained = 0;
  group.Close([&] { ++drained; });
  EXPECT_EQ(drained, 1);
}

TEST(TaskGroup, MayGoBeforeItsTokens) {
  TaskGroup::Token token;
  {
    TaskGroup group;
    token = group.Enter();
  }
  token.reset();
}

}  // namespace
}  // namespace tickbird::net
