#include "core/tsdb/store/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Given out of order, as a caller may: the list's order means nothing.
const std::vector<BlockExtent> kBlocks = {
    {.max_time = 300, .bytes = 30}, {.max_time = 100, .bytes = 10}, {.max_time = 200, .bytes = 20}};

TEST(Retention, KeepsAllWithoutLimits) {
  const ExpiredBlocks expired = FindExpiredBlocks(kBlocks, {}, 1'000'000, 1 << 30);
  EXPECT_THAT(expired.by_time, IsEmpty());
  EXPECT_THAT(expired.by_size, IsEmpty());
}

TEST(Retention, DropsWhatEndedLongEnoughAgo) {
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.time = 50}, 149, 0).by_time, IsEmpty());
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.time = 50}, 150, 0).by_time, ElementsAre(1));
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.time = 50}, 349, 0).by_time, ElementsAre(1, 2));
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.time = 50}, 350, 0).by_time, ElementsAre(1, 2, 0));
}

TEST(Retention, DropsTheOldestUntilTheRestFits) {
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.bytes = 60}, 0, 0).by_size, IsEmpty());
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.bytes = 59}, 0, 0).by_size, ElementsAre(1));
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.bytes = 60}, 0, 1).by_size, ElementsAre(1));
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.bytes = 30}, 0, 0).by_size, ElementsAre(1, 2));
}

TEST(Retention, DropsAllBlocksWhenTheRestIsTooLarge) {
  EXPECT_THAT(FindExpiredBlocks(kBlocks, {.bytes = 60}, 0, 61).by_size, ElementsAre(1, 2, 0));
}

TEST(Retention, DoesNotCountWhatAgeTookAlready) {
  const ExpiredBlocks expired = FindExpiredBlocks(kBlocks, {.time = 50, .bytes = 49}, 150, 0);
  EXPECT_THAT(expired.by_time, ElementsAre(1));
  EXPECT_THAT(expired.by_size, ElementsAre(2));
}

}  // namespace
}  // namespace tickbird::tsdb
