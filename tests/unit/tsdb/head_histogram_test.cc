#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

#include "core/tsdb/head/open_histograms.h"
#include "tests/unit/tsdb/head_testing.h"
#include "tests/unit/tsdb_chunk/random_histograms.h"

/// Native histograms in the head.
namespace tickbird::tsdb {
namespace {

using ::testing::HasSubstr;

/// A float or a histogram.
struct Point {
  TimestampMs timestamp = 0;
  std::variant<double, FloatHistogram> value;
};

std::vector<Point> ReadPoints(const Queryable& store, const Selection& selection) {
  std::vector<Point> points;
  auto selected = store.Select(selection);
  EXPECT_TRUE(selected);
  for (SelectedSeries& series : *selected) {
    while (true) {
      TimestampMs timestamp = 0;
      double value = 0;
      FloatHistogram histogram;
      if (series.cursor->Read({&timestamp, 1}, {&value, 1}) == 1) {
        points.push_back({timestamp, value});
      } else if (series.cursor->ReadHistogram(&timestamp, &histogram)) {
        points.push_back({timestamp, histogram});
      } else {
        break;
      }
    }
    EXPECT_TRUE(series.cursor->status());
  }
  return points;
}

std::vector<Point> PointsOf(const Queryable& store, const std::string& name) {
  return ReadPoints(store, {.matchers = {Matcher::Equal("__name__", name)},
                            .min = kNoTime + 1,
                            .max = std::numeric_limits<TimestampMs>::max()});
}

bool IsSame(const Point& a, const Point& b) {
  if (a.timestamp != b.timestamp || a.value.index() != b.value.index()) return false;
  if (const auto* histogram = std::get_if<FloatHistogram>(&a.value)) {
    return IsSameHistogram(*histogram, std::get<FloatHistogram>(b.value));
  }
  return Sample{0, std::get<double>(a.value)} == Sample{0, std::get<double>(b.value)};
}

/// Counts in the two buckets on both sides of 1.
Histogram Small(std::int64_t low, std::int64_t high, double sum) {
  Histogram histogram{.count = static_cast<std::uint64_t>(low + high), .sum = sum};
  histogram.layout = {.schema = 0, .zero_threshold = 0.001, .positive_spans = {{0, 2}}};
  histogram.positive_deltas = {low, high - low};
  return histogram;
}

class HeadHistogramTest : public ::testing::Test {
 protected:
  void Reopen() {
    head_.reset();
    head_ = OpenHead(fs_, options_);
  }
  template <class AnyHistogram>
  Status PutHistogram(const Labels& labels, TimestampMs timestamp, const AnyHistogram& histogram) {
    const auto appender = head_->NewAppender();
    TICKBIRD_ASSIGN_OR_RETURN([[maybe_unused]] const SeriesRef ref,
                              appender->AppendHistogram(0, labels, timestamp, histogram));
    return appender->Commit();
  }

  HeadOptions options_;
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, options_);
};

TEST_F(HeadHistogramTest, BothKindsComeBackAfterARestart) {
  ASSERT_TRUE(PutHistogram(Metric("h"), kNow, Small(1, 2, 3.5)));
  ASSERT_TRUE(PutHistogram(Metric("h"), kNow + 1000, Small(2, 2, 4.5)));
  ASSERT_TRUE(PutHistogram(Metric("f"), kNow, Small(1, 2, 3.5).ToFloat()));
  for (int round = 0; round < 2; ++round) {
    const auto points = PointsOf(*head_, "h");
    ASSERT_EQ(points.size(), 2U);
    EXPECT_TRUE(IsSame(points[1], {kNow + 1000, Small(2, 2, 4.5).ToFloat()}));
    ASSERT_EQ(PointsOf(*head_, "f").size(), 1U);
    EXPECT_EQ(head_->max_time(), kNow + 1000);
    EXPECT_EQ(head_->min_time(), kNow);
    Reopen();
  }
  EXPECT_EQ(head_->Stats().replay.samples, 3);
  EXPECT_EQ(head_->Stats().replay.repeated_samples, 0);
}

TEST_F(HeadHistogramTest, EachRefusalHasItsCode) {
  ASSERT_TRUE(PutHistogram(Metric("h"), kNow, Small(1, 2, 3.5)));
  EXPECT_TRUE(PutHistogram(Metric("h"), kNow, Small(1, 2, 3.5))) << "the same again";
  EXPECT_EQ(head_->Stats().histograms_appended, 1);
  EXPECT_EQ(PutHistogram(Metric("h"), kNow, Small(1, 3, 3.5)).error().code, ErrorCode::kDuplicate);
  EXPECT_EQ(Put(*head_, Metric("h"), kNow, 3.5).error().code, ErrorCode::kDuplicate) << "a float of the same time";
  EXPECT_EQ(PutHistogram(Metric("h"), kNow - 1, Small(1, 2, 3.5)).error().code, ErrorCode::kOutOfOrder)
      << "no window for histograms";
  EXPECT_EQ(PutHistogram(Metric("n"), kNow + kHourMs, Small(1, 2, 3.5)).error().code, ErrorCode::kOutOfBounds);
  EXPECT_EQ(PutHistogram(Metric("n"), kNow - kHourMs, Small(1, 2, 3.5)).error().code, ErrorCode::kOutOfBounds);
  Histogram wrong = Small(1, 2, 3.5);
  wrong.count = 7;
  const Status refused = PutHistogram(Metric("h"), kNow + 1, wrong);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("sample of h"));
  EXPECT_EQ(Refused(*head_, RefusedReason::kInvalidHistogram), 1);
  FloatHistogram huge = Small(1, 2, 3.5).ToFloat();
  huge.layout.positive_spans = {{0, 30'000}};
  huge.positive_buckets.assign(30'000, 1);
  EXPECT_EQ(PutHistogram(Metric("h"), kNow + 1, huge).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(HeadHistogramTest, OrderInsideABatchIsKeptAcrossKinds) {
  const auto appender = head_->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
  ASSERT_TRUE(appender->AppendHistogram(0, Metric("m"), kNow + 1, Small(1, 1, 2)));
  EXPECT_TRUE(appender->AppendHistogram(0, Metric("m"), kNow + 1, Small(1, 1, 2)));
  EXPECT_EQ(appender->AppendHistogram(0, Metric("m"), kNow + 1, Small(1, 2, 2)).error().code, ErrorCode::kDuplicate);
  EXPECT_EQ(appender->AppendHistogram(0, Metric("m"), kNow, Small(1, 1, 2)).error().code, ErrorCode::kOutOfOrder);
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow + 2, 3));
  ASSERT_TRUE(appender->AppendHistogram(0, Metric("m"), kNow + 3, Small(1, 1, 2).ToFloat()));
  ASSERT_TRUE(appender->Commit());
  for (int round = 0; round < 2; ++round) {
    const auto points = PointsOf(*head_, "m");
    ASSERT_EQ(points.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(points[i].timestamp, kNow + static_cast<TimestampMs>(i));
      EXPECT_EQ(points[i].value.index(), i % 2);
    }
    Reopen();
  }
}

TEST_F(HeadHistogramTest, RollbackForgetsHistograms) {
  {
    const auto appender = head_->NewAppender();
    ASSERT_TRUE(appender->AppendHistogram(0, Metric("m"), kNow, Small(1, 1, 2)));
  }
  EXPECT_TRUE(PointsOf(*head_, "m").empty());
  EXPECT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  Maintain(*head_, kNow + kDayMs);
  EXPECT_EQ(head_->Stats().series, 0);
  EXPECT_EQ(head_->Stats().chunk_bytes, 0);
}

TEST_F(HeadHistogramTest, FloatMarkerEndsASeriesOfHistograms) {
  ASSERT_TRUE(PutHistogram(Metric("h"), kNow, Small(1, 1, 2)));
  ASSERT_TRUE(PutHistogram(Metric("f"), kNow, Small(1, 1, 2).ToFloat()));
  for (const char* name : {"h", "f"}) {
    ASSERT_TRUE(Put(*head_, Metric(name), kNow + 1, StaleMarker()));
    EXPECT_TRUE(Put(*head_, Metric(name), kNow + 1, StaleMarker())) << "the same again";
  }
  for (int round = 0; round < 2; ++round) {
    for (const char* name : {"h", "f"}) {
      const auto points = PointsOf(*head_, name);
      ASSERT_EQ(points.size(), 2U) << name;
      const auto* histogram = std::get_if<FloatHistogram>(&points[1].value);
      ASSERT_TRUE(histogram) << name;
      EXPECT_TRUE(histogram->IsStale()) << name;
    }
    Reopen();
  }
}

TEST_F(HeadHistogramTest, NewestOnlyGivesHistograms) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(PutHistogram(Metric("h"), kNow + i * 1000, Small(i, 1, i)));
  for (const int wanted : {0, 50, 119, 120, 200, 299}) {
    const auto points =
        ReadPoints(*head_, {.matchers = {}, .min = kNow, .max = kNow + wanted * 1000 + 999, .newest_only = true});
    ASSERT_EQ(points.size(), 1U) << wanted;
    EXPECT_TRUE(IsSame(points[0], {kNow + wanted * 1000, Small(wanted, 1, wanted).ToFloat()})) << wanted;
  }
}

TEST_F(HeadHistogramTest, LateFloatsStayOutOfChunksOfHistograms) {
  options_.out_of_order_window = kHourMs;
  Reopen();
  ASSERT_TRUE(PutHistogram(Metric("m"), kNow, Small(1, 1, 2)));
  ASSERT_TRUE(PutHistogram(Metric("m"), kNow + 10, Small(1, 2, 2)));
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 20, 1));
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 5, 1));
  EXPECT_EQ(Refused(*head_, RefusedReason::kOutOfOrder), 1) << "among histograms";
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow - 5, 2));
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow + 15, 3));
  for (int round = 0; round < 2; ++round) {
    std::vector<TimestampMs> times;
    for (const Point& point : PointsOf(*head_, "m")) times.push_back(point.timestamp - kNow);
    EXPECT_THAT(times, ::testing::ElementsAre(-5, 0, 10, 15, 20));
    Reopen();
  }
}

TEST_F(HeadHistogramTest, PowerCutKeepsWhatWasSynced) {
  ASSERT_TRUE(PutHistogram(Metric("h"), kNow, Small(1, 1, 2)));
  ASSERT_TRUE(head_->Sync());
  ASSERT_TRUE(PutHistogram(Metric("h"), kNow + 1, Small(1, 2, 2)));
  fs_.Crash();
  Reopen();
  EXPECT_EQ(PointsOf(*head_, "h").size(), 1U);
}

template <class AnyHistogram>
FloatHistogram AsFloat(const AnyHistogram& histogram) {
  if constexpr (std::is_same_v<AnyHistogram, Histogram>) {
    return histogram.ToFloat();
  } else {
    return histogram;
  }
}

class HeadHistogramRandomTest : public ::testing::TestWithParam<unsigned> {};

// Series of all kinds with floats in between, restarts, chunks on disk and what a block gets.
TEST_P(HeadHistogramRandomTest, HoldsWhatWasSent) {
  RandomHistograms<Histogram> whole(GetParam());
  RandomHistograms<FloatHistogram> counts(GetParam() + 1000);
  testing::MemFs fs;
  HeadOptions options{.block_range = 5 * kMinuteMs, .memory_window = kMinuteMs, .max_future = kDayMs};
  options.wal.segment_bytes = 32768;
  auto head = OpenHead(fs, options);
  std::map<std::string, std::vector<Point>> expected;
  TimestampMs now = kNow;
  const auto put = [&](Appender& appender, const std::string& name, const auto& histogram) {
    ASSERT_TRUE(appender.AppendHistogram(0, Metric(name), now, histogram));
    expected[name].push_back({now, AsFloat(histogram)});
  };
  for (int round = 0; round < 150; ++round) {
    const auto appender = head->NewAppender();
    for (int i = 0; i < 10; ++i) {
      now += kSecondMs;
      put(*appender, "whole", whole.Next());
      put(*appender, "counts", counts.Next());
      if (whole.Chance(20)) {
        ASSERT_TRUE(appender->Append(0, Metric("mixed"), now, i));
        expected["mixed"].push_back({now, static_cast<double>(i)});
      } else if (whole.Chance(2)) {
        put(*appender, "mixed", whole.Next());
      } else {
        put(*appender, "mixed", counts.Next());
      }
    }
    ASSERT_TRUE(appender->Commit());
    if (whole.Chance(10)) head->Maintain(now);
    if (whole.Chance(15)) {
      head.reset();
      head = OpenHead(fs, options);
    }
  }
  EXPECT_EQ(head->Stats().replay.unknown_samples, 0);
  for (const auto& [name, points] : expected) {
    const auto actual = PointsOf(*head, name);
    ASSERT_EQ(actual.size(), points.size()) << name;
    for (std::size_t i = 0; i < points.size(); ++i) ASSERT_TRUE(IsSame(actual[i], points[i])) << name << " " << i;
  }
  const auto source = head->SeriesIn(kNow, now + 1);
  ChunkSeries series;
  std::size_t samples = 0;
  while (*source->Next(&series)) {
    for (const ChunkRef& chunk : series.chunks) {
      samples += chunk.sample_count();
      EXPECT_EQ(chunk.min_time() / options.block_range, chunk.max_time() / options.block_range);
    }
  }
  EXPECT_EQ(samples, 4500U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HeadHistogramRandomTest, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace tickbird::tsdb
