#include "core/tsdb/head/postings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/tsdb/head/select_slots.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Type = Matcher::Type;

Matcher Make(Type type, std::string name, std::string value) {
  auto matcher = Matcher::Create(type, std::move(name), std::move(value));
  EXPECT_TRUE(matcher);
  return *matcher;
}

class PostingsTest : public ::testing::Test {
 protected:
  Slot Add(const Labels& labels) {
    series_.push_back(labels);
    const auto slot = static_cast<Slot>(series_.size() - 1);
    name_ = postings_.Add(slot, labels);
    return slot;
  }
  void Remove(const std::vector<Slot>& slots) {
    for (const Slot slot : slots) postings_.Remove(slot, series_[slot]);
  }
  /// An index that `between_` changes between two holds of the lock.
  LockedIndex Index() {
    return {.read =
                [this](const std::function<void(const Postings&)>& use) {
                  use(postings_);
                  if (between_) between_();
                },
            .labels_of =
                [this](std::span<const Slot> slots) {
                  std::vector<Labels> labels;
                  for (const Slot slot : slots) labels.push_back(series_[slot]);
                  return labels;
                }};
  }
  std::vector<Slot> Select(const std::vector<Matcher>& matchers) { return SelectSlots(Index(), matchers); }

  Postings postings_;
  std::vector<Labels> series_;
  const std::string* name_ = nullptr;
  std::function<void()> between_;
};

TEST_F(PostingsTest, SelectsWithEveryKindOfMatcher) {
  Add({{"__name__", "up"}, {"job", "a"}});                     // 0
  Add({{"__name__", "up"}, {"job", "b"}});                     // 1
  Add({{"__name__", "up"}, {"job", "ab"}, {"env", "prod"}});   // 2
  Add({{"__name__", "up"}, {"env", "dev"}});                   // 3
  Add({{"__name__", "down"}, {"job", "a"}, {"env", "prod"}});  // 4
  const struct {
    const char* what;
    std::vector<Matcher> matchers;
    std::vector<Slot> expected;
  } cases[] = {
      {"none", {}, {0, 1, 2, 3, 4}},
      {"equal", {Make(Type::kEqual, "job", "a")}, {0, 4}},
      {"equal to nothing there", {Make(Type::kEqual, "job", "x")}, {}},
      {"equal empty: label missing", {Make(Type::kEqual, "job", "")}, {3}},
      {"equal empty on a label nobody has", {Make(Type::kEqual, "zone", "")}, {0, 1, 2, 3, 4}},
      {"not equal", {Make(Type::kNotEqual, "job", "a")}, {1, 2, 3}},
      {"not equal empty: label present", {Make(Type::kNotEqual, "job", "")}, {0, 1, 2, 4}},
      {"literals", {Make(Type::kRegex, "job", "a|b|b|x")}, {0, 1, 4}},
      {"literals with empty", {Make(Type::kRegex, "job", "a|")}, {0, 3, 4}},
      {"regex", {Make(Type::kRegex, "job", "a.+")}, {2}},
      {"regex is anchored", {Make(Type::kRegex, "job", "(a)")}, {0, 4}},
      {"regex that matches empty", {Make(Type::kRegex, "job", "b?")}, {1, 3}},
      {"regex that matches all", {Make(Type::kRegex, "job", ".*")}, {0, 1, 2, 3, 4}},
      {"regex that needs the label", {Make(Type::kRegex, "env", ".+")}, {2, 3, 4}},
      {"not regex", {Make(Type::kNotRegex, "job", "a.*")}, {1, 3}},
      {"not regex of literals", {Make(Type::kNotRegex, "job", "a|ab")}, {1, 3}},
      {"not regex that matches empty", {Make(Type::kNotRegex, "job", "a?")}, {1, 2}},
      {"not regex of literals with empty", {Make(Type::kNotRegex, "job", "|a")}, {1, 2}},
      {"two equal", {Matcher::Equal("__name__", "up"), Matcher::Equal("env", "prod")}, {2}},
      {"equal and negative", {Matcher::Equal("__name__", "up"), Make(Type::kNotRegex, "env", "p.*")}, {0, 1, 3}},
      {"regex and missing", {Make(Type::kRegex, "job", ".+"), Matcher::Equal("env", "")}, {0, 1}},
      {"contradiction", {Matcher::Equal("job", "a"), Make(Type::kNotEqual, "job", "a")}, {}},
  };
  for (const auto& c : cases) EXPECT_EQ(Select(c.matchers), c.expected) << c.what;
}

TEST_F(PostingsTest, AgreesWithMatchingEverySeries) {
  std::mt19937_64 random(3);
  const std::vector<std::string> values = {"", "a", "b", "ab", "abc", "x1", "x2", "x3"};
  for (int i = 0; i < 500; ++i) {
    LabelsBuilder builder;
    builder.Set("__name__", "m" + std::to_string(i % 3)).Set("id", std::to_string(i));
    for (const char* name : {"p", "q", "r"}) builder.Set(name, values[random() % values.size()]);
    Add(builder.Build());
  }
  const std::vector<std::string> patterns = {"", "a", "a|b", "a.*", "x[12]", ".*", ".+", "(a|b)?", "1.*"};
  for (int round = 0; round < 500; ++round) {
    std::vector<Matcher> matchers;
    for (std::uint64_t n = random() % 4; n > 0; --n) {
      const char* const names[] = {"p", "q", "r", "id", "none", "__name__"};
      matchers.push_back(
          Make(static_cast<Type>(random() % 4), names[random() % 6], patterns[random() % patterns.size()]));
    }
    std::vector<Slot> expected;
    for (Slot slot = 0; slot < series_.size(); ++slot) {
      const auto matches = [&](const Matcher& matcher) { return matcher.Matches(series_[slot]); };
      if (std::all_of(matchers.begin(), matchers.end(), matches)) expected.push_back(slot);
    }
    std::string text;
    for (const Matcher& matcher : matchers) text += matcher.ToString() + " ";
    ASSERT_EQ(Select(matchers), expected) << text;
  }
}

TEST_F(PostingsTest, RemovedSeriesAreGoneFromNamesAndValues) {
  Add({{"__name__", "m"}, {"job", "a"}, {"only", "x"}});
  Add({{"__name__", "m"}, {"job", "a"}});
  Add({{"__name__", "m"}, {"job", "b"}});
  const std::size_t bytes = postings_.ByteSize();
  const Slot added = Add({{"__name__", "n"}, {"job", "c"}});
  EXPECT_EQ(*name_, "n");
  Remove({0, added});
  EXPECT_THAT(AllNames(Index()), ElementsAre("__name__", "job"));
  EXPECT_THAT(AllValues(Index(), "job"), ElementsAre("a", "b"));
  EXPECT_THAT(AllValues(Index(), "only"), IsEmpty());
  EXPECT_THAT(Select({Matcher::Equal("job", "a")}), ElementsAre(1));
  EXPECT_EQ(postings_.First("__name__", "m"), 1U);
  EXPECT_EQ(postings_.First("__name__", "n"), kNoSlot);
  EXPECT_LT(postings_.ByteSize(), bytes);
  Remove({1, 2});
  EXPECT_EQ(postings_.ByteSize(), 0U);
  EXPECT_THAT(AllNames(Index()), IsEmpty());
}

TEST_F(PostingsTest, SelectsWhatStaysWhileOthersComeAndGo) {
  // Many values and many series for one value, so that everything takes several holds of the lock.
  for (int i = 0; i < 20'000; ++i) {
    Add({{"__name__", "m"}, {"id", std::to_string(i)}, {"part", std::to_string(i % 3)}, {"stays", i % 2 ? "yes" : ""}});
  }
  const std::vector<std::vector<Matcher>> selections = {
      {Make(Type::kRegex, "id", ".*7")},
      {Make(Type::kRegex, "id", ".*7"), Matcher::Equal("part", "1")},
      {Matcher::Equal("__name__", "m"), Make(Type::kNotRegex, "id", "1.*")},
      {Matcher::Equal("part", "2"), Make(Type::kRegex, "id", "[0-9]+")},
      {Make(Type::kRegex, "part", "0|2"), Make(Type::kNotEqual, "id", "")},
      {Make(Type::kNotRegex, "part", "0|2")},
      {},
  };
  for (std::size_t n = 0; n < selections.size(); ++n) {
    std::vector<Slot> expected;
    for (Slot slot = 1; slot < series_.size(); slot += 2) {
      const auto matches = [&](const Matcher& matcher) { return matcher.Matches(series_[slot]); };
      if (std::all_of(selections[n].begin(), selections[n].end(), matches)) expected.push_back(slot);
    }
    // Those with an even slot go and come back, 100 at a time.
    Slot next = 0;
    bool is_in = true;
    between_ = [&] {
      for (int i = 0; i < 100; ++i) {
        if (is_in) {
          postings_.Remove(next, series_[next]);
        } else {
          postings_.Add(next, series_[next]);
        }
        next += 2;
        if (next < series_.size()) continue;
        next = 0;
        is_in = !is_in;
      }
    };
    std::vector<Slot> selected = Select(selections[n]);
    EXPECT_TRUE(std::is_sorted(selected.begin(), selected.end())) << n;
    std::erase_if(selected, [](Slot slot) { return slot % 2 == 0; });
    EXPECT_EQ(selected, expected) << n;
    // As before, for the next selection.
    between_ = nullptr;
    for (Slot slot = 0; slot < series_.size(); ++slot) {
      if (!postings_.all().Contains(slot)) postings_.Add(slot, series_[slot]);
    }
  }
}

TEST_F(PostingsTest, SlotsThatComeAgainOutOfOrderStaySorted) {
  for (int i = 0; i < 5; ++i) Add({{"__name__", "m"}, {"i", std::to_string(i)}});
  Remove({1, 3});
  postings_.Add(3, series_[3]);
  postings_.Add(1, series_[1]);
  EXPECT_THAT(Select({Matcher::Equal("__name__", "m")}), ElementsAre(0, 1, 2, 3, 4));
}

}  // namespace
}  // namespace tickbird::tsdb
