#include "agent/app/ticker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tickbird::app {
namespace {

using testing::ElementsAre;

class TickerTest : public testing::Test {
 protected:
  FakeClock clock_{10'250};
  net::FakeTimers timers_{clock_};
  std::vector<TimestampMs> ticks_;
  Ticker ticker_{timers_, clock_, 1000, [this](TimestampMs now) { ticks_.push_back(now); }};
};

TEST_F(TickerTest, StartsAtOnceAndThenKeepsToTheGrid) {
  ticker_.Start();
  timers_.AdvanceTo(13'500);
  EXPECT_THAT(ticks_, ElementsAre(10'250, 11'000, 12'000, 13'000));
  EXPECT_EQ(ticker_.missed(), 0u);
}

TEST_F(TickerTest, CountsWhatItSleptThroughAndTellsTheTrueTime) {
  ticker_.Start();
  timers_.AdvanceTo(11'000);
  clock_.Set(14'600);
  timers_.AdvanceTo(15'000);
  EXPECT_THAT(ticks_, ElementsAre(10'250, 11'000, 14'600, 15'000));
  EXPECT_EQ(ticker_.missed(), 2u);
}

TEST_F(TickerTest, StopsWhenTold) {
  ticker_.Start();
  timers_.AdvanceTo(11'000);
  ticker_.Stop();
  timers_.AdvanceTo(20'000);
  EXPECT_THAT(ticks_, ElementsAre(10'250, 11'000));
}

}  // namespace
}  // namespace tickbird::app
