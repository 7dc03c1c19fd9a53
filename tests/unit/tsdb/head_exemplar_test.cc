#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tsdb/head_testing.h"

/// Exemplars in the head.
namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Exemplar Trace(const std::string& id, TimestampMs timestamp) {
  return {.labels = {{"trace_id", id}}, .value = 0.5, .timestamp = timestamp};
}

class HeadExemplarTest : public ::testing::Test {
 protected:
  void Reopen() {
    head_.reset();
    head_ = OpenHead(fs_, options_);
  }
  Status PutExemplar(const Labels& labels, const Exemplar& exemplar) {
    const auto appender = head_->NewAppender();
    if (const Status added = appender->AppendExemplar(0, labels, exemplar); !added) return added;
    return appender->Commit();
  }
  std::vector<ExemplarSeries> All() { return head_->Exemplars({{}}, 0, kNow + kDayMs); }

  HeadOptions options_{.max_exemplars = 3};
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, options_);
};

TEST_F(HeadExemplarTest, ComeWithTheSampleAndAreBackAfterARestart) {
  const auto appender = head_->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
  ASSERT_TRUE(appender->AppendExemplar(0, Metric("m"), Trace("a", kNow)));
  EXPECT_THAT(All(), IsEmpty()) << "not before the commit";
  ASSERT_TRUE(appender->Commit());
  ASSERT_TRUE(PutExemplar(Metric("m"), Trace("b", kNow + 1)));
  for (int round = 0; round < 2; ++round) {
    const auto found = All();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].labels, Metric("m"));
    EXPECT_THAT(found[0].exemplars, ElementsAre(Trace("a", kNow), Trace("b", kNow + 1)));
    Reopen();
  }
  EXPECT_EQ(head_->Stats().replay.exemplars, 2);
  EXPECT_GT(head_->Stats().exemplar_bytes, 0);
}

TEST_F(HeadExemplarTest, EachRefusalHasItsCode) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  ASSERT_TRUE(PutExemplar(Metric("m"), Trace("a", kNow)));
  EXPECT_TRUE(PutExemplar(Metric("m"), Trace("a", kNow))) << "the same again";
  EXPECT_EQ(PutExemplar(Metric("m"), Trace("b", kNow - 1)).error().code, ErrorCode::kOutOfOrder);
  EXPECT_EQ(PutExemplar(Metric("none"), Trace("b", kNow)).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(PutExemplar(Metric("m"), Trace(std::string(120, 'x'), kNow + 1))) << "128 with the name";
  EXPECT_EQ(PutExemplar(Metric("m"), Trace(std::string(121, 'x'), kNow + 2)).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(PutExemplar(Metric("m"), Trace("b", kNow + kHourMs)).error().code, ErrorCode::kOutOfBounds);
  EXPECT_EQ(head_->Stats().exemplars_refused, 4);
  EXPECT_EQ(head_->Stats().exemplars_appended, 2);
}

TEST_F(HeadExemplarTest, OrderIsCheckedInsideABatchAndAcrossBatches) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  const auto first = head_->NewAppender();
  const auto second = head_->NewAppender();
  ASSERT_TRUE(first->AppendExemplar(0, Metric("m"), Trace("a", kNow + 5)));
  EXPECT_TRUE(first->AppendExemplar(0, Metric("m"), Trace("a", kNow + 5)));
  EXPECT_EQ(first->AppendExemplar(0, Metric("m"), Trace("b", kNow + 4)).error().code, ErrorCode::kOutOfOrder);
  ASSERT_TRUE(second->AppendExemplar(0, Metric("m"), Trace("c", kNow + 6)));
  ASSERT_TRUE(second->Commit());
  ASSERT_TRUE(first->Commit());
  ASSERT_EQ(All().size(), 1U);
  EXPECT_THAT(All()[0].exemplars, ElementsAre(Trace("c", kNow + 6)));
}

TEST_F(HeadExemplarTest, OldestGoesWhenThereAreTooMany) {
  for (int i = 0; i < 5; ++i) {
    const Labels labels = Metric("m", std::to_string(i % 2));
    ASSERT_TRUE(Put(*head_, labels, kNow + i, 1));
    ASSERT_TRUE(PutExemplar(labels, Trace(std::to_string(i), kNow + i)));
  }
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(head_->Stats().exemplars, 3);
    const auto found = All();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_THAT(found[0].exemplars, ElementsAre(Trace("2", kNow + 2), Trace("4", kNow + 4)));
    EXPECT_THAT(found[1].exemplars, ElementsAre(Trace("3", kNow + 3)));
    Reopen();
  }
}

TEST_F(HeadExemplarTest, SelectorsAndTimesAreHeeded) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(Put(*head_, Metric(name), kNow, 1));
    ASSERT_TRUE(PutExemplar(Metric(name), Trace(name, kNow)));
  }
  const auto by = [](const char* name) { return std::vector<Matcher>{Matcher::Equal("__name__", name)}; };
  EXPECT_EQ(head_->Exemplars({by("c"), by("a"), by("a")}, kNow, kNow).size(), 2U);
  EXPECT_THAT(head_->Exemplars({by("a")}, kNow + 1, kNow + 2), IsEmpty());
  EXPECT_THAT(head_->Exemplars({}, kNow, kNow), IsEmpty());
}

TEST_F(HeadExemplarTest, NoneAreKeptWhenTheyAreTurnedOff) {
  options_.max_exemplars = 0;
  Reopen();
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  EXPECT_TRUE(PutExemplar(Metric("m"), Trace("a", kNow)));
  EXPECT_THAT(All(), IsEmpty());
}

TEST_F(HeadExemplarTest, ThoseOfARolledBackBatchHoldNoSeries) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  {
    const auto appender = head_->NewAppender();
    ASSERT_TRUE(appender->AppendExemplar(0, Metric("m"), Trace("a", kNow)));
  }
  EXPECT_THAT(All(), IsEmpty());
  Maintain(*head_, kNow + kDayMs);
  EXPECT_EQ(head_->Stats().series, 0);
}

}  // namespace
}  // namespace tickbird::tsdb
