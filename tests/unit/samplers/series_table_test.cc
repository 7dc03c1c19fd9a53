#include "agent/samplers/series_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/recording_appender.h"

namespace tickbird::samplers {
namespace {

constexpr Column kColumns[] = {{"a_total", MetricType::kCounter, "A."}, {"b", MetricType::kGauge, "B.", {"mode", "x"}}};

class SeriesTableTest : public ::testing::Test {
 protected:
  // One round that sees `keys` in this order and sets the first column, and the second too where `both`.
  std::vector<std::string> Round(const std::vector<std::string>& keys, bool both = false) {
    appender_.Clear();
    ++state_.round;
    Batch batch(state_, appender_, static_cast<TimestampMs>(state_.round) * 1000);
    for (const std::string& key : keys) {
      Row* const row = table_.Touch(batch, key, [&](RowBuilder& builder) {
        if (!key.starts_with("ignored")) builder.Label("device", key).Add(kColumns);
      });
      if (row == nullptr) continue;
      row->Set(batch, 0, 1.0);
      if (both) row->Set(batch, 1, 2.0);
    }
    table_.EndRound(batch);
    return appender_.Lines();
  }

  testing::RecordingAppender appender_;
  BatchState state_;
  SeriesTable table_{Labels{{"job", "j"}}, 3};
};

TEST_F(SeriesTableTest, BuildsLabelsOnceAndThenAppendsByReference) {
  EXPECT_EQ(Round({"d"}, true),
            (std::vector<std::string>{R"(a_total{device="d", job="j"} 1)", R"(b{device="d", job="j", mode="x"} 2)"}));
  EXPECT_EQ(appender_.lookups_by_labels(), 2);
  EXPECT_EQ(appender_.metadata_calls(), 2);
  Round({"d"}, true);
  EXPECT_EQ(appender_.lookups_by_labels(), 0);
  EXPECT_EQ(appender_.metadata_calls(), 0);
}

TEST_F(SeriesTableTest, EndsTheSeriesOfARowThatVanishesOnce) {
  Round({"d", "e"}, true);
  EXPECT_EQ(Round({"e"}),
            (std::vector<std::string>{R"(a_total{device="d", job="j"} stale)", R"(a_total{device="e", job="j"} 1)",
                                      R"(b{device="d", job="j", mode="x"} stale)",
                                      R"(b{device="e", job="j", mode="x"} stale)"}));
  EXPECT_EQ(Round({"e"}), std::vector<std::string>{R"(a_total{device="e", job="j"} 1)"});
  EXPECT_EQ(table_.row_count(), 1u);
}

TEST_F(SeriesTableTest, DoesNotEndWhatNeverHadAValue) {
  Round({"d"});
  EXPECT_EQ(Round({}), std::vector<std::string>{R"(a_total{device="d", job="j"} stale)"});
}

TEST_F(SeriesTableTest, ComesBackAfterItHasEnded) {
  Round({"d"});
  Round({});
  EXPECT_EQ(Round({"d"}), std::vector<std::string>{R"(a_total{device="d", job="j"} 1)"});
}

TEST_F(SeriesTableTest, FollowsAnyOrder) {
  Round({"d", "e", "f"});
  for (const auto& order : std::vector<std::vector<std::string>>{{"f", "e", "d"}, {"e", "f", "d"}, {"d", "f", "e"}}) {
    EXPECT_EQ(Round(order).size(), 3u);
    EXPECT_EQ(appender_.lookups_by_labels(), 0);
  }
  EXPECT_EQ(table_.dropped(), 0u);
}

TEST_F(SeriesTableTest, InsertsInTheMiddle) {
  Round({"d", "f"});
  EXPECT_EQ(Round({"d", "e", "f"}).size(), 3u);
  EXPECT_EQ(appender_.lookups_by_labels(), 1);
  Round({"d", "e", "f"});
  EXPECT_EQ(appender_.lookups_by_labels(), 0);
}

TEST_F(SeriesTableTest, CountsWhatIsOverTheLimitAndKeepsWhatItHas) {
  EXPECT_EQ(Round({"c", "d", "e", "f", "g"}).size(), 3u);
  EXPECT_EQ(table_.dropped(), 2u);
  EXPECT_EQ(Round({"f", "c", "d", "e"}).size(), 3u);
  EXPECT_EQ(appender_.lookups_by_labels(), 0);
  EXPECT_EQ(table_.dropped(), 3u);
}

TEST_F(SeriesTableTest, MakesRoomWhenARowVanishes) {
  Round({"c", "d", "e"});
  Round({"c", "e"});
  EXPECT_EQ(Round({"c", "e", "f"}).size(), 3u);
  EXPECT_EQ(table_.dropped(), 0u);
}

TEST_F(SeriesTableTest, IgnoredRowsTakeNoRoomAndAreBounded) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 2 * SeriesTable::kMinIgnoredRows; ++i) keys.push_back("ignored" + std::to_string(i));
  keys.insert(keys.end(), {"c", "d", "e"});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Round(keys).size(), 3u);
    EXPECT_LE(table_.row_count(), SeriesTable::kMinIgnoredRows + 8);
    EXPECT_EQ(table_.dropped(), 0u);
  }
}

TEST_F(SeriesTableTest, TakesOnlyTheFirstOfEqualKeys) {
  EXPECT_EQ(Round({"d", "d"}).size(), 1u);
  EXPECT_EQ(Round({"d", "e", "d"}).size(), 2u);
}

TEST_F(SeriesTableTest, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(Round({"a\xff"
                   "b\xc3\xb6\xe2\x82"}),
            std::vector<std::string>{"a_total{device=\"a\xEF\xBF\xBD"
                                     "b\xc3\xb6\xEF\xBF\xBD\xEF\xBF\xBD\", job=\"j\"} 1"});
}

TEST_F(SeriesTableTest, CountsRefusalsAndTriesAgain) {
  appender_.RefuseWith(ErrorCode::kTooLarge);
  EXPECT_TRUE(Round({"d"}).empty());
  EXPECT_EQ(state_.refused, 1u);
  appender_.RefuseWith(std::nullopt);
  EXPECT_EQ(Round({"d"}).size(), 1u);
}

}  // namespace
}  // namespace tickbird::samplers
