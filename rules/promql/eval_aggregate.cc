#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "core/base/number.h"
#include "core/base/strings.h"
#include "rules/promql/evaluator.h"

namespace tickbird::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What a group remembers of its elements at one step. Any(): it had one.
struct Sum {
  NeumaierSum sum;
  bool any = false;
  void Add(double value) { sum.Add(value), any = true; }
  bool Any() const { return any; }
  double Result() const { return sum.Total(); }
};
struct Avg {
  RobustMean mean;
  void Add(double value) { mean.Add(value); }
  bool Any() const { return mean.count > 0; }
  double Result() const { return mean.Result(); }
};
struct Count {
  double count = 0;
  void Add(double) { count += 1; }
  bool Any() const { return count > 0; }
  double Result() const { return count; }
};
struct Group {
  bool any = false;
  void Add(double) { any = true; }
  bool Any() const { return any; }
  double Result() const { return 1; }
};
/// NaN loses to any number.
struct Min {
  double best = Absent();
  void Add(double value) {
    if (std::isnan(best) || value < best) best = value;
  }
  bool Any() const { return !IsAbsent(best); }
  double Result() const { return best; }
};
struct Max {
  double best = Absent();
  void Add(double value) {
    if (std::isnan(best) || value > best) best = value;
  }
  bool Any() const { return !IsAbsent(best); }
  double Result() const { return best; }
};
/// Welford's method.
struct Stdvar {
  double count = 0;
  double mean = 0;
  double squares = 0;
  void Add(double value) {
    count += 1;
    if (count == 1) {
      mean = value;
      squares = std::isfinite(value) ? 0 : kNan;
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  bool Any() const { return count > 0; }
  double Result() const { return squares / count; }
};
struct Stddev : Stdvar {
  double Result() const { return std::sqrt(Stdvar::Result()); }
};

/// Which group each row belongs to, and the labels of the groups.
struct Grouping {
  std::vector<std::uint32_t> group_of;
  std::vector<SeriesBlock::Row> groups;
};

LabelSubset SubsetOf(const AggregateExpr& aggregate) {
  return aggregate.without ? LabelSubset::AllBut(aggregate.grouping) : LabelSubset::Only(aggregate.grouping);
}

Grouping GroupRows(const AggregateExpr& aggregate, const SeriesBlock& operand) {
  const LabelSubset subset = SubsetOf(aggregate);
  GroupIndex index;
  Grouping grouping;
  grouping.group_of.reserve(operand.size());
  for (std::size_t i = 0; i < operand.size(); ++i) {
    const SeriesBlock::Row& row = operand.row(i);
    const std::uint32_t group = index.Find(subset, row.labels);
    if (group == grouping.groups.size()) grouping.groups.push_back({subset.Of(row.labels), false});
    grouping.groups[group].drops_name |= row.drops_name;
    grouping.group_of.push_back(group);
  }
  return grouping;
}

template <class Accumulator>
void Fold(const SeriesBlock& operand, const Grouping& grouping, SeriesBlock& out) {
  const std::size_t steps = operand.steps();
  std::vector<Accumulator> accumulators(grouping.groups.size() * steps);
  for (std::size_t row = 0; row < operand.size(); ++row) {
    Accumulator* const at = accumulators.data() + grouping.group_of[row] * steps;
    const auto values = operand.values(row);
    for (std::size_t i = 0; i < steps; ++i) {
      if (!IsAbsent(values[i])) at[i].Add(values[i]);
    }
  }
  for (std::size_t group = 0; group < grouping.groups.size(); ++group) {
    const auto values = out.AddRow(grouping.groups[group].labels, grouping.groups[group].drops_name);
    const Accumulator* const at = accumulators.data() + group * steps;
    for (std::size_t i = 0; i < steps; ++i) {
      if (at[i].Any()) values[i] = at[i].Result();
    }
  }
}

std::vector<std::vector<std::uint32_t>> RowsOfGroups(const Grouping& grouping) {
  std::vector<std::vector<std::uint32_t>> rows(grouping.groups.size());
  for (std::uint32_t i = 0; i < grouping.group_of.size(); ++i) rows[grouping.group_of[i]].push_back(i);
  return rows;
}

/// How many elements topk takes of each group at a step: the parameter without its fraction.
Result<std::vector<std::size_t>> CountsOf(const ScalarColumn& parameter) {
  std::vector<std::size_t> counts;
  counts.reserve(parameter.size());
  for (const double k : parameter) {
    if (std::isnan(k)) return ExecutionError("Parameter value is NaN");
    constexpr double kLimit = 9223372036854775807.0;
    if (k >= kLimit) return ExecutionError(fmt::format("Scalar value {} overflows int64", FormatDouble(k)));
    if (k <= -kLimit) return ExecutionError(fmt::format("Scalar value {} underflows int64", FormatDouble(k)));
    counts.push_back(k < 1 ? 0 : static_cast<std::size_t>(k));
  }
  return counts;
}

/// As Go's %q: bytes that are not UTF-8 are escaped.
std::string QuotedName(const std::string& name) {
  if (IsValidUtf8(name)) return Quoted(name);
  std::string out = "\"";
  for (const char c : name) {
    out += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c)
                                                : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out + '"';
}

}  // namespace

Result<SeriesBlock> Evaluator::EvalAggregate(const AggregateExpr& aggregate, const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock operand, EvalVector(*aggregate.operand, grid));
  switch (aggregate.op) {
    case AggregateOp::kTopK:
    case AggregateOp::kBottomK:
      return EvalRanked(aggregate, operand, grid);
    case AggregateOp::kQuantile:
      return EvalQuantile(aggregate, operand, grid);
    case AggregateOp::kCountValues:
      return EvalCountValues(aggregate, operand);
    default:
      break;
  }
  const Grouping grouping = GroupRows(aggregate, operand);
  SeriesBlock out = NewBlock(grid);
  switch (aggregate.op) {
    case AggregateOp::kSum:
      Fold<Sum>(operand, grouping, out);
      break;
    case AggregateOp::kAvg:
      Fold<Avg>(operand, grouping, out);
      break;
    case AggregateOp::kMin:
      Fold<Min>(operand, grouping, out);
      break;
    case AggregateOp::kMax:
      Fold<Max>(operand, grouping, out);
      break;
    case AggregateOp::kCount:
      Fold<Count>(operand, grouping, out);
      break;
    case AggregateOp::kGroup:
      Fold<Group>(operand, grouping, out);
      break;
    case AggregateOp::kStddev:
      Fold<Stddev>(operand, grouping, out);
      break;
    case AggregateOp::kStdvar:
      Fold<Stdvar>(operand, grouping, out);
      break;
    default:
      return Error{ErrorCode::kUnsupported, fmt::format("{} is not evaluated", AggregateOpText(aggregate.op))};
  }
  TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  return out;
}

Result<SeriesBlock> Evaluator::EvalRanked(const AggregateExpr& aggregate, const SeriesBlock& operand,
                                          const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn parameter, EvalScalar(*aggregate.parameter, grid));
  TICKBIRD_ASSIGN_OR_RETURN(const std::vector<std::size_t> counts, CountsOf(parameter));
  const bool top = aggregate.op == AggregateOp::kTopK;
  std::vector<std::uint32_t> order;
  std::vector<bool> taken(operand.size() * grid.count);
  std::vector<std::uint32_t> ranked;
  for (const auto& rows : RowsOfGroups(GroupRows(aggregate, operand))) {
    for (std::size_t i = 0; i < grid.count; ++i) {
      ranked.clear();
      std::ranges::copy_if(rows, std::back_inserter(ranked),
                           [&](std::uint32_t row) { return !IsAbsent(operand.values(row)[i]); });
      const std::size_t count = std::min(counts[i], ranked.size());
      std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count), ranked.end(),
                        [&](std::uint32_t a, std::uint32_t b) {
                          const double x = operand.values(a)[i];
                          const double y = operand.values(b)[i];
                          if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) || (std::isnan(y) && a < b);
                          return x != y ? (top ? x > y : x < y) : a < b;
                        });
      ranked.resize(count);
      for (const std::uint32_t row : ranked) taken[row * grid.count + i] = true;
      if (grid.count == 1) order.insert(order.end(), ranked.begin(), ranked.end());
    }
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  }
  if (grid.count == 1) return operand.Reordered(order);
  SeriesBlock out = NewBlock(grid);
  for (std::size_t row = 0; row < operand.size(); ++row) {
    const auto begin = taken.begin() + static_cast<std::ptrdiff_t>(row * grid.count);
    if (std::find(begin, begin + static_cast<std::ptrdiff_t>(grid.count), true) ==
        begin + static_cast<std::ptrdiff_t>(grid.count))
      continue;
    const auto values = out.AddRow(operand.row(row).labels, operand.row(row).drops_name);
    for (std::size_t i = 0; i < grid.count; ++i) {
      if (taken[row * grid.count + i]) values[i] = operand.values(row)[i];
    }
  }
  return out;
}

Result<SeriesBlock> Evaluator::EvalQuantile(const AggregateExpr& aggregate, const SeriesBlock& operand,
                                            const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn parameter, EvalScalar(*aggregate.parameter, grid));
  for (const double q : parameter) {
    if (q >= 0 && q <= 1) continue;
    annotations_.Warn(*aggregate.parameter,
                      fmt::format("quantile value should be between 0 and 1, got {}", FormatDouble(q)));
  }
  const Grouping grouping = GroupRows(aggregate, operand);
  const auto rows_of_groups = RowsOfGroups(grouping);
  SeriesBlock out = NewBlock(grid);
  std::vector<double> values;
  for (std::size_t group = 0; group < rows_of_groups.size(); ++group) {
    const auto column = out.AddRow(grouping.groups[group].labels, grouping.groups[group].drops_name);
    for (std::size_t i = 0; i < grid.count; ++i) {
      values.clear();
      for (const std::uint32_t row : rows_of_groups[group]) {
        if (!IsAbsent(operand.values(row)[i])) values.push_back(operand.values(row)[i]);
      }
      if (!values.empty()) column[i] = QuantileOf(parameter[i], values);
    }
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
  }
  return out;
}

Result<SeriesBlock> Evaluator::EvalCountValues(const AggregateExpr& aggregate, const SeriesBlock& operand) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string label, EvalString(*aggregate.parameter));
  if (label.empty() || !IsValidUtf8(label))
    return ExecutionError(fmt::format("invalid label name {}", QuotedName(label)));
  // The value's label takes part in the grouping: it may replace one of the series.
  AggregateExpr with_label = aggregate;
  if (!aggregate.without) with_label.grouping.push_back(label);
  const LabelSubset subset = SubsetOf(with_label);
  GroupIndex index;
  SeriesBlock out(operand.steps(), budget_);
  std::unordered_map<std::uint64_t, std::uint32_t> group_of_value;
  for (std::size_t row = 0; row < operand.size(); ++row) {
    group_of_value.clear();
    LabelsBuilder builder(operand.row(row).labels);
    for (std::size_t i = 0; i < operand.steps(); ++i) {
      const double value = operand.values(row)[i];
      if (IsAbsent(value)) continue;
      const auto [known, is_new] = group_of_value.try_emplace(std::bit_cast<std::uint64_t>(value), 0);
      if (is_new) {
        const Labels labels = builder.Set(label, FormatDouble(value)).Build();
        known->second = index.Find(subset, labels);
        if (known->second == out.size()) {
          out.AddRow(subset.Of(labels), operand.row(row).drops_name);
          TICKBIRD_RETURN_IF_ERROR(Checkpoint());
        }
      }
      double& count = out.values(known->second)[i];
      count = IsAbsent(count) ? 1 : count + 1;
    }
  }
  return out;
}

}  // namespace tickbird::promql
