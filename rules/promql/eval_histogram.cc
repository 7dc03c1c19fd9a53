#include <cmath>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "core/base/number.h"
#include "core/base/strings.h"
#include "rules/promql/bucket_quantile.h"
#include "rules/promql/evaluator.h"

namespace tickbird::promql {
namespace {

constexpr std::string_view kBoundLabel = "le";

/// The bucket series of one histogram.
struct BucketGroup {
  Labels labels;
  std::string metric_name;
  struct Series {
    std::size_t row;
    double upper_bound;
  };
  std::vector<Series> buckets;
};

}  // namespace

Result<SeriesBlock> Evaluator::EvalHistogramQuantile(const CallExpr& call, const StepGrid& grid) {
  const Expr& vector = *call.args[1];
  TICKBIRD_ASSIGN_OR_RETURN(const ScalarColumn quantiles, EvalScalar(*call.args[0], grid));
  for (const double q : quantiles) {
    if (q >= 0 && q <= 1) continue;
    annotations_.Warn(*call.args[0], fmt::format("quantile value should be between 0 and 1, got {}", FormatDouble(q)));
  }
  TICKBIRD_ASSIGN_OR_RETURN(const SeriesBlock block, EvalVector(vector, grid));

  const LabelSubset subset = LabelSubset::AllBut({std::string(kBoundLabel)});
  GroupIndex index;
  std::vector<BucketGroup> groups;
  for (std::size_t row = 0; row < block.size(); ++row) {
    const Labels& labels = block.row(row).labels;
    const auto bound = ParseDouble(labels.Get(kBoundLabel));
    if (!bound) {
      annotations_.Warn(vector, fmt::format("bucket label \"le\" is missing or has a malformed value of {}{}",
                                            Quoted(labels.Get(kBoundLabel)), ForMetricName(labels.MetricName())));
      continue;
    }
    const std::uint32_t group = index.Find(subset, labels);
    if (group == groups.size()) groups.push_back({subset.Of(labels), std::string(labels.MetricName()), {}});
    groups[group].buckets.push_back({row, *bound});
  }

  SeriesBlock out = NewBlock(grid);
  std::vector<Bucket> buckets;
  for (const BucketGroup& group : groups) {
    TICKBIRD_RETURN_IF_ERROR(Checkpoint());
    const auto values = out.AddRow(group.labels);
    bool forced = false;
    for (std::size_t i = 0; i < grid.count; ++i) {
      buckets.clear();
      for (const auto& series : group.buckets) {
        const double count = block.values(series.row)[i];
        if (!IsAbsent(count)) buckets.push_back({series.upper_bound, count});
      }
      if (buckets.empty()) continue;
      const BucketQuantile result = QuantileOfBuckets(quantiles[i], buckets);
      values[i] = result.value;
      forced = forced || result.forced_monotonic;
    }
    if (forced) {
      annotations_.Inform(vector,
                          "input to histogram_quantile needed to be fixed for monotonicity (see "
                          "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
                              ForMetricName(group.metric_name));
    }
  }
  return out;
}

}  // namespace tickbird::promql
