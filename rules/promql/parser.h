#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/source_text.h"
#include "rules/promql/fwd.h"

namespace tickbird::promql {

enum class ValueType { kScalar, kVector, kMatrix, kString };
/// "scalar", "instant vector", "range vector", "string", as in Prometheus' messages.
std::string_view ValueTypeName(ValueType type);

struct ParseOptions {
  /// Looks up `$name`, which the rule language allows where an expression or a matcher's value may stand. Returns the
  /// tree, or an error to be reported at the variable. Not set: `$` is a syntax error, as in Prometheus.
  std::function<Result<ExprPtr>(std::string_view name)> variable;
};

struct ParseFailure {
  std::vector<Diagnostic> diagnostics;  ///< At least one; positions within the text that was parsed, first is 1:1.
  /// The first one as an Error (kParse).
  Error ToError() const;
};

/// Parses and type-checks one expression of PromQL as of Prometheus 3.14 (../docs of promql/README.md name the
/// sections). What is understood but not evaluated by this version parses here and is refused by CheckSupported with
/// its position.
std::expected<ExprPtr, ParseFailure> ParseExpr(std::string_view text, const ParseOptions& options = {});

ValueType TypeOf(const Expr& expr);

/// Empty when the engine evaluates all of it; else a diagnostic (kUnsupported in spirit) for each part that it does
/// not.
std::vector<Diagnostic> CheckSupported(const Expr& expr);

/// Prometheus' canonical one-line text.
std::string Format(const Expr& expr);

/// What an expression reads, so that its rule is evaluated when such samples were committed.
struct ReadSet {
  bool everything = false;                ///< A selector without an equality on __name__.
  std::vector<std::string> metric_names;  ///< Sorted, unique.
  bool reads_clock = false;               ///< time(), vector(1): changes although no sample did.
  DurationMs longest_window = 0;          ///< The oldest sample read lies this far back (range + offset + lookback).
};
ReadSet ReadSetOf(const Expr& expr, DurationMs lookback);

}  // namespace tickbird::promql
