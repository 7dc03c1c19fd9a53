#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HeadQueryTest : public ::testing::Test {
 protected:
  // 1,000 samples, one a second, of values that need several chunks.
  void SetUp() override {
    const auto appender = head_->NewAppender();
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(appender->Append(0, Metric("m"), Time(i), i * 1.1));
      if (i < 500) ASSERT_TRUE(appender->Append(0, Metric("ended", "x"), Time(i), i));
    }
    ASSERT_TRUE(appender->Commit());
  }
  static TimestampMs Time(int i) { return kNow - 1000 * kSecondMs + i * kSecondMs; }

  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, {.max_selected = 2}, "");
};

TEST_F(HeadQueryTest, GivesTheSamplesOfTheRangeWithBothEnds) {
  const std::pair<int, int> ranges[] = {{0, 999},    {100, 899}, {119, 120}, {120, 120},
                                        {500, 2000}, {-50, 10},  {333, 334}, {999, 999}};
  for (const auto& [first, last] : ranges) {
    std::vector<Sample> expected;
    for (int i = std::max(first, 0); i <= std::min(last, 999); ++i) expected.push_back({Time(i), i * 1.1});
    const auto content =
        Read(*head_, {.matchers = {Matcher::Equal("__name__", "m")}, .min = Time(first), .max = Time(last)});
    ASSERT_EQ(content.size(), 1U);
    EXPECT_EQ(content.at("m"), expected) << first << "-" << last;
  }
}

TEST_F(HeadQueryTest, LeavesOutSeriesWithoutSamplesInTheRange) {
  const auto content = Read(*head_, {.matchers = {}, .min = Time(600), .max = Time(700)});
  EXPECT_EQ(content.size(), 1U);
  EXPECT_THAT(Read(*head_, {.matchers = {}, .min = Time(1000), .max = Time(2000)}), IsEmpty());
  EXPECT_THAT(Read(*head_, {.matchers = {}, .min = Time(-9), .max = Time(-1)}), IsEmpty());
}

TEST_F(HeadQueryTest, NewestOnlyGivesTheNewestInTheRange) {
  const struct {
    int min, max, newest;
  } cases[] = {{0, 5000, 999},  {0, 999, 999},   {0, 998, 998}, {0, 500, 500},
               {100, 100, 100}, {119, 121, 121}, {0, 0, 0},     {700, 960, 960}};
  for (const auto& c : cases) {
    const auto content = Read(
        *head_,
        {.matchers = {Matcher::Equal("__name__", "m")}, .min = Time(c.min), .max = Time(c.max), .newest_only = true});
    ASSERT_EQ(content.size(), 1U) << c.newest;
    EXPECT_EQ(content.at("m"), (std::vector<Sample>{{Time(c.newest), c.newest * 1.1}}));
  }
  const auto both = Read(*head_, {.matchers = {}, .min = Time(300), .max = Time(2000), .newest_only = true});
  EXPECT_EQ(both.at("ended{instance=\"x\"}"), (std::vector<Sample>{{Time(499), 499}}));
  EXPECT_EQ(Read(*head_, {.matchers = {}, .min = Time(500), .max = Time(2000), .newest_only = true}).size(), 1U);
  // Between two samples: the series may be there, but no sample is.
  const Selection between{
      .matchers = {Matcher::Equal("__name__", "m")}, .min = Time(5) + 1, .max = Time(6) - 1, .newest_only = true};
  for (const auto& [name, samples] : Read(*head_, between)) EXPECT_THAT(samples, IsEmpty()) << name;
}

TEST_F(HeadQueryTest, CursorsOutliveTheirSeries) {
  auto selected = head_->Select({.matchers = {}, .min = Time(0), .max = Time(999)});
  ASSERT_TRUE(selected);
  Maintain(*head_, kNow + kDayMs);
  head_.reset();
  std::size_t total = 0;
  for (SelectedSeries& series : *selected) {
    EXPECT_FALSE(series.labels.MetricName().empty());
    TimestampMs timestamps[64];
    double values[64];
    while (const std::size_t got = series.cursor->Read(timestamps, values)) total += got;
  }
  EXPECT_EQ(total, 1500U);
}

TEST_F(HeadQueryTest, RefusesSelectionsAboveTheLimit) {
  ASSERT_TRUE(Put(*head_, Metric("third"), kNow, 1));
  const auto selected = head_->Select({.matchers = {}, .min = 0, .max = kNow});
  ASSERT_FALSE(selected);
  EXPECT_EQ(selected.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(head_->Select({.matchers = {Matcher::Equal("__name__", "m")}, .min = 0, .max = kNow}));
}

TEST_F(HeadQueryTest, NamesAndValuesOfLabels) {
  EXPECT_THAT(head_->LabelNames({}), ElementsAre("__name__", "instance"));
  EXPECT_THAT(head_->LabelNames({Matcher::Equal("__name__", "m")}), ElementsAre("__name__"));
  EXPECT_THAT(head_->LabelValues("__name__", {}), ElementsAre("ended", "m"));
  EXPECT_THAT(head_->LabelValues("__name__", {Matcher::Equal("instance", "x")}), ElementsAre("ended"));
  EXPECT_THAT(head_->LabelValues("none", {}), IsEmpty());
}

}  // namespace
}  // namespace tickbird::tsdb
