#include "core/tsdb/head/slot_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace tickbird::tsdb {
namespace {

std::vector<Slot> MembersOf(const SlotSet& set, Slot from, std::size_t limit) {
  std::vector<Slot> members;
  while (from != kNoSlot) from = set.CopyFrom(from, limit, &members);
  return members;
}

TEST(SlotSet, AgreesWithAnOrdinarySet) {
  // Ranges of slots, so that every form comes up and goes: few, arrays, several ranges, bitmaps.
  for (const Slot range : {Slot{4}, Slot{100}, Slot{3000}, Slot{20'000}, Slot{70'000}, Slot{400'000}}) {
    std::mt19937 random(range);
    SlotSet set;
    std::set<Slot> expected;
    for (const bool is_growing : {true, false, true, false}) {
      for (Slot i = 0; i < std::min<Slot>(range, 40'000); ++i) {
        const Slot slot = static_cast<Slot>(random()) % range;
        if (is_growing == (random() % 8 != 0)) {
          ASSERT_EQ(set.Insert(slot), expected.insert(slot).second);
        } else {
          ASSERT_EQ(set.Erase(slot), expected.erase(slot) == 1);
        }
        if (!is_growing && !expected.empty() && random() % 2 == 0) {
          const Slot gone = *expected.begin();
          ASSERT_TRUE(set.Erase(gone));
          expected.erase(gone);
        }
        ASSERT_EQ(set.size(), expected.size());
      }
      ASSERT_EQ(MembersOf(set, 0, 100), std::vector<Slot>(expected.begin(), expected.end())) << range;
      const Slot middle = range / 2;
      ASSERT_EQ(MembersOf(set, middle, 7), std::vector<Slot>(expected.lower_bound(middle), expected.end())) << range;
      EXPECT_EQ(set.First(), expected.empty() ? kNoSlot : *expected.begin());
      for (int i = 0; i < 1000; ++i) {
        const Slot slot = static_cast<Slot>(random()) % range;
        ASSERT_EQ(set.Contains(slot), expected.contains(slot));
      }
    }
    for (const Slot slot : expected) ASSERT_TRUE(set.Erase(slot));
    EXPECT_TRUE(set.empty());
    EXPECT_EQ(set.First(), kNoSlot);
  }
}

TEST(SlotSet, IsSmall) {
  EXPECT_EQ(sizeof(SlotSet), 16U);
  SlotSet two;
  two.Insert(100'000);
  two.Insert(7);
  EXPECT_EQ(two.ByteSize(), 0U);
  SlotSet all;
  for (Slot slot = 0; slot < 100'000; ++slot) all.Insert(slot);
  EXPECT_LE(all.ByteSize(), 17'000U) << "a bit each";
  SlotSet sparse;
  for (Slot slot = 0; slot < 1'000'000; slot += 1000) sparse.Insert(slot);
  EXPECT_LE(sparse.ByteSize(), 4500U);
}

}  // namespace
}  // namespace tickbird::tsdb
