#include "core/tsdb/store/series_census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CensusTaker SomeSeries() {
  CensusTaker taker;
  for (const char* host : {"h1", "h2", "h3"}) {
    taker.Add({{"__name__", "up"}, {"host", host}});
    taker.Add({{"__name__", "load"}, {"host", host}, {"cpu", "0"}});
  }
  taker.Add({{"__name__", "up"}});
  return taker;
}

TEST(SeriesCensus, CountsNothingOfNothing) {
  const Census census = CensusTaker().Take(10);
  EXPECT_EQ(census.series, 0);
  EXPECT_THAT(census.series_by_metric, IsEmpty());
}

TEST(SeriesCensus, RanksByCountThenName) {
  const Census census = SomeSeries().Take(10);
  EXPECT_EQ(census.series, 7);
  EXPECT_EQ(census.label_pairs, 6);
  EXPECT_THAT(census.series_by_metric, ElementsAre(NamedCount{"up", 4}, NamedCount{"load", 3}));
  EXPECT_THAT(census.values_by_label,
              ElementsAre(NamedCount{"host", 3}, NamedCount{"__name__", 2}, NamedCount{"cpu", 1}));
  EXPECT_THAT(census.value_bytes_by_label,
              ElementsAre(NamedCount{"__name__", 20}, NamedCount{"host", 12}, NamedCount{"cpu", 3}));
  EXPECT_THAT(census.series_by_label_pair,
              ElementsAre(NamedCount{"__name__=up", 4}, NamedCount{"__name__=load", 3}, NamedCount{"cpu=0", 3},
                          NamedCount{"host=h1", 2}, NamedCount{"host=h2", 2}, NamedCount{"host=h3", 2}));
}

TEST(SeriesCensus, KeepsToTheLimit) {
  const Census census = SomeSeries().Take(2);
  EXPECT_THAT(census.series_by_label_pair, ElementsAre(NamedCount{"__name__=up", 4}, NamedCount{"__name__=load", 3}));
  EXPECT_THAT(SomeSeries().Take(0).series_by_metric, IsEmpty());
}

}  // namespace
}  // namespace tickbird::tsdb
