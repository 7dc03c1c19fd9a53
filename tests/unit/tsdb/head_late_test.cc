#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/tsdb/head_testing.h"

/// Samples out of order.
namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kWbl = "data/wbl";

class HeadLateTest : public ::testing::Test {
 protected:
  void Reopen() {
    head_.reset();
    head_ = OpenHead(fs_, options_);
  }
  /// 300 samples, one every ten seconds up to kNow: several chunks.
  void Fill(const Labels& labels) {
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(Put(*head_, labels, Time(i), i * 1.1));
  }
  static TimestampMs Time(int i) { return kNow - (299 - i) * 10 * kSecondMs; }

  HeadOptions options_{.out_of_order_window = kHourMs};
  testing::MemFs fs_;
  std::unique_ptr<Head> head_ = OpenHead(fs_, options_);
};

TEST_F(HeadLateTest, SampleGoesWhereItBelongsAndComesBackAfterARestart) {
  Fill(Metric("m"));
  std::vector<Sample> expected = ReadAll(*head_)["m"];
  for (const int i : {298, 150, 20, 151, 150}) {
    const Sample late{Time(i) + 5, i * 2.0 + static_cast<double>(expected.size())};
    const bool is_new = std::find_if(expected.begin(), expected.end(), [&](const Sample& sample) {
                          return sample.timestamp == late.timestamp;
                        }) == expected.end();
    ASSERT_TRUE(Put(*head_, Metric("m"), late.timestamp, late.value));
    if (!is_new) continue;
    expected.insert(std::find_if(expected.begin(), expected.end(),
                                 [&](const Sample& sample) { return sample.timestamp > late.timestamp; }),
                    late);
  }
  EXPECT_EQ(ReadAll(*head_)["m"], expected);
  EXPECT_EQ(head_->Stats().samples_out_of_order, 4);
  EXPECT_EQ(Refused(*head_, RefusedReason::kDuplicate), 1) << "found at the commit";
  EXPECT_GT(head_->Stats().wbl.bytes, 0);
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"], expected);
  EXPECT_EQ(head_->Stats().replay.repeated_samples, 0);
  EXPECT_EQ(head_->Stats().replay.wbl.records, 4);
}

TEST_F(HeadLateTest, SameSampleAgainIsIgnored) {
  Fill(Metric("m"));
  const auto before = ReadAll(*head_);
  const auto appender = head_->NewAppender();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(appender->Append(0, Metric("m"), Time(i), i * 1.1));
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_), before);
  EXPECT_EQ(head_->Stats().samples_out_of_order, 0);
  EXPECT_EQ(Refused(*head_, RefusedReason::kDuplicate), 0);
  EXPECT_FALSE(fs_.Exists(kWbl)) << "the second log is made when it is needed";
}

TEST_F(HeadLateTest, FirstSamplesOfAHeadComeInAnyOrder) {
  const auto appender = head_->NewAppender();
  for (const int t : {50, 10, 90, 30, 70, 10}) ASSERT_TRUE(appender->Append(0, Metric("m"), kNow + t, t));
  ASSERT_TRUE(appender->Commit());
  const std::vector<Sample> expected = {
      {kNow + 10, 10}, {kNow + 30, 30}, {kNow + 50, 50}, {kNow + 70, 70}, {kNow + 90, 90}};
  EXPECT_EQ(ReadAll(*head_)["m"], expected);
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"], expected);
}

TEST_F(HeadLateTest, NoWindowRefusesAll) {
  options_.out_of_order_window = 0;
  Reopen();
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  EXPECT_EQ(Put(*head_, Metric("m"), kNow - 1, 1).error().code, ErrorCode::kOutOfOrder);
  EXPECT_TRUE(Put(*head_, Metric("other"), kNow - 1, 1)) << "in the order of its series";
}

TEST_F(HeadLateTest, WhatIsFarBehindTheHeadIsTooOldAlsoForANewSeries) {
  options_ = {};
  Reopen();
  EXPECT_TRUE(Put(*head_, Metric("old"), kNow - kHourMs, 1)) << "the head is empty";
  EXPECT_EQ(head_->oldest_taken(), kNow - kHourMs - 15 * kMinuteMs);
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  EXPECT_EQ(head_->oldest_taken(), kNow - 15 * kMinuteMs) << "half a block range";
  EXPECT_EQ(Put(*head_, Metric("n"), kNow - 15 * kMinuteMs - 1, 1).error().code, ErrorCode::kOutOfBounds);
  EXPECT_TRUE(Put(*head_, Metric("n"), kNow - 15 * kMinuteMs, 1));
  EXPECT_EQ(Refused(*head_, RefusedReason::kTooOld), 1);
  head_->DropBefore(kNow - 5);
  EXPECT_EQ(head_->oldest_taken(), kNow - 5);
  EXPECT_EQ(Put(*head_, Metric("n"), kNow - 6, 1).error().code, ErrorCode::kOutOfBounds);
}

TEST_F(HeadLateTest, OpenBatchesLoseWhatABlockHasTakenOver) {
  ASSERT_TRUE(Put(*head_, Metric("m"), kNow, 1));
  const auto appender = head_->NewAppender();
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow - 10, 2));
  ASSERT_TRUE(appender->Append(0, Metric("n"), kNow - 10, 3));
  ASSERT_TRUE(appender->Append(0, Metric("m"), kNow + 10, 4));
  head_->DropBefore(kNow - 5);
  ASSERT_TRUE(appender->Commit());
  EXPECT_EQ(ReadAll(*head_), (Content{{"m", {{kNow, 1}, {kNow + 10, 4}}}}));
  EXPECT_EQ(Refused(*head_, RefusedReason::kTooOld) + Refused(*head_, RefusedReason::kOutOfOrder), 2);
}

TEST_F(HeadLateTest, OverlappingBatchesBothArrive) {
  const auto late = head_->NewAppender();
  const auto early = head_->NewAppender();
  ASSERT_TRUE(late->Append(0, Metric("m"), kNow + 1, 1));
  ASSERT_TRUE(early->Append(0, Metric("m"), kNow, 2));
  ASSERT_TRUE(late->Commit());
  ASSERT_TRUE(early->Commit());
  EXPECT_EQ(ReadAll(*head_)["m"], (std::vector<Sample>{{kNow, 2}, {kNow + 1, 1}}));
  EXPECT_EQ(head_->Stats().samples_out_of_order, 1);
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 2U);
}

TEST_F(HeadLateTest, RollbackLetsTheSeriesExpire) {
  {
    const auto appender = head_->NewAppender();
    ASSERT_TRUE(appender->Append(0, Metric("m"), kNow, 1));
    ASSERT_TRUE(appender->Append(0, Metric("m"), kNow - 1, 1));
  }
  Maintain(*head_, kNow + kDayMs);
  EXPECT_EQ(head_->Stats().series, 0);
}

TEST_F(HeadLateTest, ListenerHearsOfLateSamples) {
  Fill(Metric("m"));
  std::vector<std::string> names;
  head_->SetCommitListener([&](const CommitNotice& notice) {
    EXPECT_EQ(notice.newest, Time(10) + 1);
    for (const std::string_view name : notice.metric_names) names.emplace_back(name);
  });
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(10) + 1, 1));
  EXPECT_THAT(names, ElementsAre("m"));
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(10) + 1, 1));
  EXPECT_EQ(names.size(), 1U) << "nothing changed";
}

TEST_F(HeadLateTest, CursorsKeepWhatTheyHave) {
  Fill(Metric("m"));
  auto selected = head_->Select({.matchers = {}, .min = Time(0), .max = Time(299)});
  ASSERT_TRUE(selected);
  for (int i = 0; i < 299; ++i) ASSERT_TRUE(Put(*head_, Metric("m"), Time(i) + 1, i));
  std::vector<TimestampMs> timestamps(1000);
  std::vector<double> values(1000);
  EXPECT_EQ(selected->front().cursor->Read(timestamps, values), 300U);
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 599U);
}

TEST_F(HeadLateTest, LogGoesWhenAllItsTimesAreDropped) {
  Fill(Metric("m"));
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(20) + 5, 1));
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(290) + 5, 2));
  head_->DropBefore(Time(290));
  head_->Maintain(kNow);
  EXPECT_EQ(head_->Stats().wbl.segments, 1) << "the second is still held";
  head_->DropBefore(Time(295));
  head_->Maintain(kNow);
  EXPECT_EQ(head_->Stats().wbl.segments, 0);
  EXPECT_THAT(fs_.List(kWbl).value_or(std::vector<std::string>{"?"}), IsEmpty());
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(297) + 5, 3));
  Reopen();
  EXPECT_EQ(Read(*head_, {.matchers = {}, .min = Time(297) + 5, .max = Time(297) + 5})["m"].size(), 1U);
}

TEST_F(HeadLateTest, PowerCutKeepsWhatWasSynced) {
  Fill(Metric("m"));
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(20) + 5, 1));
  ASSERT_TRUE(head_->Sync());
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(20) + 6, 1));
  fs_.Crash();
  Reopen();
  EXPECT_EQ(ReadAll(*head_)["m"].size(), 301U);
}

TEST_F(HeadLateTest, FailedWriteOfTheSecondLogIsToldAndCostsOnlyDurability) {
  Fill(Metric("m"));
  const std::int64_t before = fs_.calls();
  ASSERT_TRUE(Put(*head_, Metric("m"), Time(20) + 5, 1));
  const std::int64_t calls = fs_.calls() - before;
  for (std::int64_t n = 1; n <= calls; ++n) {
    testing::MemFs fs;
    auto head = OpenHead(fs, options_);
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(Put(*head, Metric("m"), Time(i), i * 1.1));
    fs.FailCall(n);
    EXPECT_FALSE(Put(*head, Metric("m"), Time(20) + 5, 1)) << n;
    EXPECT_EQ(ReadAll(*head)["m"].size(), 301U);
    EXPECT_EQ(head->Stats().wal_samples_lost, 1) << n;
    ASSERT_TRUE(Put(*head, Metric("m"), Time(20) + 6, 1)) << n;
    ASSERT_TRUE(head->Sync());
    fs.Crash();
    head.reset();
    head = OpenHead(fs, options_);
    EXPECT_EQ(ReadAll(*head)["m"].size(), 301U) << n;
    EXPECT_EQ(head->Stats().replay.wbl.damaged_segments, 0) << n;
  }
}

/// What a head should hold, without chunks and logs.
class Model {
 public:
  explicit Model(const HeadOptions& options, TimestampMs min_valid_time)
      : options_(options), min_valid_time_(min_valid_time) {}

  bool Append(const std::string& name, Sample sample) {
    TimestampMs taken_from = min_valid_time_;
    if (max_time_ != kNoTime)
      taken_from = std::max(taken_from, max_time_ - std::max(options_.block_range / 2, Window()));
    if (sample.timestamp < taken_from) return false;
    auto& series = batch_[name];
    TimestampMs newest = kNoTime;
    double value = 0;
    const auto look = [&](const std::map<TimestampMs, double>& samples) {
      if (samples.empty() || samples.rbegin()->first <= newest) return;
      std::tie(newest, value) = *samples.rbegin();
    };
    look(held_[name]);
    look(series);
    if (sample.timestamp == newest) return Sample{newest, value} == sample;
    if (sample.timestamp < newest) {
      if (Window() == 0 || (max_time_ != kNoTime && sample.timestamp < max_time_ - Window())) return false;
      late_.emplace_back(name, sample);
      return true;
    }
    series[sample.timestamp] = sample.value;
    return true;
  }
  void Commit() {
    for (const auto& [name, samples] : batch_) {
      for (const auto& [timestamp, value] : samples) Add(name, {timestamp, value});
    }
    for (const auto& [name, sample] : late_) Add(name, sample);
    batch_.clear();
    late_.clear();
  }
  void Drop(TimestampMs time) { min_valid_time_ = std::max(min_valid_time_, time); }
  TimestampMs min_valid_time() const { return min_valid_time_; }
  TimestampMs max_time() const { return max_time_; }

  Content Since(TimestampMs time) const {
    Content content;
    for (const auto& [name, samples] : held_) {
      for (auto at = samples.lower_bound(time); at != samples.end(); ++at) {
        content[name].push_back({at->first, at->second});
      }
    }
    return content;
  }

 private:
  DurationMs Window() const { return options_.out_of_order_window; }
  void Add(const std::string& name, Sample sample) {
    held_[name].emplace(sample.timestamp, sample.value);
    max_time_ = std::max(max_time_, sample.timestamp);
  }

  HeadOptions options_;
  TimestampMs min_valid_time_;
  TimestampMs max_time_ = kNoTime;
  std::map<std::string, std::map<TimestampMs, double>> held_;
  std::map<std::string, std::map<TimestampMs, double>> batch_;
  std::vector<std::pair<std::string, Sample>> late_;
};

Content Since(const Head& head, TimestampMs time) {
  Content content = Read(head, {.matchers = {}, .min = time, .max = std::numeric_limits<TimestampMs>::max()});
  std::erase_if(content, [](const auto& entry) { return entry.second.empty(); });
  return content;
}

/// Where two contents differ first.
std::string Difference(const Content& actual, const Content& expected) {
  for (const auto& [name, samples] : expected) {
    if (!actual.contains(name)) return name + " is missing";
    const auto& other = actual.at(name);
    const auto at = std::mismatch(samples.begin(), samples.end(), other.begin(), other.end());
    if (at.first != samples.end()) return name + " lacks " + std::to_string(at.first->timestamp);
    if (at.second != other.end()) return name + " has " + std::to_string(at.second->timestamp);
  }
  return "other series";
}

class HeadLateRandomTest : public ::testing::TestWithParam<int> {};

TEST_P(HeadLateRandomTest, HoldsWhatASimpleModelHolds) {
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  const auto upto = [&](int end) { return std::uniform_int_distribution<int>(0, end - 1)(random); };
  constexpr DurationMs kWindows[] = {0, 5 * kSecondMs, 2 * kMinuteMs, 30 * kMinuteMs};
  HeadOptions options{.block_range = (1 + upto(4)) * kMinuteMs,
                      .out_of_order_window = kWindows[upto(4)],
                      .max_future = kDayMs,
                      .series_expiry = kDayMs};
  options.wal.segment_bytes = 32768;
  testing::MemFs fs;
  // Around zero: times before 1970 are cut into ranges, too.
  const TimestampMs start = GetParam() % 2 == 0 ? kNow : -10 * kMinuteMs;
  const auto open = [&](TimestampMs min_valid_time) {
    auto head = Head::Open(fs, options, kData, min_valid_time, start);
    EXPECT_TRUE(head);
    return *std::move(head);
  };
  SCOPED_TRACE("block range " + std::to_string(options.block_range) + ", window " +
               std::to_string(options.out_of_order_window));
  Model model(options, start - kHourMs);
  Model synced = model;
  auto head = open(model.min_valid_time());
  TimestampMs now = start;
  for (int step = 0; step < 400; ++step) {
    const auto appender = head->NewAppender();
    const int count = 1 + upto(60);
    for (int i = 0; i < count; ++i) {
      now += upto(3) * 400;
      const std::string name = "m" + std::to_string(upto(4));
      const int reach = upto(3) == 0 ? 400 : 20;
      const TimestampMs time = upto(3) == 0 ? now - upto(reach) * 1000 : now;
      const Sample sample{time, upto(2) == 0 ? 1.0 : upto(1000) / 7.0};
      const bool taken = appender->Append(0, Metric(name), sample.timestamp, sample.value).has_value();
      ASSERT_EQ(taken, model.Append(name, sample)) << step << " " << name << " " << sample.timestamp;
    }
    ASSERT_TRUE(appender->Commit());
    model.Commit();
    const int op = upto(40);
    switch (op) {
      case 0:
        head.reset();
        head = open(model.min_valid_time());
        break;
      case 1:
        ASSERT_TRUE(head->Sync());
        synced = model;
        break;
      case 2:
        model.Drop(model.max_time() - upto(20) * kMinuteMs);
        head->DropBefore(model.min_valid_time());
        head->Maintain(start);
        break;
      case 3:
        ASSERT_TRUE(head->Sync());
        fs.Crash();
        head.reset();
        head = open(model.min_valid_time());
        break;
      default:
        break;
    }
    ASSERT_TRUE(Since(*head, model.min_valid_time()) == model.Since(model.min_valid_time()))
        << step << " op " << op << " "
        << Difference(Since(*head, model.min_valid_time()), model.Since(model.min_valid_time()));
    ASSERT_LE(head->min_time(), std::max(head->min_valid_time(), head->min_time()));
    ASSERT_EQ(head->max_time(), model.max_time());
  }
  EXPECT_EQ(head->Stats().wal_failures, 0);
  fs.Crash();
  head.reset();
  head = open(synced.min_valid_time());
  const Content all = Since(*head, model.min_valid_time());
  for (const auto& [name, samples] : synced.Since(model.min_valid_time())) {
    for (const Sample& sample : samples) {
      ASSERT_TRUE(all.contains(name));
      const auto& found = all.at(name);
      EXPECT_TRUE(std::find(found.begin(), found.end(), sample) != found.end()) << name << " " << sample.timestamp;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HeadLateRandomTest, ::testing::Range(1, 25));

}  // namespace
}  // namespace tickbird::tsdb
