#include "core/tsdb/store/merge_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A float, or a histogram whose sum is `value`.
struct Item {
  TimestampMs timestamp = 0;
  double value = 0;
  bool is_histogram = false;
  friend bool operator==(const Item&, const Item&) = default;
  friend void PrintTo(const Item& item, std::ostream* out) {
    *out << (item.is_histogram ? "h" : "") << item.timestamp << "=" << item.value;
  }
};

class ListCursor final : public SeriesCursor {
 public:
  explicit ListCursor(std::vector<Item> items, Status at_end = {}, std::size_t at_most = 100)
      : items_(std::move(items)), at_end_(std::move(at_end)), at_most_(at_most) {}

  std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
    std::size_t filled = 0;
    while (filled < std::min(at_most_, timestamps.size()) && next_ < items_.size() && !items_[next_].is_histogram) {
      timestamps[filled] = items_[next_].timestamp;
      values[filled++] = items_[next_++].value;
    }
    return filled;
  }
  bool ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) override {
    if (next_ == items_.size() || !items_[next_].is_histogram) return false;
    *timestamp = items_[next_].timestamp;
    histogram->sum = items_[next_++].value;
    return true;
  }
  Status status() const override { return next_ == items_.size() ? at_end_ : Status{}; }

 private:
  std::vector<Item> items_;
  Status at_end_;
  std::size_t at_most_;
  std::size_t next_ = 0;
};

CursorPart Part(std::vector<Item> items, TimestampMs min = 0, TimestampMs max = 1000) {
  return {std::make_unique<ListCursor>(std::move(items)), min, max};
}

template <class... Parts>
std::vector<CursorPart> List(Parts... parts) {
  std::vector<CursorPart> list;
  (list.push_back(std::move(parts)), ...);
  return list;
}

/// Reads as the engine does: floats in steps of `step`, a histogram where no float comes.
std::vector<Item> ReadAll(SeriesCursor& cursor, std::size_t step = 3) {
  std::vector<Item> items;
  std::vector<TimestampMs> timestamps(step);
  std::vector<double> values(step);
  for (;;) {
    if (const std::size_t got = cursor.Read(timestamps, values)) {
      for (std::size_t i = 0; i < got; ++i) items.push_back({timestamps[i], values[i]});
      continue;
    }
    Item item{.is_histogram = true};
    FloatHistogram histogram;
    if (!cursor.ReadHistogram(&item.timestamp, &histogram)) return items;
    item.value = histogram.sum;
    items.push_back(item);
  }
}

std::vector<Item> Merged(std::vector<CursorPart> parts) {
  return ReadAll(*NewMergeCursor(std::move(parts)));
}

TEST(MergeCursor, ChainsWhatLiesApart) {
  EXPECT_THAT(Merged(List(Part({{30, 3}, {40, 4}}, 25, 100), Part({{10, 1}, {20, 2}}, 0, 24))),
              ElementsAre(Item{10, 1}, Item{20, 2}, Item{30, 3}, Item{40, 4}));
}

TEST(MergeCursor, ChainsFloatsAndHistograms) {
  EXPECT_THAT(Merged(List(Part({{10, 1}, {20, 2, true}}, 0, 24), Part({{30, 3, true}, {40, 4}}, 25, 100))),
              ElementsAre(Item{10, 1}, Item{20, 2, true}, Item{30, 3, true}, Item{40, 4}));
}

TEST(MergeCursor, LeavesOutWhatIsOutsideOfThePart) {
  EXPECT_THAT(Merged(List(Part({{10, 1}, {20, 2}, {30, 3}, {40, 4}}, 15, 35))), ElementsAre(Item{20, 2}, Item{30, 3}));
  EXPECT_THAT(Merged(List(Part({{10, 1}}, 15, 35))), IsEmpty());
  EXPECT_THAT(Merged(List(Part({{10, 1, true}, {20, 2}, {40, 4, true}, {50, 5}}, 15, 35))), ElementsAre(Item{20, 2}));
}

TEST(MergeCursor, ReachesAFloatBehindHistogramsThatAreLeftOut) {
  EXPECT_THAT(Merged(List(Part({{5, 0, true}, {10, 1, true}, {20, 2}}, 15, 35), Part({{40, 4}}, 36, 50))),
              ElementsAre(Item{20, 2}, Item{40, 4}));
}

TEST(MergeCursor, PassesOverEmptyParts) {
  EXPECT_THAT(Merged(List(Part({}, 0, 9), Part({{10, 1, true}}, 10, 19), Part({}, 20, 29), Part({{30, 3}}, 30, 39))),
              ElementsAre(Item{10, 1, true}, Item{30, 3}));
  EXPECT_THAT(Merged({}), IsEmpty());
}

TEST(MergeCursor, TakesTheLaterPartAtEqualTimes) {
  EXPECT_THAT(Merged(List(Part({{10, 1}, {20, 2}, {30, 3}}), Part({{20, -2}, {25, -2.5}}))),
              ElementsAre(Item{10, 1}, Item{20, -2}, Item{25, -2.5}, Item{30, 3}));
  EXPECT_THAT(Merged(List(Part({{10, 1, true}, {20, 2}}), Part({{10, -1}, {20, -2, true}}))),
              ElementsAre(Item{10, -1}, Item{20, -2, true}));
}

TEST(MergeCursor, TakesTheLaterPartAlsoWhenItBeginsEarlier) {
  EXPECT_THAT(Merged(List(Part({{20, 2}}, 15, 100), Part({{20, -2}}, 0, 100))), ElementsAre(Item{20, -2}));
}

TEST(MergeCursor, KeepsTheFirstFailureOfAnyPart) {
  std::vector<CursorPart> parts;
  parts.push_back(
      {std::make_unique<ListCursor>(std::vector<Item>{{10, 1}}, Error{ErrorCode::kCorruption, "first"}), 0, 15});
  parts.push_back(
      {std::make_unique<ListCursor>(std::vector<Item>{{20, 2}}, Error{ErrorCode::kCorruption, "second"}), 16, 30});
  const auto cursor = NewMergeCursor(std::move(parts));
  EXPECT_TRUE(cursor->status());
  EXPECT_THAT(ReadAll(*cursor), ElementsAre(Item{10, 1}, Item{20, 2}));
  ASSERT_FALSE(cursor->status());
  EXPECT_EQ(cursor->status().error().message, "first");
}

TEST(MergeCursor, KnowsOfAFailureInAnOverlap) {
  std::vector<CursorPart> parts = List(Part({{10, 1}}));
  parts.push_back(
      {std::make_unique<ListCursor>(std::vector<Item>{{20, 2}}, Error{ErrorCode::kCorruption, "bad"}), 0, 30});
  const auto cursor = NewMergeCursor(std::move(parts));
  EXPECT_THAT(ReadAll(*cursor), ElementsAre(Item{10, 1}, Item{20, 2}));
  EXPECT_FALSE(cursor->status());
}

TEST(NewestOfCursor, TakesTheNewest) {
  EXPECT_THAT(ReadAll(*NewNewestOfCursor(List(Part({{10, 1}}), Part({{30, 3}}), Part({{20, 2}})))),
              ElementsAre(Item{30, 3}));
  EXPECT_THAT(ReadAll(*NewNewestOfCursor(List(Part({{10, 1, true}}), Part({{5, 3}})))), ElementsAre(Item{10, 1, true}));
  EXPECT_THAT(ReadAll(*NewNewestOfCursor(List(Part({}), Part({{40, 4}}, 0, 30)))), IsEmpty());
  EXPECT_THAT(ReadAll(*NewNewestOfCursor({})), IsEmpty());
}

TEST(NewestOfCursor, TakesTheLaterPartAtEqualTimes) {
  EXPECT_THAT(ReadAll(*NewNewestOfCursor(List(Part({{10, 1}}, 0, 10), Part({{10, 2}}, 0, 20)))),
              ElementsAre(Item{10, 2}));
  EXPECT_THAT(ReadAll(*NewNewestOfCursor(List(Part({{10, 1}}, 0, 20), Part({{10, 2}}, 0, 10)))),
              ElementsAre(Item{10, 2}));
}

TEST(NewestOfCursor, DoesNotReadPartsThatEndBefore) {
  class Unread final : public SeriesCursor {
   public:
    std::size_t Read(std::span<TimestampMs>, std::span<double>) override {
      ADD_FAILURE() << "read a part that cannot have it";
      return 0;
    }
  };
  std::vector<CursorPart> parts;
  parts.push_back({std::make_unique<Unread>(), 0, 20});
  parts.push_back({std::make_unique<ListCursor>(std::vector<Item>{{30, 3}}), 21, 40});
  EXPECT_THAT(ReadAll(*NewNewestOfCursor(std::move(parts))), ElementsAre(Item{30, 3}));
}

/// Any parts against a map from time to the winner.
TEST(MergeCursor, AgreesWithAMapForAnyParts) {
  std::mt19937 random(7);
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  for (int round = 0; round < 2000; ++round) {
    std::map<TimestampMs, Item> expected;
    std::vector<CursorPart> parts;
    std::vector<CursorPart> newest;
    const int count = pick(0, 5);
    for (int part = 0; part < count; ++part) {
      const TimestampMs min = pick(0, 80);
      const TimestampMs max = min + pick(0, 40);
      std::vector<Item> items;
      std::vector<Item> last;
      TimestampMs time = min - pick(0, 10);
      for (int i = pick(0, 120); i > 0; --i) {
        time += pick(1, 3);
        items.push_back({time, static_cast<double>(pick(0, 9)), pick(0, 3) == 0});
        if (time < min || time > max) continue;
        expected[time] = items.back();
        last = {items.back()};
      }
      parts.push_back({std::make_unique<ListCursor>(items, Status{}, static_cast<std::size_t>(pick(1, 50))), min, max});
      newest.push_back(Part(last, min, max));
    }
    std::vector<Item> wanted;
    for (const auto& [unused, item] : expected) wanted.push_back(item);
    EXPECT_EQ(ReadAll(*NewMergeCursor(std::move(parts)), static_cast<std::size_t>(pick(1, 60))), wanted);
    if (!wanted.empty()) wanted.erase(wanted.begin(), wanted.end() - 1);
    EXPECT_EQ(ReadAll(*NewNewestOfCursor(std::move(newest))), wanted);
  }
}

}  // namespace
}  // namespace tickbird::tsdb
