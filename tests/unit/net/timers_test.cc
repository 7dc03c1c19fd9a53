#include "agent/net/timers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tickbird::net {
namespace {

TEST(FakeTimers, RunsInOrderOfDeadlineThenOfScheduling) {
  FakeClock clock(1000);
  FakeTimers timers(clock);
  std::string order;
  timers.Schedule(1200, [&] { order += "c"; });
  timers.Schedule(1100, [&] { order += "a"; });
  timers.Schedule(1100, [&] { order += "b"; });
  const Timers::Id cancelled = timers.Schedule(1150, [&] { order += "x"; });
  EXPECT_TRUE(timers.Cancel(cancelled));
  EXPECT_FALSE(timers.Cancel(cancelled));
  timers.AdvanceTo(1199);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(clock.Now(), 1199);
  timers.AdvanceTo(1200);
  EXPECT_EQ(order, "abc");
}

TEST(FakeTimers, RunsWhatCallbacksScheduleAtItsOwnTime) {
  FakeClock clock(0);
  FakeTimers timers(clock);
  std::vector<TimestampMs> ticks;
  std::function<void()> tick = [&] {
    ticks.push_back(clock.Now());
    timers.Schedule(clock.Now() + 10, tick);
  };
  timers.Schedule(10, tick);
  timers.AdvanceTo(35);
  EXPECT_EQ(ticks, (std::vector<TimestampMs>{10, 20, 30}));
}

/// A clock that stands still: deadlines in the past are due at once, so no real time passes.
TEST(LoopTimers, RunsDueCallbacksInOrderAndNotInsideSchedule) {
  IoLoop loop;
  FakeClock clock(1000);
  LoopTimers timers(loop, clock);
  std::string order;
  loop.Post([&] {
    timers.Schedule(500, [&] {
      order += "a";
      timers.Schedule(0, [&] { order += "c"; });
    });
    timers.Schedule(500, [&] { order += "b"; });
    const Timers::Id cancelled = timers.Schedule(500, [&] { order += "x"; });
    EXPECT_TRUE(timers.Cancel(cancelled));
    EXPECT_FALSE(timers.Cancel(cancelled));
    EXPECT_EQ(order, "");
    timers.Schedule(500, [&] { timers.Schedule(0, [&] { timers.Schedule(0, [&] { loop.Stop(); }); }); });
  });
  loop.Run();
  EXPECT_EQ(order, "abc");
}

TEST(LoopTimers, SurvivesACallbackThatThrows) {
  IoLoop loop;
  FakeClock clock(0);
  LoopTimers timers(loop, clock);
  timers.Schedule(0, [] { throw std::runtime_error("broken on purpose"); });
  timers.Schedule(0, [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(loop.caught_exceptions(), 1u);
}

}  // namespace
}  // namespace tickbird::net
