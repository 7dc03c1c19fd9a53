#include "core/tsdb/head/series_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace tickbird::tsdb {
namespace {

Labels Numbered(std::uint64_t n) {
  return {{"__name__", "m"}, {"n", std::to_string(n)}};
}

TEST(SeriesTable, FindsByReferenceAndByLabelsThroughRandomChanges) {
  SeriesTable table;
  std::map<SeriesRef, Labels> expected;
  std::mt19937_64 random(1);
  SeriesRef next = 1;
  for (int step = 0; step < 20000; ++step) {
    if (expected.empty() || random() % 5 < 3) {
      table.Insert(next, Numbered(next));
      expected.emplace(next, Numbered(next));
      ++next;
    } else {
      const auto victim = std::next(expected.begin(),
                                    static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(expected.size(), 50)));
      table.Erase(table.FindRef(victim->first));
      EXPECT_EQ(table.FindRef(victim->first), kNoSlot);
      EXPECT_EQ(table.Find(victim->second), kNoSlot);
      expected.erase(victim);
    }
  }
  ASSERT_EQ(table.size(), expected.size());
  for (const auto& [ref, labels] : expected) {
    const Slot slot = table.FindRef(ref);
    ASSERT_NE(slot, kNoSlot);
    EXPECT_EQ(table.at(slot).labels, labels);
    EXPECT_EQ(table.Find(labels), slot);
  }
}

TEST(SeriesTable, UsesSlotsAgainButNotReferences) {
  SeriesTable table;
  const Slot slot = table.Insert(1, Numbered(1));
  table.Erase(slot);
  EXPECT_EQ(table.Insert(2, Numbered(2)), slot);
  EXPECT_EQ(table.FindRef(1), kNoSlot);
  EXPECT_EQ(table.slot_end(), 1U);
}

TEST(SeriesTable, RebindGivesAnotherReference) {
  SeriesTable table;
  const Slot slot = table.Insert(1, Numbered(1));
  table.Rebind(slot, 9);
  EXPECT_EQ(table.FindRef(1), kNoSlot);
  EXPECT_EQ(table.FindRef(9), slot);
}

}  // namespace
}  // namespace tickbird::tsdb
