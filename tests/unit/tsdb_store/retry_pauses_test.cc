#include "core/tsdb/store/retry_pauses.h"

#include <gtest/gtest.h>

namespace tickbird::tsdb {
namespace {

TEST(RetryPauses, LetsWhatDidNotFail) {
  RetryPauses pauses;
  pauses.Failed("b", 0);
  EXPECT_TRUE(pauses.MayTry("a", 0));
}

TEST(RetryPauses, GrowFromAMinuteToAnHour) {
  RetryPauses pauses;
  for (const DurationMs minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    pauses.Failed("a", 1000);
    EXPECT_FALSE(pauses.MayTry("a", 1000 + minutes * kMinuteMs - 1)) << minutes;
    EXPECT_TRUE(pauses.MayTry("a", 1000 + minutes * kMinuteMs)) << minutes;
  }
}

TEST(RetryPauses, StartOverAfterASuccess) {
  RetryPauses pauses;
  pauses.Failed("a", 0);
  pauses.Failed("a", 0);
  pauses.Succeeded("a");
  EXPECT_TRUE(pauses.MayTry("a", 0));
  pauses.Failed("a", 0);
  EXPECT_TRUE(pauses.MayTry("a", kMinuteMs));
}

TEST(RetryPauses, EndWhenTheClockIsSetBack) {
  RetryPauses pauses;
  pauses.Failed("a", 1000);
  EXPECT_TRUE(pauses.MayTry("a", 999));
}

}  // namespace
}  // namespace tickbird::tsdb
