#pragma once

#include <memory>

namespace tickbird::promql {

struct Expr;
/// An expression as an immutable tree: parts may be shared between trees (`let` of the rule language does).
using ExprPtr = std::shared_ptr<const Expr>;

}  // namespace tickbird::promql
