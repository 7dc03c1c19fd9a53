#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb/head_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HeadAppendTest : public ::testing::Test {
 protected:
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, {.max_series = 3}, "");
};

TEST_F(HeadAppendTest, NothingIsVisibleBeforeCommit) {
  const auto appender = head_->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
  appender->SetMetadata("m", {.type = MetricType::kGauge, .help = "h", .unit = ""});
  EXPECT_THAT(ReadAll(*head_), IsEmpty());
  EXPECT_THAT(head_->LabelNames({}), IsEmpty());
  EXPECT_THAT(head_->Metadata(), IsEmpty());
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_), (Content{{"m", {{kNow, 1}}}}));
  EXPECT_THAT(head_->LabelNames({}), ElementsAre("__name__"));
  EXPECT_EQ(head_->Metadata().at("m").help, "h");
}

TEST_F(HeadAppendTest, RollbackAndDestructionLeaveNothing) {
  {
    const auto appender = head_->NewAppender();
    ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
    appender->Rollback();
    ASSERT_TRUE(appender->Commit());
  }
  {
    const auto appender = head_->NewAppender();
    ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 2));
  }
  EXPECT_THAT(ReadAll(*head_), IsEmpty());
  EXPECT_TRUE(Put(*head_, Metric("m"), kNow, 3));
  EXPECT_EQ(head_->Stats().samples_appended, 1);
}

TEST_F(HeadAppendTest, EachRefusalHasItsCodeAndIsCounted) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  ASSERT_TRUE(Put(*head_, Metric("a"), kNow, 1));
  ASSERT_TRUE(Put(*head_, Metric("b"), kNow, 1));
  const struct {
    Labels labels;
    TimestampMs timestamp;
    double value;
    ErrorCode code;
    RefusedReason reason;
    const char* text;
  } cases[] = {
      {Metric("m"), kNow - 30'001, 1, ErrorCode::kOutOfOrder, RefusedReason::kOutOfOrder,
       "m at 1699999969999: older than the newest sample of its series, and 30 s older"},
      {Metric("m"), kNow, 2, ErrorCode::kDuplicate, RefusedReason::kDuplicate, "another value"},
      {Metric("m"), kNow + 10 * kMinuteMs + 1, 1, ErrorCode::kOutOfBounds, RefusedReason::kTooFarInFuture,
       "600 s after now"},
      {Metric("m"), kNow - 15 * kMinuteMs - 1, 1, ErrorCode::kOutOfBounds, RefusedReason::kTooOld, "still taken"},
      {Metric("new"), kNow, 1, ErrorCode::kTooLarge, RefusedReason::kSeriesLimit, "limit of 3 series"},
      {{{"job", "x"}}, kNow, 1, ErrorCode::kInvalidArgument, RefusedReason::kNoName, "__name__"},
  };
  const auto appender = head_->NewAppender();
  for (const auto& c : cases) {
    const auto refused = appender->Append(0, c.labels, c.timestamp, c.value);
    ASSERT_FALSE(refused) << c.text;
    EXPECT_EQ(refused.error().code, c.code) << c.text;
    EXPECT_THAT(refused.error().message, HasSubstr(c.text));
    EXPECT_EQ(Refused(*head_, c.reason), 1) << RefusedReasonName(c.reason);
  }
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow + 1, 5));
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow, 1}, {kNow + 1, 5}}));
}

TEST_F(HeadAppendTest, SameSampleAgainIsIgnored) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, StaleMarker()));
  EXPECT_TRUE(Put(*head_, Metric("m"), kNow, StaleMarker()));
  EXPECT_EQ(head_->Stats().samples_appended, 1);
  EXPECT_EQ(Refused(*head_, RefusedReason::kDuplicate), 0);
  EXPECT_EQ(Put(*head_, Metric("m"), kNow, std::bit_cast<double>(kNormalNanBits)).error().code, ErrorCode::kDuplicate);
}

TEST_F(HeadAppendTest, OrderIsCheckedInsideABatch) {
  head_ = OpenHead(fs_, {.out_of_order_window = 0}, "");
  const auto appender = head_->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
  ASSERT_TRUE(appender->Append(0, Metric("n"), kNow, 1));
  EXPECT_EQ(appender->Append(0, Metric("m"), kNow - 1, 1).error().code, ErrorCode::kOutOfOrder);
  EXPECT_EQ(appender->Append(0, Metric("m"), kNow, 2).error().code, ErrorCode::kDuplicate);
  EXPECT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
  EXPECT_TRUE(appender->Append(0, Metric("m"), kNow + 1, 3));
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow, 1}, {kNow + 1, 3}}));
}

TEST_F(HeadAppendTest, OverlappingBatchesKeepSeriesInOrder) {
  head_ = OpenHead(fs_, {.out_of_order_window = 0}, "");
  const auto late = head_->NewAppender();
  const auto early = head_->NewAppender();
  ASSERT_TRUE(late->Append(0, Metric("m"), kNow + 1, 1));
  ASSERT_TRUE(early->Append(0, Metric("m"), kNow, 2));
  ASSERT_TRUE(late->Commit());
  ASSERT_TRUE(early->Commit());
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow + 1, 1}}));
  EXPECT_EQ(Refused(*head_, RefusedReason::kOutOfOrder), 1);
}

TEST_F(HeadAppendTest, ReferencesStandForTheirSeries) {
  const auto appender = head_->NewAppender();
  const auto ref = appender->Append(0, Metric("m"), kNow, 1);
  ASSERT_TRUE(ref);
  EXPECT_EQ(appender->Append(*ref, Metric("m"), kNow + 1, 2).value_or(0), *ref);
  EXPECT_EQ(appender->Append(0, Metric("m"), kNow + 2, 3).value_or(0), *ref);
  EXPECT_NE(appender->Append(777, Metric("n"), kNow, 1).value_or(0), *ref);
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 3U);
}

TEST_F(HeadAppendTest, StaleReferenceFindsTheSeriesByItsLabels) {
  auto appender = head_->NewAppender();
  const SeriesRef ref = appender->Append(0, Metric("m"), kNow, 1).value_or(0);
  ASSERT_TRUE(appender->Commit());
  const TimestampMs later = kNow + 3 * kHourMs;
  Maintain(*head_, later);
  EXPECT_EQ(head_->Stats().series, 0);
  appender = head_->NewAppender();
  const SeriesRef again = appender->Append(ref, Metric("m"), later, 2).value_or(0);
  EXPECT_NE(again, 0U);
  EXPECT_NE(again, ref);
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{later, 2}}));
}

TEST_F(HeadAppendTest, CommitTellsTheNamesAndTheNewestTime) {
  std::vector<std::string> names;
  std::vector<TimestampMs> times;
  head_->SetCommitListener([&](const CommitNotice& notice) {
    for (const std::string_view name : notice.metric_names) names.emplace_back(name);
    times.push_back(notice.newest);
    // The listener may use the store: no lock is held.
    EXPECT_FALSE(ReadAll(*head_).empty());
  });
  const auto appender = head_->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m", "1"), kNow + 5, 1));
  ASSERT_TRUE(appender->Append(0, Metric("m", "2"), kNow, 1));
  ASSERT_TRUE(appender->Append(0, Metric("n"), kNow, 1));
  ASSERT_TRUE(appender->Append(0, Metric("m", "2"), kNow + 1, 1));
  ASSERT_TRUE(appender->Commit());
  EXPECT_THAT(names, ElementsAre("m", "n", "m"));
  EXPECT_THAT(times, ElementsAre(kNow + 5));
  ASSERT_TRUE(head_->NewAppender()->Commit());
  EXPECT_EQ(times.size(), 1U) << "an empty batch changes nothing";
  head_->SetCommitListener(nullptr);
  ASSERT_TRUE(Put(*head_, Metric("m", "1"), kNow + 6, 1));
  EXPECT_EQ(times.size(), 1U);
}

TEST_F(HeadAppendTest, ReferencesOfOneCommitAreUsableInTheNext) {
  auto appender = head_->NewAppender();
  const SeriesRef ref = appender->Append(0, Metric("m"), kNow, 0).value_or(0);
  ASSERT_TRUE(appender->Commit());
  for (int i = 1; i < 1000; ++i) {
    ASSERT_TRUE(appender->Append(ref, Metric("m"), kNow + i * 100, i * 0.7));
    ASSERT_TRUE(appender->Commit());
  }
  const auto samples = ReadAll(*head_)["m"];
  ASSERT_EQ(samples.size(), 1000U);
  EXPECT_EQ(samples[999], (Sample{kNow + 99900, 999 * 0.7}));
  EXPECT_GT(head_->Stats().chunks, 2);
}

}  // namespace
}  // namespace tickbird::tsdb
