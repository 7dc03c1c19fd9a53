#include "rules/promql/engine.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/promql/ast.h"
#include "rules/promql/function_table.h"
#include "rules/promql/parser.h"
#include "tests/testing/memory_queryable.h"

namespace tickbird::promql {
namespace {

class Engine : public ::testing::Test {
 protected:
  /// One sample every 10 s from 0 on.
  void Load(const Labels& labels, const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) data_.Add(labels, static_cast<TimestampMs>(i) * 10'000, values[i]);
  }

  static ExprPtr Parse(std::string_view text) {
    const auto expr = ParseExpr(text);
    EXPECT_TRUE(expr) << text;
    return expr ? *expr : nullptr;
  }

  Result<QueryResult> Instant(std::string_view text, TimestampMs at, const QueryOptions& options = {}) {
    return EvalInstant(*Parse(text), data_, at, options);
  }
  Result<QueryResult> Range(std::string_view text, TimestampMs start, TimestampMs end, DurationMs step,
                            const QueryOptions& options = {}) {
    return EvalRange(*Parse(text), data_, start, end, step, options);
  }

  /// "{a="1"} 5; {a="2"} 6" in the engine's order, or the error.
  std::string InstantText(std::string_view text, TimestampMs at, const QueryOptions& options = {}) {
    const auto result = Instant(text, at, options);
    if (!result) return result.error().message;
    if (const auto* scalar = std::get_if<Scalar>(&result->value)) return std::to_string(scalar->value);
    std::string out;
    for (const VectorElement& element : std::get<Vector>(result->value).elements) {
      if (!out.empty()) out += "; ";
      out += element.labels.ToString() + " " + std::to_string(static_cast<long>(std::lround(element.value)));
    }
    return out;
  }

  testing::MemoryQueryable data_;
};

TEST_F(Engine, LooksBackIntoAWindowThatIsOpenOnTheLeft) {
  Load({{"__name__", "a"}}, {7});
  EXPECT_EQ(InstantText("a", 299'999), "a 7");
  EXPECT_EQ(InstantText("a", 300'000), "");
  EXPECT_EQ(InstantText("a", 9'999, {.lookback = 10'000}), "a 7");
  EXPECT_EQ(InstantText("a", 10'000, {.lookback = 10'000}), "");
}

TEST_F(Engine, TreatsAStaleMarkerAsTheEndOfTheSeries) {
  Load({{"__name__", "a"}}, {1, StaleMarker(), 3});
  EXPECT_EQ(InstantText("a", 10'000), "");
  EXPECT_EQ(InstantText("a", 20'000), "a 3");
  EXPECT_EQ(InstantText("count_over_time(a[1m])", 20'000), "{} 2");
}

TEST_F(Engine, ReadsEachSelectorOnceForAWholeRange) {
  Load({{"__name__", "a"}}, std::vector<double>(100, 1));
  const int before = data_.selects();
  ASSERT_TRUE(Range("rate(a[1m]) + a + a @ 100 + max_over_time(rate(a[30s])[1m:10s])", 100'000, 900'000, 10'000));
  EXPECT_EQ(data_.selects() - before, 4);
}

TEST_F(Engine, GivesARangeAPointForEachStepWithASample) {
  Load({{"__name__", "a"}}, {1, 2, StaleMarker(), 4});
  const auto result = Range("a * 10", 0, 35'000, 10'000);
  ASSERT_TRUE(result);
  const auto& matrix = std::get<Matrix>(result->value);
  ASSERT_EQ(matrix.size(), 1u);
  EXPECT_EQ(matrix[0].labels, Labels());
  EXPECT_EQ(matrix[0].samples, (std::vector<Sample>{{0, 10}, {10'000, 20}, {30'000, 40}}));
}

TEST_F(Engine, MakesASeriesOfAScalarInARange) {
  const auto result = Range("time() / 10", 0, 20'000, 10'000);
  ASSERT_TRUE(result);
  const auto& matrix = std::get<Matrix>(result->value);
  ASSERT_EQ(matrix.size(), 1u);
  EXPECT_EQ(matrix[0].samples, (std::vector<Sample>{{0, 0}, {10'000, 1}, {20'000, 2}}));
}

TEST_F(Engine, SortsAMatrixByLabels) {
  Load({{"__name__", "a"}, {"x", "2"}}, {1});
  Load({{"__name__", "a"}, {"x", "1"}}, {1});
  const auto range = Range("sum by (x) (a)", 0, 0, 1000);
  ASSERT_TRUE(range);
  EXPECT_EQ(std::get<Matrix>(range->value)[0].labels.Get("x"), "1");
  const auto instant = Instant("a[1m]", 0);
  ASSERT_TRUE(instant);
  EXPECT_EQ(std::get<Matrix>(instant->value)[1].labels.Get("x"), "2");
}

TEST_F(Engine, OrdersTopkByRankWithNanLast) {
  Load({{"__name__", "a"}, {"x", "1"}}, {std::nan("")});
  Load({{"__name__", "a"}, {"x", "2"}}, {5});
  Load({{"__name__", "a"}, {"x", "3"}}, {9});
  EXPECT_EQ(InstantText("topk(2, a)", 0), "a{x=\"3\"} 9; a{x=\"2\"} 5");
  EXPECT_EQ(InstantText("bottomk(1, a)", 0), "a{x=\"2\"} 5");
  EXPECT_EQ(InstantText("topk(0, a)", 0), "");
  EXPECT_EQ(InstantText("topk(NaN, nothing)", 0), "Parameter value is NaN");
}

TEST_F(Engine, MatchesManyToOneAndCopiesTheNamedLabels) {
  Load({{"__name__", "many"}, {"job", "j"}, {"i", "1"}}, {10});
  Load({{"__name__", "many"}, {"job", "j"}, {"i", "2"}}, {20});
  Load({{"__name__", "one"}, {"job", "j"}, {"team", "t"}}, {2});
  EXPECT_EQ(InstantText("many / on(job) group_left(team) one", 0),
            "{i=\"1\", job=\"j\", team=\"t\"} 5; {i=\"2\", job=\"j\", team=\"t\"} 10");
  EXPECT_EQ(InstantText("one * on(job) group_right many", 0), "{i=\"1\", job=\"j\"} 20; {i=\"2\", job=\"j\"} 40");
}

TEST_F(Engine, CallsAmbiguousMatchingAnError) {
  Load({{"__name__", "many"}, {"job", "j"}, {"i", "1"}}, {1});
  Load({{"__name__", "many"}, {"job", "j"}, {"i", "2"}}, {2});
  Load({{"__name__", "one"}, {"job", "j"}}, {3});
  const auto one_to_one = Instant("many + on(job) one", 0);
  ASSERT_FALSE(one_to_one);
  EXPECT_EQ(one_to_one.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(one_to_one.error().message,
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
  EXPECT_NE(InstantText("one + on(job) group_left many", 0)
                .find("found duplicate series for the match group {job=\"j\"} on the right "
                      "hand-side of the operation"),
            std::string::npos);
  EXPECT_EQ(InstantText("nothing + on(job) many", 0), "");
}

TEST_F(Engine, DropsTheMetricNameAtOnceOrAtTheEnd) {
  Load({{"__name__", "a_total"}, {"x", "1"}}, {0, 10, 20});
  EXPECT_EQ(InstantText("sum by (__name__) (increase(a_total[20s]))", 20'000), "{} 20");
  const std::string kept = "label_replace(increase(a_total[20s]), \"__name__\", \"$1\", \"__name__\", \"(.*)_total\")";
  EXPECT_EQ(InstantText(kept, 20'000), "{x=\"1\"} 20");
  EXPECT_EQ(InstantText(kept, 20'000, {.delayed_name_removal = true}), "a{x=\"1\"} 20");
}

TEST_F(Engine, RefusesTwoSeriesThatBecomeOne) {
  Load({{"__name__", "a"}}, {1});
  Load({{"__name__", "b"}}, {2});
  EXPECT_EQ(InstantText("-{__name__=~\"a|b\"}", 0), "vector cannot contain metrics with the same labelset");
}

TEST_F(Engine, WarnsWithTheTextAndThePlace) {
  Load({{"__name__", "gauge"}}, {1, 2, 3});
  const auto rate = Instant("1 + rate(gauge[1m])", 20'000);
  ASSERT_TRUE(rate);
  ASSERT_EQ(rate->infos.size(), 1u);
  EXPECT_EQ(
      rate->infos[0],
      "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"gauge\" (1:10)");
  const auto quantile = Instant("quantile(7, gauge)", 20'000);
  ASSERT_TRUE(quantile);
  ASSERT_EQ(quantile->warnings.size(), 1u);
  EXPECT_EQ(quantile->warnings[0], "PromQL warning: quantile value should be between 0 and 1, got 7 (1:10)");
}

TEST_F(Engine, StopsAtTheLimitOfSamples) {
  for (int i = 0; i < 20; ++i) Load({{"__name__", "a"}, {"i", std::to_string(i)}}, std::vector<double>(100, 1));
  const QueryOptions options{.max_samples = 1500};
  EXPECT_TRUE(Range("sum(a)", 0, 500'000, 10'000, options)) << "20 series with 51 steps each";
  const auto too_many = Range("a + a", 0, 990'000, 10'000, options);
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code, ErrorCode::kTooLarge);
  EXPECT_NE(too_many.error().message.find("1500"), std::string::npos);
  const auto too_many_steps = Range("1", 0, 10'000'000, 1, options);
  ASSERT_FALSE(too_many_steps);
  EXPECT_EQ(too_many_steps.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(Instant("sum(sum_over_time(a[10m]))", 900'000, options)) << "each series is given back when it was read";
}

TEST_F(Engine, StopsWhenItIsCancelled) {
  Load({{"__name__", "a"}}, {1});
  const std::atomic<bool> cancelled = true;
  const auto result = Instant("a", 0, {.cancelled = &cancelled});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST_F(Engine, RefusesWhatItDoesNotEvaluateWithItsPlace) {
  const auto result = Instant("1 + info(a)", 0);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(result.error().position, (Position{1, 5}));
}

TEST_F(Engine, RefusesRangesThatMakeNoSense) {
  EXPECT_EQ(Range("a[5m]", 0, 10, 1).error().message,
            "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector");
  EXPECT_FALSE(Range("a", 10, 0, 1));
  EXPECT_FALSE(Range("a", 0, 10, 0));
}

TEST_F(Engine, RefusesTimesThatCannotBeAddedTo) {
  EXPECT_FALSE(Instant("a", std::numeric_limits<TimestampMs>::max()));
  EXPECT_FALSE(Range("a", std::numeric_limits<TimestampMs>::min(), 0, 1));
  EXPECT_TRUE(Instant("a offset 292y @ 6e12 + a offset -292y @ -6e12", 0));
}

TEST_F(Engine, EvaluatesTreesUpToTheLimitOfHeight) {
  Load({{"__name__", "a"}}, {1});
  std::string text = "a";
  for (int i = 1; i < kMaxHeight; ++i) text += " + a";
  EXPECT_EQ(InstantText(text, 0), "{} 400");
  std::string nested = "a";
  for (int i = 1; i < kMaxHeight; ++i) nested = (i % 2 == 0 ? "abs(" : "(") + nested + ")";
  EXPECT_EQ(InstantText(nested, 0), "{} 1");
}

TEST_F(Engine, TakesTheDefaultStepOfASubqueryFromItsOptions) {
  Load({{"__name__", "a"}}, std::vector<double>(100, 1));
  EXPECT_EQ(InstantText("count_over_time(a[4m:])", 600'000), "{} 4");
  EXPECT_EQ(InstantText("count_over_time(a[4m:])", 600'000, {.default_subquery_step = 30'000}), "{} 8");
}

TEST_F(Engine, AnswersEndWithTheEndThatWasAskedForNotTheLastStep) {
  Load({{"__name__", "a"}}, {0, 1, 2, 3});
  const auto result = Range("a @ end()", 0, 35'000, 20'000);
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<Matrix>(result->value)[0].samples, (std::vector<Sample>{{0, 3}, {20'000, 3}}));
}

TEST_F(Engine, EvaluatesEveryFunctionThatTheTableCallsEvaluated) {
  Load({{"__name__", "a"}, {"le", "+Inf"}}, {1, 2, 3, 4});
  for (const FunctionInfo& info : AllFunctions()) {
    if (!info.evaluated) continue;
    std::string text(info.name);
    text += '(';
    for (int i = 0; i < info.min_args; ++i) {
      if (i > 0) text += ", ";
      switch (info.ArgType(static_cast<std::size_t>(i))) {
        case ValueType::kScalar:
          text += "0.5";
          break;
        case ValueType::kVector:
          text += "a";
          break;
        case ValueType::kMatrix:
          text += "a[1m]";
          break;
        case ValueType::kString:
          text += "\"b\"";
          break;
      }
    }
    text += ')';
    const auto result = Instant(text, 30'000);
    EXPECT_TRUE(result) << text << ": " << result.error().message;
  }
}

/// A store with one series, of which a chunk is damaged and a histogram stands between floats.
class DamagedStore final : public Queryable {
 public:
  Result<std::vector<SelectedSeries>> Select(const Selection&) const override {
    std::vector<SelectedSeries> selected;
    selected.push_back({{{"__name__", "x"}}, std::make_unique<Cursor>()});
    return selected;
  }
  std::vector<std::string> LabelNames(const std::vector<Matcher>&) const override { return {}; }
  std::vector<std::string> LabelValues(std::string_view, const std::vector<Matcher>&) const override { return {}; }
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override { return {}; }

 private:
  class Cursor final : public SeriesCursor {
   public:
    std::size_t Read(std::span<TimestampMs> timestamps, std::span<double> values) override {
      if (step_ != 0 && step_ != 2) return 0;
      timestamps[0] = 1000 + step_;
      values[0] = static_cast<double>(step_);
      ++step_;
      return 1;
    }
    bool ReadHistogram(TimestampMs* timestamp, FloatHistogram*) override {
      if (step_ != 1) return false;
      *timestamp = 1001;
      ++step_;
      return true;
    }
    Status status() const override { return Error{ErrorCode::kCorruption, "the chunk at 8 is damaged"}; }

   private:
    int step_ = 0;
  };
};

TEST(EngineOverDamage, SaysWhatIsMissingFromTheAnswer) {
  const auto expr = ParseExpr("sum_over_time(x[5m])");
  ASSERT_TRUE(expr);
  const auto result = EvalInstant(**expr, DamagedStore(), 2000, {});
  ASSERT_TRUE(result);
  const auto& elements = std::get<Vector>(result->value).elements;
  ASSERT_EQ(elements.size(), 1U);
  EXPECT_EQ(elements[0].value, 2) << "the floats on both sides of the histogram count";
  EXPECT_THAT(result->warnings,
              ::testing::ElementsAre(
                  "PromQL warning: native histograms are not evaluated by this version: their samples are left out",
                  "PromQL warning: samples of x are missing: the chunk at 8 is damaged"));
}

}  // namespace
}  // namespace tickbird::promql
