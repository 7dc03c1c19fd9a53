#include "tests/unit/eval/engine_harness.h"
#include "tests/testing/float_appender.h"

#include "core/base/number.h"

namespace tickbird::rules {
namespace {

const FakeExpr& Fake(const promql::Expr& expr) {
  return reinterpret_cast<const FakeExpr&>(expr);
}

PromqlFunctions FakePromql() {
  return {
      .evaluate = [](const promql::Expr& expr, const Queryable&, TimestampMs at) -> Result<promql::QueryResult> {
        auto& fake = const_cast<FakeExpr&>(Fake(expr));
        fake.evaluated_at.push_back(at);
        auto value = fake.evaluate(at);
        if (!value) return Error(value.error());
        return promql::QueryResult{.value = std::move(*value), .warnings = {}, .infos = {}};
      },
      .read_set = [](const promql::Expr& expr) { return Fake(expr).reads; },
      .format = [](const promql::Expr& expr) { return Fake(expr).text; },
  };
}

}  // namespace

class FakeStore::Batch final : public testing::FloatAppender {
 public:
  explicit Batch(FakeStore& store) : store_(store) {}

  Result<SeriesRef> Append(SeriesRef, const Labels& labels, TimestampMs timestamp, double value) override {
    if (store_.refuse) return Error{ErrorCode::kTooLarge, "no room"};
    samples_.push_back({labels, timestamp, value});
    return SeriesRef{1};
  }
  void SetMetadata(std::string_view, const MetricMetadata&) override {}
  Status Commit() override {
    ++store_.commits;
    std::vector<std::string_view> names;
    TimestampMs newest = 0;
    for (const auto& [labels, at, value] : samples_) {
      store_.written_.push_back({labels.ToString(), at, value});
      names.push_back(labels.MetricName());
      newest = std::max(newest, at);
      const std::string metric(labels.MetricName());
      if (IsStaleMarker(value)) {
        store_.metrics_.Remove(metric, labels);
      } else {
        store_.metrics_.Set(metric, labels, value);
      }
    }
    if (store_.listener) store_.listener({newest, names});
    return {};
  }
  void Rollback() override { samples_.clear(); }

 private:
  struct Written {
    Labels labels;
    TimestampMs at;
    double value;
  };
  FakeStore& store_;
  std::vector<Written> samples_;
};

std::unique_ptr<Appender> FakeStore::NewAppender() {
  return std::make_unique<Batch>(*this);
}

std::vector<std::string> FakeStore::TakeWritten() {
  std::vector<std::string> texts;
  for (const WrittenSample& sample : std::exchange(written_, {})) {
    const std::string value = IsStaleMarker(sample.value) ? "stale" : FormatDouble(sample.value);
    texts.push_back(sample.series + "@" + std::to_string(sample.at - EngineHarness::kStart) + "=" + value);
  }
  return texts;
}

EngineHarness::EngineHarness() : store(metrics) {
  store.listener = [this](const CommitNotice& notice) {
    if (engine) engine->OnCommit(notice);
  };
}

std::shared_ptr<FakeExpr> EngineHarness::Expr(std::string text, std::vector<std::string> reads,
                                              std::function<Result<promql::Value>(TimestampMs)> evaluate) {
  auto expr = std::make_shared<FakeExpr>();
  expr->text = std::move(text);
  expr->reads.metric_names = std::move(reads);
  expr->evaluate = std::move(evaluate);
  return expr;
}

std::shared_ptr<FakeExpr> EngineHarness::Selector(const std::string& metric) {
  return Expr(metric, {metric}, [this, metric](TimestampMs at) { return metrics.Read(metric, at); });
}

promql::ExprPtr EngineHarness::Ptr(const std::shared_ptr<FakeExpr>& expr) const {
  return {expr, reinterpret_cast<const promql::Expr*>(expr.get())};
}

AlertRule EngineHarness::Alert(const std::string& name, const std::shared_ptr<FakeExpr>& value,
                               std::string_view clauses) const {
  AlertRule rule = ParseScriptRule(clauses);
  rule.name = name;
  rule.value = Ptr(value);
  rule.value_text = value->text;
  rule.source.file = "a.rules";
  return rule;
}

RecordRule EngineHarness::Record(const std::string& metric, const std::shared_ptr<FakeExpr>& expr) const {
  RecordRule rule;
  rule.metric = metric;
  rule.expr = Ptr(expr);
  rule.expr_text = expr->text;
  rule.source.file = "b.rules";
  return rule;
}

std::shared_ptr<const RuleSet> EngineHarness::Set(std::vector<Rule> rules) {
  auto set = std::make_shared<RuleSet>();
  set->levels = {{"info", 1}, {"warning", 2}, {"high", 3}, {"critical", 4}};
  set->rules = std::move(rules);
  return set;
}

void EngineHarness::Start(std::vector<Rule> rules, RuleEngine::Options options) {
  engine = std::make_unique<RuleEngine>(
      Set(std::move(rules)), store, store, [this](const AlertEvent& event) { events.push_back(event); }, FakePromql(),
      std::move(options));
}

void EngineHarness::Commit(DurationMs offset, std::vector<std::string_view> names) {
  engine->OnCommit({kStart + offset, names});
  RunAt(offset);
}

void EngineHarness::Put(DurationMs offset, const std::string& metric, const Labels& labels, double value) {
  metrics.Set(metric, labels, value);
  Commit(offset, {metric});
}

void EngineHarness::RunAt(DurationMs offset) {
  while (engine->EvaluateDue(kStart + offset).more) {
  }
}

std::string EngineHarness::EventText(const AlertEvent& event) {
  const std::string_view kinds[] = {"raised", "up", "down", "cleared"};
  return std::string(kinds[static_cast<int>(event.kind)]) + " " + event.level.name + " " +
         LabelsBuilder(event.labels).Set(kMetricNameLabel, event.rule).Remove("alertname").Build().ToString();
}

std::vector<std::string> EngineHarness::TakeEvents() {
  std::vector<std::string> texts;
  for (const AlertEvent& event : std::exchange(events, {})) texts.push_back(EventText(event));
  return texts;
}

}  // namespace tickbird::rules
