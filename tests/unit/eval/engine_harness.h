#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/sample.h"
#include "rules/eval/engine.h"
#include "tests/unit/eval/alert_script.h"

/// A rule engine on a table of values instead of a store and a PromQL engine.
namespace tickbird::rules {

/// An expression that the engine only hands around: its text, what it reads, and what it gives at a time.
struct FakeExpr {
  std::string text;
  promql::ReadSet reads;
  std::function<Result<promql::Value>(TimestampMs)> evaluate;
  std::vector<TimestampMs> evaluated_at;
};

/// The last value of each series by metric; what a selector sees.
class FakeMetrics {
 public:
  void Set(const std::string& metric, Labels labels, double value) { metrics_[metric][std::move(labels)] = value; }
  void Remove(const std::string& metric, const Labels& labels) { metrics_[metric].erase(labels); }
  promql::Vector Read(const std::string& metric, TimestampMs at) const {
    promql::Vector vector{.timestamp = at};
    const auto found = metrics_.find(metric);
    if (found == metrics_.end()) return vector;
    for (const auto& [labels, value] : found->second) vector.elements.push_back({labels, value});
    return vector;
  }

 private:
  std::map<std::string, std::map<Labels, double>> metrics_;
};

struct WrittenSample {
  std::string series;
  TimestampMs at;
  double value;
};

/// Takes samples; what is committed becomes visible in the metrics and is told to the engine, as the store does.
class FakeStore final : public Queryable, public Appendable {
 public:
  explicit FakeStore(FakeMetrics& metrics) : metrics_(metrics) {}

  std::unique_ptr<Appender> NewAppender() override;
  Result<std::vector<SelectedSeries>> Select(const Selection&) const override { return std::vector<SelectedSeries>(); }
  std::vector<std::string> LabelNames(const std::vector<Matcher>&) const override { return {}; }
  std::vector<std::string> LabelValues(std::string_view, const std::vector<Matcher>&) const override { return {}; }
  std::map<std::string, MetricMetadata, std::less<>> Metadata() const override { return {}; }

  /// `series@time=value`, stale markers as `stale`, in the order of writing; and forgets them.
  std::vector<std::string> TakeWritten();

  CommitListener listener;
  int commits = 0;
  bool refuse = false;

 private:
  class Batch;
  FakeMetrics& metrics_;
  std::vector<WrittenSample> written_;
};

class EngineHarness {
 public:
  /// A time that no test mistakes for a duration.
  static constexpr TimestampMs kStart = 1'700'000'000'000;

  EngineHarness();

  /// Reads one metric and gives it as it is.
  std::shared_ptr<FakeExpr> Selector(const std::string& metric);
  std::shared_ptr<FakeExpr> Expr(std::string text, std::vector<std::string> reads,
                                 std::function<Result<promql::Value>(TimestampMs)> evaluate);
  promql::ExprPtr Ptr(const std::shared_ptr<FakeExpr>& expr) const;

  /// An alert whose clauses are written as in alert scripts.
  AlertRule Alert(const std::string& name, const std::shared_ptr<FakeExpr>& value, std::string_view clauses) const;
  RecordRule Record(const std::string& metric, const std::shared_ptr<FakeExpr>& expr) const;
  static std::shared_ptr<const RuleSet> Set(std::vector<Rule> rules);

  void Start(std::vector<Rule> rules, RuleEngine::Options options = {});
  /// Samples of these metrics at `offset` were committed; then runs what is due.
  void Commit(DurationMs offset, std::vector<std::string_view> metrics);
  /// Sets one series and commits it.
  void Put(DurationMs offset, const std::string& metric, const Labels& labels, double value);
  /// Runs what is due.
  void RunAt(DurationMs offset);

  /// `raised high cpu{instance="a"}`; and forgets them.
  std::vector<std::string> TakeEvents();
  static std::string EventText(const AlertEvent& event);

  FakeMetrics metrics;
  FakeStore store;
  std::vector<AlertEvent> events;
  std::unique_ptr<RuleEngine> engine;
};

}  // namespace tickbird::rules
