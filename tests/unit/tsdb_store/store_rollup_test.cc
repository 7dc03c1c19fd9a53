#include <random>

#include "core/tsdb/rollup/rollup_file.h"
#include "tests/unit/tsdb_store/store_testing.h"

namespace tickbird::tsdb {
namespace {

using Points = std::map<std::string, std::map<TimestampMs, std::tuple<double, double, double, std::int64_t>>>;

/// What Select has, folded in the plainest way.
Points Expected(const Store& store, DurationMs resolution, Interval interval) {
  Points points;
  for (const auto& [name, samples] : Read(store, {.matchers = {}, .min = interval.min, .max = interval.max})) {
    for (const auto& [time, value] : samples) {
      const auto end = (time + resolution - 1) / resolution * resolution;
      const auto [at, is_new] = points[name].try_emplace(end, value, value, 0, 0);
      auto& [min, max, sum, count] = at->second;
      min = std::min(min, value);
      max = std::max(max, value);
      sum += value;
      ++count;
    }
  }
  return points;
}

Points Selected(const Store& store, DurationMs resolution, Interval interval) {
  const auto selected =
      store.SelectRollups({.matchers = {}, .resolution = resolution, .interval = interval, .max_points = 1'000'000});
  EXPECT_TRUE(selected) << (selected ? "" : selected.error().message);
  Points points;
  for (const RollupSeries& series : *selected) {
    for (const RollupPoint& point : series.points)
      points[series.labels.ToString()][point.end] = {point.min, point.max, point.sum, point.count};
  }
  return points;
}

class StoreRollupTest : public ::testing::Test {
 protected:
  /// Three hours of three series, with blocks made along the way.
  void Fill() {
    store_ = OpenStore(fs_, kStart);
    for (int second = 0; second < 3 * 3600; ++second) {
      const TimestampMs now = kStart + second * kSecondMs;
      const auto appender = store_->NewAppender();
      ASSERT_TRUE(appender->Append(0, Metric("every_second"), now, second % 977));
      if (second % 15 == 0) ASSERT_TRUE(appender->Append(0, Metric("every_15s"), now, second % 511));
      if (second / 600 % 2 == 0) ASSERT_TRUE(appender->Append(0, Metric("now_and_then"), now, -second));
      ASSERT_TRUE(appender->Commit());
      if (second % 60 == 59) store_->Maintain(now);
    }
    ASSERT_GT(store_->Blocks().size(), 1U);
  }

  void ExpectTruth() {
    std::mt19937_64 random(5);
    for (int round = 0; round < 30; ++round) {
      const auto begin = kStart - kMinuteMs + static_cast<TimestampMs>(random() % (3 * kHourMs));
      const Interval interval = {begin, begin + static_cast<TimestampMs>(random() % (2 * kHourMs))};
      for (const DurationMs resolution : kRollupResolutions) {
        ASSERT_EQ(Selected(*store_, resolution, interval), Expected(*store_, resolution, interval))
            << interval.min << " - " << interval.max;
      }
    }
  }

  std::vector<std::string> BlockPaths() const {
    std::vector<std::string> paths;
    for (const BlockInfo& block : store_->Blocks()) paths.push_back(JoinPath(kData, block.meta.ulid));
    return paths;
  }

  tickbird::testing::MemFs fs_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreRollupTest, EqualsWhatTheSamplesComeTo) {
  Fill();
  for (const std::string& block : BlockPaths()) {
    EXPECT_TRUE(RollupReader::Open(fs_, block, kMinuteMs)) << block;
    EXPECT_TRUE(RollupReader::Open(fs_, block, kHourMs)) << block;
  }
  ExpectTruth();
}

TEST_F(StoreRollupTest, ForgetsWhatWasDeleted) {
  Fill();
  const auto matcher = Matcher::Equal("__name__", "every_second");
  ASSERT_TRUE(store_->DeleteSeries({matcher}, {kStart + 10 * kMinuteMs + 500, kStart + 100 * kMinuteMs}));
  ExpectTruth();
  ASSERT_TRUE(store_->CleanTombstones(kStart + 3 * kHourMs));
  ExpectTruth();
}

TEST_F(StoreRollupTest, DoesWithoutDamagedOrMissingFiles) {
  Fill();
  const auto blocks = BlockPaths();
  ASSERT_TRUE(fs_.Remove(blocks[0] + "/rollup-1m"));
  for (const std::string& block : blocks) {
    std::string bytes = *fs_.Read(block + "/rollup-1h");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    fs_.Overwrite(block + "/rollup-1h", bytes);
  }
  ExpectTruth();
}

TEST_F(StoreRollupTest, AnswersFromMemoryAlone) {
  store_ = *Store::Open(fs_, SmallBlocks(), "", kStart);
  for (int second = 1; second <= 120; ++second)
    ASSERT_TRUE(Put(*store_, Metric("m"), kStart + second * kSecondMs, second));
  ExpectTruth();
}

}  // namespace
}  // namespace tickbird::tsdb
