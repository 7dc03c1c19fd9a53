#include "core/tsdb/rollup/rollup_select.h"

#include "core/tsdb/chunk/xor_chunk.h"
#include "core/tsdb/rollup/rollup_recorder.h"
#include "tests/testing/mem_fs.h"
#include "tests/testing/memory_queryable.h"
#include "tests/unit/tsdb_rollup/rollup_testing.h"

namespace tickbird::tsdb {
namespace {

using Content = std::map<Labels, std::map<TimestampMs, double>>;

/// A block as far as roll-ups care: samples in memory, files as WriteBlock would leave them.
class FakeBlock final : public RollupSource {
 public:
  FakeBlock(Fs& fs, std::string directory, Interval range, const Content& content, DurationMs resolution)
      : range_(range) {
    EXPECT_TRUE(fs.MakeDirs(directory));
    RollupRecorder recorder(fs, directory);
    std::uint32_t id = 5;
    for (const auto& [labels, samples] : content) {
      XorAppender appender;
      ChunkSeries series = {.labels = labels, .chunks = {}};
      for (auto at = samples.lower_bound(range.min); at != samples.end() && at->first <= range.max; ++at) {
        samples_.Add(labels, at->first, at->second);
        if (appender.count() == 120) {
          series.chunks.push_back(appender.Snapshot());
          appender.Clear();
        }
        appender.Append(at->first, at->second);
      }
      if (appender.empty()) continue;
      series.chunks.push_back(appender.Snapshot());
      EXPECT_TRUE(recorder.Observe(id, series));
      found_.emplace_back(labels, id);
      id += 7;
    }
    EXPECT_TRUE(recorder.Finish());
    auto reader = RollupReader::Open(fs, directory, resolution);
    if (reader) reader_ = std::move(*reader);
  }

  Interval range() const override { return range_; }
  const Queryable& samples() const override { return samples_; }
  Result<std::vector<std::pair<Labels, std::uint32_t>>> Find(const std::vector<Matcher>& matchers) const override {
    std::vector<std::pair<Labels, std::uint32_t>> matching;
    for (const auto& [labels, id] : found_) {
      bool matches = true;
      for (const Matcher& matcher : matchers) matches = matches && matcher.Matches(labels);
      if (matches) matching.emplace_back(labels, id);
    }
    return matching;
  }
  const RollupReader* rollups() const override { return reader_.get(); }
  const testing::MemoryQueryable& memory() const { return samples_; }

 private:
  Interval range_;
  testing::MemoryQueryable samples_;
  std::vector<std::pair<Labels, std::uint32_t>> found_;
  std::unique_ptr<RollupReader> reader_;
};

class SelectRollupsTest : public ::testing::Test {
 protected:
  FakeBlock* AddBlock(Interval range, DurationMs resolution = kMinuteMs) {
    auto block =
        std::make_unique<FakeBlock>(fs_, "data/" + std::to_string(blocks_.size()), range, content_, resolution);
    FakeBlock* const added = block.get();
    blocks_.push_back(std::move(block));
    return added;
  }

  testing::MemoryQueryable Raw() const {
    testing::MemoryQueryable raw;
    for (const auto& [labels, samples] : content_) {
      for (const auto& [time, value] : samples) raw.Add(labels, time, value);
    }
    return raw;
  }

  std::map<Labels, std::vector<RollupPoint>> Select(const RollupSelection& selection, TimestampMs open_from) {
    raw_ = Raw();
    const auto selected = SelectRollups(raw_, blocks_, open_from, selection);
    EXPECT_TRUE(selected) << (selected ? "" : selected.error().message);
    std::map<Labels, std::vector<RollupPoint>> answer;
    for (const RollupSeries& series : *selected) answer[series.labels] = series.points;
    return answer;
  }

  void ExpectBruteForce(const RollupSelection& selection, TimestampMs open_from) {
    std::map<Labels, std::vector<RollupPoint>> expected;
    for (const auto& [labels, samples] : content_) {
      auto points = BruteForce(samples, selection.resolution, selection.interval.min, selection.interval.max);
      if (!points.empty()) expected[labels] = std::move(points);
    }
    EXPECT_EQ(Select(selection, open_from), expected)
        << selection.interval.min << " - " << selection.interval.max << " at " << selection.resolution;
  }

  tickbird::testing::MemFs fs_;
  Content content_;
  std::vector<std::unique_ptr<RollupSource>> blocks_;
  testing::MemoryQueryable raw_;
};

const Labels kCpu = {{"__name__", "cpu"}};

TEST_F(SelectRollupsTest, LosesNoSpike) {
  for (int second = 0; second < 7200; ++second) content_[kCpu][kHour0 + second * kSecondMs] = 3;
  content_[kCpu][kHour0 + 4711 * kSecondMs] = 99;
  for (const DurationMs resolution : kRollupResolutions) {
    blocks_.clear();
    FakeBlock* const block = AddBlock({kHour0, kHour0 + 2 * kHourMs - 1}, resolution);
    const auto answer =
        Select({.matchers = {}, .resolution = resolution, .interval = {kHour0, kHour0 + 2 * kHourMs - 1}}, kMaxTime);
    double highest = 0;
    for (const RollupPoint& point : answer.at(kCpu)) highest = std::max(highest, point.max);
    EXPECT_EQ(highest, 99);
    EXPECT_EQ(raw_.selects() + block->memory().selects(), 0) << "the files hold it all";
  }
}

TEST_F(SelectRollupsTest, EqualsBruteForceWhateverLiesWhere) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 60; ++round) {
    content_.clear();
    blocks_.clear();
    for (int series = 0; series < 4; ++series) {
      auto& samples = content_[{{"__name__", "m"}, {"series", std::to_string(series)}}];
      // From one a second, which is worth a roll-up, to one a minute, which is not.
      const DurationMs step = kSecondMs << (2 * series);
      TimestampMs time = kHour0 + static_cast<TimestampMs>(random() % 4) * kHourMs;
      while (time < kHour0 + 6 * kHourMs) {
        samples[time] = random() % 50 == 0 ? StaleMarker() : static_cast<double>(random() % 100'000);
        time += random() % 100 == 0 ? static_cast<DurationMs>(random() % kHourMs) : step;
      }
    }
    const DurationMs resolution = kRollupResolutions[random() % 2];
    for (TimestampMs begin = kHour0; begin < kHour0 + 5 * kHourMs; begin += 2 * kHourMs) {
      if (random() % 5 == 0) continue;
      const TimestampMs shift = random() % 4 == 0 ? static_cast<TimestampMs>(random() % kHourMs) : 0;
      AddBlock({begin - shift, begin + 2 * kHourMs - 1}, resolution);
    }
    const TimestampMs begin = kHour0 - 1000 + static_cast<TimestampMs>(random() % (5 * kHourMs));
    ExpectBruteForce({.matchers = {},
                      .resolution = resolution,
                      .interval = {begin, begin + static_cast<TimestampMs>(random() % (4 * kHourMs))}},
                     kHour0 + 4 * kHourMs + static_cast<TimestampMs>(random() % (3 * kHourMs)));
  }
}

TEST_F(SelectRollupsTest, JoinsTheBucketAtASeamOfBlocks) {
  // The sample at 16:00:00 stands in the second block, its bucket began in the first.
  for (TimestampMs time = kHour0 + 1000; time <= kHour0 + 4 * kHourMs; time += kSecondMs) content_[kCpu][time] = 2;
  AddBlock({kHour0, kHour0 + 2 * kHourMs - 1}, kHourMs);
  AddBlock({kHour0 + 2 * kHourMs, kHour0 + 4 * kHourMs - 1}, kHourMs);
  const auto answer =
      Select({.matchers = {}, .resolution = kHourMs, .interval = {kHour0 + 1, kHour0 + 4 * kHourMs}}, kMaxTime);
  ASSERT_EQ(answer.at(kCpu).size(), 4U);
  for (const RollupPoint& point : answer.at(kCpu)) EXPECT_EQ(point.count, 3600);
}

TEST_F(SelectRollupsTest, PassesOverDamage) {
  for (int second = 0; second < 7200; ++second) content_[kCpu][kHour0 + second * kSecondMs] = second;
  AddBlock({kHour0, kHour0 + 2 * kHourMs - 1});
  std::string bytes = *fs_.Read("data/0/rollup-1m");
  bytes[200] = static_cast<char>(bytes[200] ^ 4);
  fs_.Overwrite("data/0/rollup-1m", bytes);
  ExpectBruteForce({.matchers = {}, .resolution = kMinuteMs, .interval = {kHour0, kHour0 + kHourMs}}, kMaxTime);
}

TEST_F(SelectRollupsTest, ReadsOnlyWhatMatches) {
  for (int second = 0; second < 600; ++second) {
    content_[kCpu][kHour0 + second * kSecondMs] = 1;
    content_[{{"__name__", "load"}}][kHour0 + second * kSecondMs] = 1;
  }
  AddBlock({kHour0, kHour0 + 2 * kHourMs - 1});
  const auto answer = Select({.matchers = {Matcher::Equal("__name__", "load")},
                              .resolution = kMinuteMs,
                              .interval = {kHour0, kHour0 + kHourMs}},
                             kMaxTime);
  EXPECT_EQ(answer.size(), 1U);
}

TEST_F(SelectRollupsTest, RefusesWhatIsTooMuchOrNotKept) {
  for (int second = 0; second < 600; ++second) content_[kCpu][kHour0 + second * kSecondMs] = 1;
  raw_ = Raw();
  const auto code = [&](RollupSelection selection) {
    return SelectRollups(raw_, blocks_, kMaxTime, selection).error().code;
  };
  EXPECT_EQ(code({.matchers = {}, .resolution = 5 * kMinuteMs, .interval = {0, 1}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.matchers = {}, .resolution = kMinuteMs, .interval = {1, 0}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code({.matchers = {}, .resolution = kMinuteMs, .interval = {0, kMaxTime}, .max_points = 9}),
            ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace tickbird::tsdb
