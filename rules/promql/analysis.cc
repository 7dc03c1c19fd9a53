#include <algorithm>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "rules/promql/ast.h"
#include "rules/promql/function_table.h"

namespace tickbird::promql {
namespace {

/// Why this very node is not evaluated, or "".
std::string WhyUnsupported(const Expr& expr) {
  const auto range_mode = [](RangeMode mode) -> std::string {
    if (mode == RangeMode::kPlain) return "";
    return fmt::format("the modifier {}", mode == RangeMode::kAnchored ? "anchored" : "smoothed");
  };
  if (const auto* call = std::get_if<CallExpr>(&expr.node)) {
    return call->function->evaluated ? "" : fmt::format("the function {}()", call->function->name);
  }
  if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) {
    const bool later = aggregate->op == AggregateOp::kLimitK || aggregate->op == AggregateOp::kLimitRatio;
    return later ? fmt::format("the aggregation {}", AggregateOpText(aggregate->op)) : "";
  }
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    const bool trims = binary->op == BinaryOp::kTrimLower || binary->op == BinaryOp::kTrimUpper;
    return trims ? fmt::format("the operator {}, which is for native histograms,", BinaryOpText(binary->op)) : "";
  }
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) return range_mode(selector->mode);
  if (const auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return range_mode(matrix->selector.mode);
  return "";
}

void CollectUnsupported(const Expr& expr, std::vector<Diagnostic>& found) {
  if (const std::string why = WhyUnsupported(expr); !why.empty()) {
    found.push_back({Diagnostic::Severity::kError, expr.span.position, expr.span.length,
                     fmt::format("{} is understood but not evaluated by this version", why)});
  }
  for (const ExprPtr& child : Children(expr)) CollectUnsupported(*child, found);
}

class ReadSetCollector {
 public:
  explicit ReadSetCollector(DurationMs lookback) : lookback_(lookback) {}

  /// `reach`: how far before the evaluation time the subqueries around `expr` evaluate it.
  void Visit(const Expr& expr, DurationMs reach) {
    if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) {
      Read(*selector, reach + lookback_);
    } else if (const auto* matrix = std::get_if<MatrixSelector>(&expr.node)) {
      Read(matrix->selector, reach + matrix->range.ms);
    } else if (const auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) {
      reach += subquery->range.ms + subquery->shift.offset.ms;
    } else if (const auto* call = std::get_if<CallExpr>(&expr.node)) {
      // What is absent commits nothing: its rule must be looked at all the same.
      const Function function = call->function->function;
      const bool senses_absence = function == Function::kAbsent || function == Function::kAbsentOverTime;
      const bool reads_samples = function == Function::kTimestamp;
      if (senses_absence || (ReadsEvaluationTime(*call->function, call->args.size()) && !reads_samples))
        set_.reads_clock = true;
    }
    for (const ExprPtr& child : Children(expr)) Visit(*child, reach);
  }

  ReadSet Take() {
    auto& names = set_.metric_names;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (!set_.everything && names.empty()) set_.reads_clock = true;
    return std::move(set_);
  }

 private:
  void Read(const VectorSelector& selector, DurationMs window) {
    set_.longest_window = std::max(set_.longest_window, window + selector.shift.offset.ms);
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.name() != kMetricNameLabel) continue;
      if (matcher.type() == Matcher::Type::kEqual) {
        set_.metric_names.push_back(matcher.value());
        return;
      }
      if (matcher.type() == Matcher::Type::kRegex && !matcher.literals().empty()) {
        set_.metric_names.insert(set_.metric_names.end(), matcher.literals().begin(), matcher.literals().end());
        return;
      }
    }
    set_.everything = true;
  }

  DurationMs lookback_;
  ReadSet set_;
};

}  // namespace

std::vector<Diagnostic> CheckSupported(const Expr& expr) {
  std::vector<Diagnostic> found;
  CollectUnsupported(expr, found);
  return found;
}

ReadSet ReadSetOf(const Expr& expr, DurationMs lookback) {
  ReadSetCollector collector(lookback);
  collector.Visit(expr, 0);
  return collector.Take();
}

}  // namespace tickbird::promql
