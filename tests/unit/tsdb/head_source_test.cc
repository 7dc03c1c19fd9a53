#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb/head_testing.h"

/// Who made which series.
namespace tickbird::tsdb {
namespace {

class HeadSourceTest : public ::testing::Test {
 protected:
  Status PutFrom(std::string_view source, const Labels& labels, TimestampMs timestamp = kNow) {
    const auto appender = head_->NewAppender();
    appender->SetSource(source);
    TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const SeriesRef ref, appender->Append(0, labels, timestamp, 1));
    return appender->Commit();
  }
  SourceStats Of(std::string_view name) {
    for (const SourceStats& source : head_->Stats().sources) {
      if (source.name == name) return source;
    }
    return {.name = "none", .series = -1};
  }

  HeadOptions options_;
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, options_);
};

TEST_F(HeadSourceTest, SeriesCountForWhoMadeThem) {
  ASSERT_TRUE(PutFrom("sampling", Metric("a")));
  ASSERT_TRUE(PutFrom("sampling", Metric("b")));
  ASSERT_TRUE(PutFrom("statsd", Metric("c")));
  ASSERT_TRUE(PutFrom("statsd", Metric("a"), kNow + 1));
  ASSERT_TRUE(Put(*head_, Metric("d"), kNow, 1));
  EXPECT_EQ(Of("sampling").series, 2);
  EXPECT_EQ(Of("statsd").series, 1);
  EXPECT_EQ(Of("unknown").series, 1);
  Maintain(*head_, kNow + kDayMs);
  EXPECT_EQ(Of("sampling").series, 0);
  EXPECT_EQ(Of("statsd").series, 0);
  EXPECT_EQ(Of("unknown").series, 0);
}

TEST_F(HeadSourceTest, RefusedSeriesCountForWhoSentThem) {
  options_.max_series = 2;
  head_ = OpenHead(fs_, options_, "");
  ASSERT_TRUE(PutFrom("sampling", Metric("a")));
  ASSERT_TRUE(PutFrom("statsd", Metric("b")));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(PutFrom("statsd", Metric("c")));
  EXPECT_TRUE(PutFrom("statsd", Metric("b"), kNow + 1)) << "existing ones go on";
  EXPECT_EQ(Of("statsd").series_refused, 3);
  EXPECT_EQ(Of("sampling").series_refused, 0);
}

TEST_F(HeadSourceTest, AfterARestartASeriesIsItsFirstSenders) {
  ASSERT_TRUE(PutFrom("sampling", Metric("a")));
  ASSERT_TRUE(PutFrom("sampling", Metric("b")));
  head_.reset();
  head_ = OpenHead(fs_, options_);
  EXPECT_EQ(Of("unknown").series, 2);
  ASSERT_TRUE(PutFrom("sampling", Metric("a"), kNow + 1));
  EXPECT_EQ(Of("unknown").series, 1);
  EXPECT_EQ(Of("sampling").series, 1);
}

TEST_F(HeadSourceTest, SourcesAreLimited) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(PutFrom("job" + std::to_string(i), Metric("m", std::to_string(i))));
  const auto sources = head_->Stats().sources;
  EXPECT_EQ(sources.size(), 1 + kMaxSources + 1);
  EXPECT_EQ(Of("job63").series, 1);
  EXPECT_EQ(Of("other").series, 36);
  ASSERT_TRUE(PutFrom("job5", Metric("again")));
  EXPECT_EQ(Of("job5").series, 2);
}

}  // namespace
}  // namespace tickbird::tsdb
