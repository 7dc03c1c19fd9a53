#include "rules/eval/promql_functions.h"

namespace tickbird::rules {

PromqlFunctions LocalPromql(const promql::QueryOptions& options) {
  return {
      .evaluate = [options](const promql::Expr& expr, const Queryable& data,
                            TimestampMs at) { return promql::EvalInstant(expr, data, at, options); },
      .read_set = [lookback = options.lookback](const promql::Expr& expr) { return promql::ReadSetOf(expr, lookback); },
      .format = [](const promql::Expr& expr) { return promql::Format(expr); },
  };
}

}  // namespace tickbird::rules
