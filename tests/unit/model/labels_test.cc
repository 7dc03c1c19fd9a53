#include "core/model/labels.h"

#include <gtest/gtest.h>

namespace tickbird {
namespace {

TEST(Labels, SortsAndDropsEmptyValues) {
  const Labels labels{{"b", "2"}, {"a", "1"}, {"c", ""}, {"__name__", "up"}};
  EXPECT_EQ(labels.size(), 3u);
  EXPECT_EQ(labels.ToString(), "up{a=\"1\", b=\"2\"}");
  EXPECT_EQ(labels.MetricName(), "up");
  EXPECT_EQ(labels.Get("b"), "2");
  EXPECT_EQ(labels.Get("missing"), "");
}

TEST(Labels, EqualSetsHaveEqualHashes) {
  const Labels a{{"x", "1"}, {"y", "2"}};
  const Labels b{{"y", "2"}, {"x", "1"}};
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.Hash(), b.Hash());
  EXPECT_NE(a, (Labels{{"x", "1"}}));
  EXPECT_EQ(Labels(), Labels({{"x", ""}}));
  EXPECT_EQ(Labels().Hash(), Labels({{"x", ""}}).Hash());
}

// The hash names alerts in the state database: a change of it would make every acknowledged alert a new one.
TEST(Labels, HashIsStable) {
  EXPECT_EQ((Labels{{"alertname", "cpu_high"}, {"instance", "a"}}).Hash(), 12312565067269288328ULL);
}

TEST(Labels, OrdersNameByNameThenValue) {
  EXPECT_LT((Labels{{"a", "1"}}), (Labels{{"a", "2"}}));
  EXPECT_LT((Labels{{"a", "1"}}), (Labels{{"a", "1"}, {"b", "1"}}));
  EXPECT_LT((Labels{{"a", "9"}}), (Labels{{"b", "1"}}));
}

TEST(Labels, HoldsLongValues) {
  const std::string value(100'000, 'v');
  const Labels labels{{"a", value}, {"b", "2"}};
  EXPECT_EQ(labels.Get("a"), value);
  EXPECT_EQ(labels.Get("b"), "2");
}

TEST(LabelsBuilder, EditsACopy) {
  const Labels base{{"a", "1"}, {"b", "2"}};
  LabelsBuilder builder(base);
  builder.Set("a", "9").Remove("b").Set("c", "3");
  EXPECT_EQ(builder.Build(), (Labels{{"a", "9"}, {"c", "3"}}));
  EXPECT_EQ(base.Get("a"), "1");
}

TEST(LegacyNames, FollowThePrometheusCharacterSet) {
  EXPECT_TRUE(IsLegacyMetricName("node:cpu_1"));
  EXPECT_FALSE(IsLegacyMetricName("1cpu"));
  EXPECT_FALSE(IsLegacyMetricName(""));
  EXPECT_FALSE(IsLegacyLabelName("a:b"));
}

}  // namespace
}  // namespace tickbird
