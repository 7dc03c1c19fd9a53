#include "rules/promql/ast.h"

#include <array>

namespace tickbird::promql {
namespace {

constexpr std::array<std::string_view, 18> kBinaryOps = {
    "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "<=", ">", ">=", "</", ">/", "and", "or", "unless"};
constexpr std::array<std::string_view, 14> kAggregateOps = {
    "sum",    "avg",  "min",     "max",      "count",        "group",  "stddev",
    "stdvar", "topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio"};

}  // namespace

std::string_view BinaryOpText(BinaryOp op) {
  return kBinaryOps[static_cast<std::size_t>(op)];
}

bool IsComparison(BinaryOp op) {
  return op >= BinaryOp::kEqual && op <= BinaryOp::kGreaterEqual;
}

bool IsSetOperator(BinaryOp op) {
  return op >= BinaryOp::kAnd;
}

std::string_view AggregateOpText(AggregateOp op) {
  return kAggregateOps[static_cast<std::size_t>(op)];
}

bool TakesParameter(AggregateOp op) {
  return op >= AggregateOp::kTopK;
}

std::vector<ExprPtr> Children(const Expr& expr) {
  struct Visitor {
    std::vector<ExprPtr> operator()(const NumberLiteral&) const { return {}; }
    std::vector<ExprPtr> operator()(const StringLiteral&) const { return {}; }
    std::vector<ExprPtr> operator()(const ParenExpr& paren) const { return {paren.inner}; }
    std::vector<ExprPtr> operator()(const UnaryExpr& unary) const { return {unary.operand}; }
    std::vector<ExprPtr> operator()(const BinaryExpr& binary) const { return {binary.lhs, binary.rhs}; }
    std::vector<ExprPtr> operator()(const AggregateExpr& aggregate) const {
      if (aggregate.parameter) return {aggregate.parameter, aggregate.operand};
      return {aggregate.operand};
    }
    std::vector<ExprPtr> operator()(const CallExpr& call) const { return call.args; }
    std::vector<ExprPtr> operator()(const VectorSelector&) const { return {}; }
    std::vector<ExprPtr> operator()(const MatrixSelector&) const { return {}; }
    std::vector<ExprPtr> operator()(const SubqueryExpr& subquery) const { return {subquery.inner}; }
  };
  return std::visit(Visitor{}, expr.node);
}

const Expr& StripParens(const Expr& expr) {
  const Expr* at = &expr;
  while (const auto* paren = std::get_if<ParenExpr>(&at->node)) at = paren->inner.get();
  return *at;
}

}  // namespace tickbird::promql
