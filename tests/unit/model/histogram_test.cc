#include "core/model/histogram.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "core/model/sample.h"

namespace tickbird {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// The positive buckets -2, -1 and 3 with 1, 2 and 1 observations, the negative bucket 0 with 3, two around zero.
Histogram Valid() {
  Histogram histogram;
  histogram.layout = {
      .schema = 3, .zero_threshold = 0.001, .positive_spans = {{-2, 2}, {3, 1}}, .negative_spans = {{0, 1}}};
  histogram.zero_count = 2;
  histogram.count = 9;
  histogram.sum = -1.5;
  histogram.positive_deltas = {1, 1, -1};
  histogram.negative_deltas = {3};
  return histogram;
}

Histogram ValidCustom() {
  Histogram histogram;
  histogram.layout = {.schema = kCustomBucketsSchema, .positive_spans = {{1, 2}}, .custom_values = {0.1, 2.5}};
  histogram.count = 4;
  histogram.sum = 3;
  histogram.positive_deltas = {1, 2};
  return histogram;
}

/// Says why integer and float histograms of this form are refused; "" when both are valid.
std::string WhyInvalid(const Histogram& histogram) {
  const Status integer = histogram.Validate();
  const Status floating = histogram.ToFloat().Validate();
  EXPECT_EQ(integer.has_value(), floating.has_value());
  if (integer) return "";
  EXPECT_EQ(integer.error().code, ErrorCode::kInvalidArgument);
  if (!floating) EXPECT_EQ(integer.error().message, floating.error().message);
  return integer.error().message;
}

template <class Change>
std::string WhyInvalid(Histogram histogram, Change change) {
  change(histogram);
  return WhyInvalid(histogram);
}

TEST(Histogram, TakesWhatPrometheusTakes) {
  EXPECT_EQ(WhyInvalid(Valid()), "");
  EXPECT_EQ(WhyInvalid(ValidCustom()), "");
  EXPECT_EQ(WhyInvalid(Histogram()), "");
  // The last bucket reaches to +Inf; a bound may be -Inf.
  EXPECT_EQ(WhyInvalid(ValidCustom(), [](Histogram& h) { h.layout.custom_values = {-kInf, 2.5}; }), "");
  // Empty spans.
  EXPECT_EQ(WhyInvalid(Valid(), [](Histogram& h) { h.layout.positive_spans = {{0, 0}, {0, 0}, {1, 2}, {0, 1}}; }), "");
  Histogram stale;
  stale.sum = StaleMarker();
  EXPECT_EQ(WhyInvalid(stale), "");
}

TEST(Histogram, RefusesLayoutsThatMeanNothing) {
  const std::pair<std::string, void (*)(Histogram&)> cases[] = {
      {"schema 9 is unknown", [](Histogram& h) { h.layout.schema = 9; }},
      {"schema -5 is unknown", [](Histogram& h) { h.layout.schema = -5; }},
      {"only custom buckets have bounds", [](Histogram& h) { h.layout.custom_values = {1}; }},
      {"positive span 2 starts 1 buckets before", [](Histogram& h) { h.layout.positive_spans[1].offset = -1; }},
      {"negative spans need 2 buckets, there are 1", [](Histogram& h) { h.layout.negative_spans[0].length = 2; }},
      {"positive spans need 3 buckets, there are 2", [](Histogram& h) { h.positive_deltas.pop_back(); }},
      {"more than 65536 positive", [](Histogram& h) { h.layout.positive_spans[0].length = 1 << 20; }},
      {"more than 65536 negative", [](Histogram& h) { h.layout.negative_spans.resize(70'000); }},
      {"too far from 0", [](Histogram& h) { h.layout.positive_spans[0].offset = std::numeric_limits<int>::max(); }},
      {"too far from 0", [](Histogram& h) { h.layout.positive_spans[0].offset = std::numeric_limits<int>::min(); }},
      {"too far from 0", [](Histogram& h) { h.layout.positive_spans[1].offset = 1 << 30; }},
  };
  for (const auto& [reason, change] : cases) {
    const std::string why = WhyInvalid(Valid(), change);
    EXPECT_NE(why.find(reason), std::string::npos) << reason << " / " << why;
  }
}

TEST(Histogram, RefusesCustomBucketsThatMeanNothing) {
  const std::pair<std::string, void (*)(Histogram&)> cases[] = {
      {"no zero bucket", [](Histogram& h) { h.layout.zero_threshold = 0.1; }},
      {"no zero bucket", [](Histogram& h) { h.zero_count = 1; }},
      {"no negative side", [](Histogram& h) { h.layout.negative_spans = {{0, 0}}; }},
      {"not a number", [](Histogram& h) { h.layout.custom_values[0] = kNan; }},
      {"needs no bound", [](Histogram& h) { h.layout.custom_values[1] = kInf; }},
      {"do not rise", [](Histogram& h) { h.layout.custom_values[1] = 0.1; }},
      {"negative index", [](Histogram& h) { h.layout.positive_spans[0].offset = -1; }},
      {"more custom buckets than bounds", [](Histogram& h) { h.layout.positive_spans[0].offset = 2; }},
      {"more than 65536 custom bounds", [](Histogram& h) { h.layout.custom_values.resize(70'000); }},
  };
  for (const auto& [reason, change] : cases) {
    const std::string why = WhyInvalid(ValidCustom(), change);
    EXPECT_NE(why.find(reason), std::string::npos) << reason << " / " << why;
  }
}

TEST(Histogram, RefusesCountsThatDoNotAddUp) {
  Histogram histogram = Valid();
  histogram.count = 10;
  EXPECT_NE(histogram.Validate().error().message.find("hold 9 observations, its count says 10"), std::string::npos);
  // Observations of NaN are in no bucket.
  histogram.sum = kNan;
  EXPECT_TRUE(histogram.Validate());
  histogram.count = 8;
  EXPECT_FALSE(histogram.Validate());
}

TEST(Histogram, RefusesNegativeCounts) {
  Histogram histogram = Valid();
  histogram.positive_deltas = {1, -2, 4};
  EXPECT_NE(histogram.Validate().error().message.find("positive bucket 2 has a negative count"), std::string::npos);
  histogram.positive_deltas = {std::numeric_limits<std::int64_t>::max(), 1, 0};
  EXPECT_FALSE(histogram.Validate());
}

TEST(FloatHistogram, RefusesNegativeCounts) {
  const auto is_valid = [](void (*change)(FloatHistogram&)) {
    FloatHistogram histogram = Valid().ToFloat();
    change(histogram);
    return histogram.Validate().has_value();
  };
  EXPECT_TRUE(is_valid([](FloatHistogram& h) { h.count = 1000; }));
  EXPECT_TRUE(is_valid([](FloatHistogram& h) { h.positive_buckets[0] = kNan; }));
  EXPECT_FALSE(is_valid([](FloatHistogram& h) { h.count = -1; }));
  EXPECT_FALSE(is_valid([](FloatHistogram& h) { h.zero_count = -0.5; }));
  EXPECT_FALSE(is_valid([](FloatHistogram& h) { h.positive_buckets[2] = -0.5; }));
  EXPECT_FALSE(is_valid([](FloatHistogram& h) { h.negative_buckets[0] = -kInf; }));
}

TEST(Histogram, TurnsDeltasIntoCounts) {
  Histogram histogram = Valid();
  histogram.hint = CounterResetHint::kGauge;
  const FloatHistogram floats = histogram.ToFloat();
  EXPECT_EQ(floats.layout, histogram.layout);
  EXPECT_EQ(floats.hint, CounterResetHint::kGauge);
  EXPECT_EQ(floats.zero_count, 2);
  EXPECT_EQ(floats.count, 9);
  EXPECT_EQ(floats.sum, -1.5);
  EXPECT_EQ(floats.positive_buckets, (std::vector<double>{1, 2, 1}));
  EXPECT_EQ(floats.negative_buckets, (std::vector<double>{3}));
}

TEST(Histogram, SurvivesDeltasThatOverflow) {
  Histogram histogram = Valid();
  histogram.positive_deltas.assign(3, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram.ToFloat().positive_buckets[1], -2);
}

TEST(Histogram, ComparesBitwise) {
  EXPECT_EQ(Valid(), Valid());
  EXPECT_EQ(Valid().ToFloat(), Valid().ToFloat());
  const auto differs = [](void (*change)(Histogram&)) {
    Histogram histogram = Valid();
    change(histogram);
    return !(histogram == Valid()) && !(histogram.ToFloat() == Valid().ToFloat());
  };
  EXPECT_TRUE(differs([](Histogram& h) { h.layout.schema = 2; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.layout.zero_threshold = 0; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.layout.positive_spans[0].offset = 0; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.layout.negative_spans = {}; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.layout.custom_values = {0}; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.hint = CounterResetHint::kCounterReset; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.zero_count = 3; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.count = 8; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.sum = 1.5; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.positive_deltas[1] = 2; }));
  EXPECT_TRUE(differs([](Histogram& h) { h.negative_deltas = {}; }));
  Histogram a = Valid();
  Histogram b = Valid();
  a.sum = b.sum = kNan;
  EXPECT_EQ(a, b);
  b.sum = StaleMarker();
  EXPECT_NE(a, b);
  EXPECT_TRUE(b.IsStale());
  EXPECT_FALSE(a.IsStale());
  EXPECT_TRUE(b.ToFloat().IsStale());
}

}  // namespace
}  // namespace tickbird
