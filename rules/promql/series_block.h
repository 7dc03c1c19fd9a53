#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird::promql {

/// The times at which an expression is evaluated: start, start + step, ...; one for an instant query.
struct StepGrid {
  TimestampMs start = 0;
  DurationMs step = 1;
  std::size_t count = 1;

  TimestampMs At(std::size_t index) const { return start + static_cast<TimestampMs>(index) * step; }
  TimestampMs Last() const { return At(count - 1); }
};

/// "No sample at this step" in a column. The stale marker is free for that: no operator sees or makes one.
inline double Absent() {
  return StaleMarker();
}
inline bool IsAbsent(double value) {
  return IsStaleMarker(value);
}

/// A scalar at each step.
using ScalarColumn = std::vector<double>;

/// How many values a query holds at once, against its limit. Going over is noticed at the next checkpoint of the
/// evaluator, so it overshoots by one series at most.
class SampleBudget {
 public:
  explicit SampleBudget(std::size_t limit) : limit_(limit) {}
  void Take(std::size_t samples) { used_ += samples; }
  void GiveBack(std::size_t samples) { used_ -= samples; }
  bool Exceeded() const { return used_ > limit_; }
  std::size_t limit() const { return limit_; }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

/// An instant vector at every step of a grid: one row per series, one column per step, in one piece of memory. Rows
/// have different labels, except for a moment after labels were changed (MergeSameLabels).
class SeriesBlock {
 public:
  struct Row {
    Labels labels;
    bool drops_name = false;  ///< Delayed name removal: the metric name goes away with the final result.
  };

  SeriesBlock(std::size_t steps, SampleBudget& budget) : steps_(steps), budget_(&budget) {}
  SeriesBlock(SeriesBlock&& other) noexcept { *this = std::move(other); }
  SeriesBlock& operator=(SeriesBlock&& other) noexcept {
    std::swap(steps_, other.steps_);
    std::swap(budget_, other.budget_);
    rows_.swap(other.rows_);
    values_.swap(other.values_);
    return *this;
  }
  ~SeriesBlock() {
    if (budget_) budget_->GiveBack(values_.size());
  }

  std::size_t size() const { return rows_.size(); }
  std::size_t steps() const { return steps_; }
  Row& row(std::size_t index) { return rows_[index]; }
  const Row& row(std::size_t index) const { return rows_[index]; }
  std::span<double> values(std::size_t index) { return {values_.data() + index * steps_, steps_}; }
  std::span<const double> values(std::size_t index) const { return {values_.data() + index * steps_, steps_}; }
  std::span<double> all_values() { return values_; }

  /// Adds a row without samples. The span is valid until the next row is added.
  std::span<double> AddRow(Labels labels, bool drops_name = false);
  /// Takes the last row away again.
  void PopRow();
  /// The rows in another order; `order` may leave rows out, but names none twice.
  SeriesBlock Reordered(const std::vector<std::uint32_t>& order) const;

 private:
  std::size_t steps_ = 0;
  SampleBudget* budget_ = nullptr;
  std::vector<Row> rows_;
  std::vector<double> values_;
};

/// `labels` without the metric name and the labels that describe the metric (__type__, __unit__).
Labels WithoutMetricName(const Labels& labels);

/// Makes one row of those with equal labels. kInvalidArgument when two of them have a sample at the same step.
Status MergeSameLabels(SeriesBlock& block);

}  // namespace tickbird::promql
