#include "core/tsdb/head/exemplar_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Outcome = ExemplarRing::Outcome;

Exemplar At(TimestampMs timestamp, double value = 1) {
  return {.labels = {{"trace_id", std::to_string(timestamp)}}, .value = value, .timestamp = timestamp};
}

TEST(ExemplarRing, GivesThoseOfASeriesInTheRange) {
  ExemplarRing ring(10);
  for (const int t : {10, 20, 30}) EXPECT_EQ(ring.Add(1, At(t)), Outcome::kAdded);
  EXPECT_EQ(ring.Add(2, At(15)), Outcome::kAdded);
  EXPECT_THAT(ring.Of(1, 0, 100), ElementsAre(At(10), At(20), At(30)));
  EXPECT_THAT(ring.Of(1, 20, 20), ElementsAre(At(20)));
  EXPECT_THAT(ring.Of(2, 0, 100), ElementsAre(At(15)));
  EXPECT_THAT(ring.Of(3, 0, 100), IsEmpty());
}

TEST(ExemplarRing, RefusesOlderOnesAndRepeatsOfTheSameSeries) {
  ExemplarRing ring(10);
  ring.Add(1, At(20));
  EXPECT_EQ(ring.Add(1, At(20)), Outcome::kRepeated);
  EXPECT_EQ(ring.Add(1, At(19)), Outcome::kOutOfOrder);
  EXPECT_EQ(ring.Add(1, At(20, 7)), Outcome::kAdded) << "another one of the same time";
  EXPECT_EQ(ring.Add(2, At(19)), Outcome::kAdded);
  EXPECT_EQ(ring.size(), 3U);
}

TEST(ExemplarRing, RenamedSeriesKeepsItsOwn) {
  ExemplarRing ring(2);
  ring.Add(1, At(10));
  ring.Rename(1, 9);
  ring.Rename(5, 6);
  EXPECT_THAT(ring.Of(1, 0, 100), IsEmpty());
  EXPECT_THAT(ring.Of(9, 0, 100), ElementsAre(At(10)));
  ring.Add(9, At(20));
  ring.Add(9, At(30));
  EXPECT_THAT(ring.Of(9, 0, 100), ElementsAre(At(20), At(30)));
}

TEST(ExemplarRing, WithoutRoomItHoldsNothing) {
  ExemplarRing ring(0);
  EXPECT_EQ(ring.Add(1, At(10)), Outcome::kAdded);
  EXPECT_THAT(ring.Of(1, 0, 100), IsEmpty());
}

TEST(ExemplarRing, HoldsTheLastOfManyAsASimpleModelDoes) {
  for (const std::size_t capacity : {1U, 2U, 7U, 50U}) {
    std::mt19937 random(static_cast<unsigned>(capacity));
    ExemplarRing ring(capacity);
    std::deque<std::pair<SeriesRef, Exemplar>> model;
    for (int i = 0; i < 2000; ++i) {
      const SeriesRef series = random() % 5;
      ASSERT_EQ(ring.Add(series, At(i)), Outcome::kAdded);
      model.emplace_back(series, At(i));
      if (model.size() > capacity) model.pop_front();
      std::map<SeriesRef, std::vector<Exemplar>> expected;
      for (const auto& [ref, exemplar] : model) expected[ref].push_back(exemplar);
      for (SeriesRef ref = 0; ref < 5; ++ref) ASSERT_EQ(ring.Of(ref, 0, 5000), expected[ref]) << i;
    }
    EXPECT_EQ(ring.size(), capacity);
  }
}

TEST(CountRunes, CountsCodePointsOfNamesAndValues) {
  EXPECT_EQ(CountRunes({}), 0U);
  EXPECT_EQ(CountRunes({{"ab", "cde"}}), 5U);
  EXPECT_EQ(CountRunes({{"a", "é漢😀"}}), 4U);
}

}  // namespace
}  // namespace tickbird::tsdb
