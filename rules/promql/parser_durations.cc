#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "rules/promql/parser_impl.h"

namespace tickbird::promql {
namespace {

using Op = DurationExpr::Op;

// As in expressions, a sign binds like `*`: its operand takes only what binds tighter.
constexpr int kPowPrecedence = 3;

std::shared_ptr<const DurationExpr> Node(Op op, std::shared_ptr<const DurationExpr> lhs = nullptr,
                                         std::shared_ptr<const DurationExpr> rhs = nullptr) {
  return std::make_shared<DurationExpr>(DurationExpr{op, 0, false, std::move(lhs), std::move(rhs)});
}

bool NeedsQuery(const DurationExpr& expr) {
  if (expr.op == Op::kStep || expr.op == Op::kRange) return true;
  return (expr.lhs && NeedsQuery(*expr.lhs)) || (expr.rhs && NeedsQuery(*expr.rhs));
}

}  // namespace

std::optional<DurationValue> Parser::ParseRangeDuration() {
  const std::size_t start = Peek().offset;
  DurationPtr expr = ParseDurationOperators(0);
  return expr ? FinishDuration(std::move(expr), start, false) : std::nullopt;
}

std::optional<DurationValue> Parser::ParseOffsetDuration() {
  const std::size_t start = Peek().offset;
  // Without parentheses `offset` takes one operand: `foo offset -2 ^ 2` is `(foo offset -2) ^ 2`.
  const bool negate = Is(TokenKind::kSub);
  if (!Take(TokenKind::kSub)) Take(TokenKind::kAdd);
  DurationPtr expr = ParseDurationPrimary();
  if (expr && negate) expr = Node(Op::kNegate, std::move(expr));
  return expr ? FinishDuration(std::move(expr), start, true) : std::nullopt;
}

std::optional<DurationValue> Parser::FinishDuration(DurationPtr expr, std::size_t start, bool may_be_negative) {
  DurationValue value;
  value.needs_query = NeedsQuery(*expr);
  if (!value.needs_query) {
    const auto seconds = EvalDurationExpr(*expr, 0, 0);
    if (!seconds) {
      Fail(SpanFrom(start), seconds.error().message);
      return std::nullopt;
    }
    if (!(std::abs(*seconds * 1000) <= static_cast<double>(kMaxDuration))) {
      Fail(SpanFrom(start), "duration out of range");
      return std::nullopt;
    }
    value.ms = static_cast<DurationMs>(std::round(*seconds * 1000));
    if (value.ms <= 0 && !may_be_negative) {
      Fail(SpanFrom(start), "duration must be greater than 0");
      return std::nullopt;
    }
  }
  const bool negative_literal = expr->op == Op::kNegate && expr->lhs->op == Op::kLiteral;
  if (expr->op != Op::kLiteral && !negative_literal) value.expr = std::move(expr);
  return value;
}

Parser::DurationPtr Parser::ParseDurationOperators(int lowest_precedence) {
  const int nesting_before = nesting_;
  if (!EnterNesting()) return nullptr;
  DurationPtr left = ParseDurationUnary();
  while (left) {
    Op op;
    int precedence;
    switch (Peek().kind) {
      case TokenKind::kAdd:
        op = Op::kAdd, precedence = 1;
        break;
      case TokenKind::kSub:
        op = Op::kSub, precedence = 1;
        break;
      case TokenKind::kMul:
        op = Op::kMul, precedence = 2;
        break;
      case TokenKind::kDiv:
        op = Op::kDiv, precedence = 2;
        break;
      case TokenKind::kMod:
        op = Op::kMod, precedence = 2;
        break;
      case TokenKind::kPow:
        op = Op::kPow, precedence = kPowPrecedence;
        break;
      default:
        op = Op::kLiteral, precedence = -1;
        break;
    }
    if (precedence < lowest_precedence || precedence < 0) break;
    if (!EnterNesting()) return nullptr;  // each operator makes the tree higher
    Next();
    DurationPtr right = ParseDurationOperators(op == Op::kPow ? precedence : precedence + 1);
    if (!right) return nullptr;
    left = Node(op, std::move(left), std::move(right));
  }
  nesting_ = nesting_before;
  return left;
}

Parser::DurationPtr Parser::ParseDurationUnary() {
  if (Is(TokenKind::kAdd) || Is(TokenKind::kSub)) {
    const bool negate = Next().kind == TokenKind::kSub;
    DurationPtr operand = ParseDurationOperators(kPowPrecedence);
    if (!operand || !negate) return operand;
    return Node(Op::kNegate, std::move(operand));
  }
  return ParseDurationPrimary();
}

Parser::DurationPtr Parser::ParseDurationPrimary() {
  if (Is(TokenKind::kVariable) && options_.variable) return ParseDurationVariable();
  if (Take(TokenKind::kLeftParen)) {
    DurationPtr inner = ParseDurationOperators(0);
    if (!inner || !Expect(TokenKind::kRightParen, "\")\"")) return nullptr;
    return Node(Op::kParen, std::move(inner));
  }
  if (Is(TokenKind::kNumber) || Is(TokenKind::kDuration)) {
    bool is_duration = false;
    const auto seconds = TakeNumberOrDuration(&is_duration);
    if (!seconds) return nullptr;
    return std::make_shared<DurationExpr>(DurationExpr{Op::kLiteral, *seconds, is_duration, nullptr, nullptr});
  }
  if (Is(TokenKind::kIdentifier) && Peek(1).kind == TokenKind::kLeftParen) return ParseDurationCall();
  Unexpected("a duration such as 5m");
  return nullptr;
}

Parser::DurationPtr Parser::ParseDurationCall() {
  if (IsWord("step") || IsWord("range")) {
    const Op op = IsWord("step") ? Op::kStep : Op::kRange;
    Next();
    Next();
    return Expect(TokenKind::kRightParen, "\")\"") ? Node(op) : nullptr;
  }
  if (!IsWord("min_of") && !IsWord("max_of")) {
    Unexpected("a duration such as 5m, or one of step(), range(), min_of(a, b), max_of(a, b)");
    return nullptr;
  }
  const Op op = IsWord("min_of") ? Op::kMinOf : Op::kMaxOf;
  Next();
  Next();
  DurationPtr lhs = ParseDurationOperators(0);
  if (!lhs || !Expect(TokenKind::kComma, "\",\" and the second duration")) return nullptr;
  DurationPtr rhs = ParseDurationOperators(0);
  if (!rhs || !Expect(TokenKind::kRightParen, "\")\"")) return nullptr;
  return Node(op, std::move(lhs), std::move(rhs));
}

Parser::DurationPtr Parser::ParseDurationVariable() {
  const Token token = Peek();
  const ExprPtr tree = ParseVariable();
  if (!tree) return nullptr;
  const auto* number = std::get_if<NumberLiteral>(&StripParens(*tree).node);
  if (!number) {
    Fail(SpanOf(token), fmt::format("{} must be a duration to stand in a range", token.text));
    return nullptr;
  }
  return std::make_shared<DurationExpr>(
      DurationExpr{Op::kLiteral, number->value, number->is_duration, nullptr, nullptr});
}

Result<double> EvalDurationExpr(const DurationExpr& expr, double step_s, double range_s) {
  double lhs = 0;
  double rhs = 0;
  if (expr.lhs) {
    TICKBIRD_ASSIGN_OR_RETURN(lhs, EvalDurationExpr(*expr.lhs, step_s, range_s));
  }
  if (expr.rhs) {
    TICKBIRD_ASSIGN_OR_RETURN(rhs, EvalDurationExpr(*expr.rhs, step_s, range_s));
  }
  switch (expr.op) {
    case Op::kLiteral:
      return expr.seconds;
    case Op::kStep:
      return step_s;
    case Op::kRange:
      return range_s;
    case Op::kMinOf:
      return std::min(lhs, rhs);
    case Op::kMaxOf:
      return std::max(lhs, rhs);
    case Op::kNegate:
      return -lhs;
    case Op::kParen:
      return lhs;
    case Op::kAdd:
      return lhs + rhs;
    case Op::kSub:
      return lhs - rhs;
    case Op::kMul:
      return lhs * rhs;
    case Op::kDiv:
      if (rhs == 0) return Error{ErrorCode::kInvalidArgument, "division by zero"};
      return lhs / rhs;
    case Op::kMod:
      if (rhs == 0) return Error{ErrorCode::kInvalidArgument, "modulo by zero"};
      return std::fmod(lhs, rhs);
    case Op::kPow:
      return std::pow(lhs, rhs);
  }
  return 0.0;
}

}  // namespace tickbird::promql
