#pragma once

#include <functional>
#include <string>

#include "core/model/queryable.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"

namespace tickbird::rules {

/// What the rule engine asks of PromQL. The seam where tests put a scripted evaluator and other stores can be asked
/// instead of the local one. The functions are called on the engine's thread.
struct PromqlFunctions {
  /// The value of an expression at one time.
  std::function<Result<promql::QueryResult>(const promql::Expr&, const Queryable&, TimestampMs)> evaluate;
  /// Which samples it reads; asked once per expression when rules are loaded.
  std::function<promql::ReadSet(const promql::Expr&)> read_set;
  /// Canonical text: links in messages, and whether a rule is the same after a reload.
  std::function<std::string(const promql::Expr&)> format;
};

/// The engine of rules/promql.
PromqlFunctions LocalPromql(const promql::QueryOptions& options = {});

}  // namespace tickbird::rules
