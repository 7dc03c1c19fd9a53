#include "rules/promql/series_block.h"

#include <algorithm>

namespace tickbird::promql {
namespace {

struct HashedRow {
  std::uint64_t hash;
  std::uint32_t index;
};

/// Moves the samples of `from` into `into`; false when both have one at a step.
bool Merge(std::span<double> into, std::span<const double> from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    if (IsAbsent(from[i])) continue;
    if (!IsAbsent(into[i])) return false;
    into[i] = from[i];
  }
  return true;
}

}  // namespace

std::span<double> SeriesBlock::AddRow(Labels labels, bool drops_name) {
  rows_.push_back({std::move(labels), drops_name});
  values_.resize(values_.size() + steps_, Absent());
  budget_->Take(steps_);
  return values(rows_.size() - 1);
}

void SeriesBlock::PopRow() {
  rows_.pop_back();
  values_.resize(values_.size() - steps_);
  budget_->GiveBack(steps_);
}

SeriesBlock SeriesBlock::Reordered(const std::vector<std::uint32_t>& order) const {
  SeriesBlock out(steps_, *budget_);
  for (const std::uint32_t index : order) {
    const auto target = out.AddRow(rows_[index].labels, rows_[index].drops_name);
    std::ranges::copy(values(index), target.begin());
  }
  return out;
}

Labels WithoutMetricName(const Labels& labels) {
  if (!labels.Has(kMetricNameLabel) && !labels.Has("__type__") && !labels.Has("__unit__")) return labels;
  LabelsBuilder builder(labels);
  return builder.Remove(kMetricNameLabel).Remove("__type__").Remove("__unit__").Build();
}

Status MergeSameLabels(SeriesBlock& block) {
  std::vector<HashedRow> by_hash;
  by_hash.reserve(block.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    by_hash.push_back({block.row(i).labels.Hash(), static_cast<std::uint32_t>(i)});
  }
  std::sort(by_hash.begin(), by_hash.end(), [](const HashedRow& a, const HashedRow& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.index < b.index;
  });
  std::vector<bool> gone(block.size());
  bool any_gone = false;
  for (std::size_t i = 0; i < by_hash.size(); ++i) {
    if (gone[by_hash[i].index]) continue;
    for (std::size_t j = i + 1; j < by_hash.size() && by_hash[j].hash == by_hash[i].hash; ++j) {
      if (block.row(by_hash[i].index).labels != block.row(by_hash[j].index).labels) continue;
      if (!Merge(block.values(by_hash[i].index), block.values(by_hash[j].index))) {
        return Error{ErrorCode::kInvalidArgument, "vector cannot contain metrics with the same labelset"};
      }
      gone[by_hash[j].index] = any_gone = true;
    }
  }
  if (!any_gone) return {};
  std::vector<std::uint32_t> kept;
  for (std::uint32_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) kept.push_back(i);
  }
  block = block.Reordered(kept);
  return {};
}

}  // namespace tickbird::promql
