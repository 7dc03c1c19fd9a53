// What a block selects, held against a look at every series.
#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/tsdb_block/block_testing.h"

namespace tickbird::tsdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MemFs;
using Type = Matcher::Type;

Data Expected(const Data& data, const Selection& selection) {
  Data expected;
  for (const auto& [labels, samples] : data) {
    const bool matches = std::all_of(selection.matchers.begin(), selection.matchers.end(),
                                     [&](const Matcher& matcher) { return matcher.Matches(labels); });
    if (!matches) continue;
    std::vector<Sample> wanted;
    for (const Sample& sample : samples) {
      if (sample.timestamp >= selection.min && sample.timestamp <= selection.max) wanted.push_back(sample);
    }
    if (selection.newest_only && !wanted.empty()) wanted.erase(wanted.begin(), wanted.end() - 1);
    if (!wanted.empty()) expected[labels] = wanted;
  }
  return expected;
}

std::vector<std::string> Names(const Data& data) {
  std::set<std::string> names;
  for (const auto& [labels, samples] : data) {
    for (const LabelView& label : labels) names.emplace(label.name);
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Values(const Data& data, std::string_view name) {
  std::set<std::string> values;
  for (const auto& [labels, samples] : data) {
    if (labels.Has(name)) values.emplace(labels.Get(name));
  }
  return {values.begin(), values.end()};
}

/// Labels of very different selectivity, some missing from some series.
Data Zoo(int series, int samples) {
  Data data;
  for (int n = 0; n < series; ++n) {
    LabelsBuilder labels;
    labels.Set("__name__", "metric_" + std::to_string(n % 5)).Set("all", "same").Set("n", std::to_string(n));
    if (n % 3 != 0) labels.Set("third", n % 3 == 1 ? "one" : "two");
    if (n == 77) labels.Set("rare", "yes");
    if (n % 2 == 0) labels.Set("zone", "z" + std::to_string(n % 40));
    for (int i = 0; i < samples; ++i) data[labels.Build()].push_back({kFrom + i * 10 * kSecondMs, n + i / 10.0});
  }
  return data;
}

std::vector<Matcher> AllMatchers() {
  std::vector<Matcher> matchers;
  const std::vector<std::pair<std::string, std::string>> conditions = {{"__name__", "metric_1"},
                                                                       {"__name__", "metric_1|metric_4|none"},
                                                                       {"__name__", "metric_[23]"},
                                                                       {"__name__", ".*"},
                                                                       {"all", "same"},
                                                                       {"all", ""},
                                                                       {"n", "77"},
                                                                       {"n", "1.*"},
                                                                       {"n", "5|6|7||8"},
                                                                       {"third", "one"},
                                                                       {"third", "one|"},
                                                                       {"third", ".+"},
                                                                       {"third", ""},
                                                                       {"rare", "yes"},
                                                                       {"rare", ".*"},
                                                                       {"zone", "z2"},
                                                                       {"zone", "z(2|4)?.*"},
                                                                       {"missing", "x"},
                                                                       {"missing", ""},
                                                                       {"missing", "x?"},
                                                                       {"n", "no such"},
                                                                       {"zone", "z0|z2|z4|z8|z9"}};
  for (const auto& [name, value] : conditions) {
    for (const Type type : {Type::kEqual, Type::kNotEqual, Type::kRegex, Type::kNotRegex}) {
      matchers.push_back(Match(type, name, value));
    }
  }
  return matchers;
}

class BlockSelectTest : public ::testing::Test {
 protected:
  void Expect(const Selection& selection) const {
    std::string what;
    for (const Matcher& matcher : selection.matchers) what += matcher.ToString() + " ";
    EXPECT_EQ(Read(*block_, selection), Expected(data_, selection)) << what << selection.min << " " << selection.max;
  }

  MemFs fs_;
  const Data data_ = Zoo(300, 5);
  const std::shared_ptr<Block> block_ = MakeBlock(fs_, data_);
};

TEST_F(BlockSelectTest, AgreesWithEveryMatcherAlone) {
  ASSERT_TRUE(block_);
  for (const Matcher& matcher : AllMatchers()) Expect({.matchers = {matcher}, .min = kFrom, .max = kUntil});
}

TEST_F(BlockSelectTest, AgreesWithPairsAndTriplesOfMatchers) {
  ASSERT_TRUE(block_);
  const auto all = AllMatchers();
  std::mt19937 random(2);
  const auto any = [&] { return all[random() % all.size()]; };
  for (int i = 0; i < 1'500; ++i) {
    Selection selection{.matchers = {any(), any()}, .min = kFrom, .max = kUntil};
    if (i % 3 == 0) selection.matchers.push_back(any());
    Expect(selection);
  }
}

TEST_F(BlockSelectTest, FindsSeriesWithTheirNumbers) {
  ASSERT_TRUE(block_);
  const auto found = block_->Find({Matcher::Equal("third", "one")});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 100U);
  EXPECT_TRUE(std::is_sorted(found->begin(), found->end(),
                             [](const auto& a, const auto& b) { return a.first < b.first && a.second < b.second; }));
}

TEST_F(BlockSelectTest, ListsNamesAndValues) {
  ASSERT_TRUE(block_);
  EXPECT_EQ(block_->LabelNames({}), Names(data_));
  for (const std::string& name : Names(data_)) EXPECT_EQ(block_->LabelValues(name, {}), Values(data_, name)) << name;
  EXPECT_THAT(block_->LabelValues("missing", {}), IsEmpty());
  EXPECT_THAT(block_->LabelValues("", {}), IsEmpty());
  for (const Matcher& matcher : AllMatchers()) {
    const Data matching = Expected(data_, {.matchers = {matcher}, .min = kFrom, .max = kUntil});
    EXPECT_EQ(block_->LabelNames({matcher}), Names(matching)) << matcher.ToString();
    EXPECT_EQ(block_->LabelValues("zone", {matcher}), Values(matching, "zone")) << matcher.ToString();
  }
}

TEST(BlockRange, CutsAtBothEndsInclusively) {
  MemFs fs;
  const Data data = Zoo(3, 700);
  const auto block = MakeBlock(fs, data);
  ASSERT_TRUE(block);
  std::mt19937 random(3);
  const TimestampMs end = kFrom + 7'000 * kSecondMs;
  for (int i = 0; i < 300; ++i) {
    const TimestampMs a = kFrom - kSecondMs + static_cast<TimestampMs>(random() % (end - kFrom + 2 * kSecondMs));
    const TimestampMs b = i % 3 == 0 ? a : a + static_cast<TimestampMs>(random() % kHourMs);
    for (const bool newest_only : {false, true}) {
      const Selection selection{.matchers = {}, .min = a, .max = b, .newest_only = newest_only};
      EXPECT_EQ(Read(*block, selection), Expected(data, selection)) << a << " " << b << " " << newest_only;
    }
  }
}

TEST(BlockRange, ReadsTheLastChunkAloneForTheNewestSample) {
  MemFs fs;
  const auto block = MakeBlock(fs, Zoo(1, 700));
  ASSERT_TRUE(block);
  auto selected = block->Select({.matchers = {}, .min = kFrom, .max = kUntil, .newest_only = true});
  ASSERT_TRUE(selected);
  const std::int64_t calls = fs.calls();
  TimestampMs timestamp = 0;
  double value = 0;
  EXPECT_EQ(selected->front().cursor->Read({&timestamp, 1}, {&value, 1}), 1U);
  EXPECT_EQ(timestamp, kFrom + 6'990 * kSecondMs);
  EXPECT_EQ(fs.calls(), calls + 1);
}

TEST(BlockRange, ReadsNeighbouringChunksInOneCall) {
  MemFs fs;
  const auto block = MakeBlock(fs, Zoo(2, 700));
  ASSERT_TRUE(block);
  auto selected = block->Select(Everything());
  ASSERT_TRUE(selected);
  const std::int64_t calls = fs.calls();
  TimestampMs timestamps[700];
  double values[700];
  EXPECT_EQ(selected->front().cursor->Read(timestamps, values), 700U);
  EXPECT_EQ(fs.calls(), calls + 1);
}

TEST(BlockLifetime, CursorsOutliveTheBlockAndItsFiles) {
  MemFs fs;
  const Data data = Zoo(2, 700);
  auto block = MakeBlock(fs, data);
  ASSERT_TRUE(block);
  auto selected = block->Select(Everything());
  ASSERT_TRUE(selected);
  block.reset();
  ASSERT_TRUE(fs.RemoveAll(BlockPath()));
  TimestampMs timestamps[800];
  double values[800];
  for (SelectedSeries& series : *selected) {
    EXPECT_EQ(series.cursor->Read(timestamps, values), 700U);
    EXPECT_TRUE(series.cursor->status());
  }
}

TEST(BlockLimits, TakesManySeriesAndKeepsLittleOfThem) {
  MemFs fs;
  const Data data = Zoo(20'000, 1);
  const auto block = MakeBlock(fs, data);
  ASSERT_TRUE(block);
  EXPECT_LT(block->memory_bytes(), 20 * 3'000);
  EXPECT_EQ(Read(*block, Everything()), data);
  EXPECT_EQ(block->LabelValues("n", {}), Values(data, "n"));
  EXPECT_EQ(Read(*block, {.matchers = {Matcher::Equal("n", "12345")}, .min = kFrom, .max = kUntil}).size(), 1U);
  const std::int64_t warm = block->memory_bytes();
  block->DropCaches();
  EXPECT_LT(block->memory_bytes(), warm);
  EXPECT_LT(block->memory_bytes(), 20 * 3'000);
}

TEST(BlockLimits, CostsAFewKibWhileIdle) {
  MemFs fs;
  const auto block = MakeBlock(fs, Zoo(1'000, 1));
  ASSERT_TRUE(block);
  EXPECT_LT(block->memory_bytes(), 4 * 1024) << block->memory_bytes();
}

}  // namespace
}  // namespace tickbird::tsdb
