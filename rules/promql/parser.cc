#include "rules/promql/parser.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/promql/function_table.h"
#include "rules/promql/parser_impl.h"

namespace tickbird::promql {

std::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    case ValueType::kString:
      return "string";
  }
  return "";
}

ValueType TypeOf(const Expr& expr) {
  return expr.type;
}

Error ParseFailure::ToError() const {
  return {ErrorCode::kParse, diagnostics.front().message, diagnostics.front().position};
}

std::expected<ExprPtr, ParseFailure> ParseExpr(std::string_view text, const ParseOptions& options) {
  return Parser(text, options).Run();
}

namespace {

// Unary plus and minus bind like `*`: their operand takes only what binds tighter.
constexpr int kPowPrecedence = 6;

int Precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return kPowPrecedence;
    default:
      return 3;
  }
}

}  // namespace

std::expected<ExprPtr, ParseFailure> Parser::Run() {
  ExprPtr expr;
  if (Is(TokenKind::kEnd)) {
    Fail(SpanOf(Peek()), "no expression found: the text is empty");
  } else if (expr = ParseOperators(0); expr && !Is(TokenKind::kEnd)) {
    Unexpected("an operator or the end of the expression");
  }
  if (!diagnostics_.empty()) return std::unexpected(ParseFailure{std::move(diagnostics_)});
  return expr;
}

std::optional<BinaryOp> Parser::PeekBinaryOp() const {
  switch (Peek().kind) {
    case TokenKind::kAdd:
      return BinaryOp::kAdd;
    case TokenKind::kSub:
      return BinaryOp::kSub;
    case TokenKind::kMul:
      return BinaryOp::kMul;
    case TokenKind::kDiv:
      return BinaryOp::kDiv;
    case TokenKind::kMod:
      return BinaryOp::kMod;
    case TokenKind::kPow:
      return BinaryOp::kPow;
    case TokenKind::kEqual:
      return BinaryOp::kEqual;
    case TokenKind::kNotEqual:
      return BinaryOp::kNotEqual;
    case TokenKind::kLess:
      return BinaryOp::kLess;
    case TokenKind::kLessEqual:
      return BinaryOp::kLessEqual;
    case TokenKind::kGreater:
      return BinaryOp::kGreater;
    case TokenKind::kGreaterEqual:
      return BinaryOp::kGreaterEqual;
    case TokenKind::kTrimUpper:
      return BinaryOp::kTrimUpper;
    case TokenKind::kTrimLower:
      return BinaryOp::kTrimLower;
    default:
      break;
  }
  if (IsWord("and")) return BinaryOp::kAnd;
  if (IsWord("or")) return BinaryOp::kOr;
  if (IsWord("unless")) return BinaryOp::kUnless;
  if (IsWord("atan2")) return BinaryOp::kAtan2;
  return std::nullopt;
}

ExprPtr Parser::ParseOperators(int lowest_precedence) {
  if (!EnterNesting()) return nullptr;
  const std::size_t start = Peek().offset;
  ExprPtr left = ParseUnary();
  while (left) {
    const auto op = PeekBinaryOp();
    if (!op || Precedence(*op) < lowest_precedence) break;
    const Token op_token = Next();
    BinaryExpr binary;
    binary.op = *op;
    binary.lhs = left;
    if (!ParseMatching(binary)) return nullptr;
    // `^` groups to the right, all others to the left.
    binary.rhs = ParseOperators(*op == BinaryOp::kPow ? kPowPrecedence : Precedence(*op) + 1);
    if (!binary.rhs) return nullptr;
    for (std::string& problem : CheckBinary(binary)) Fail(SpanOf(op_token), std::move(problem));
    const bool scalar = binary.lhs->type == ValueType::kScalar && binary.rhs->type == ValueType::kScalar;
    left = Make(start, scalar ? ValueType::kScalar : ValueType::kVector, std::move(binary));
  }
  --nesting_;
  return left;
}

bool Parser::ParseMatching(BinaryExpr& binary) {
  VectorMatching& matching = binary.matching;
  binary.return_bool = TakeWord("bool");
  if (IsSetOperator(binary.op)) matching.cardinality = VectorMatching::Cardinality::kManyToMany;
  if (IsWord("on") || IsWord("ignoring")) {
    matching.on = IsWord("on");
    const std::string what = fmt::format("the labels of {}(...)", matching.on ? "on" : "ignoring");
    Next();
    auto labels = ParseNameList(what);
    if (!labels) return false;
    matching.labels = std::move(*labels);
    if (IsWord("group_left") || IsWord("group_right")) {
      const Token keyword = Next();
      const bool left = EqualsIgnoreCase(keyword.text, "group_left");
      if (IsSetOperator(binary.op)) {
        Fail(SpanOf(keyword), fmt::format("no grouping allowed for \"{}\" operation", BinaryOpText(binary.op)));
      }
      matching.cardinality = left ? VectorMatching::Cardinality::kManyToOne : VectorMatching::Cardinality::kOneToMany;
      if (Is(TokenKind::kLeftParen)) {
        auto include = ParseNameList("the labels to copy");
        if (!include) return false;
        matching.include = std::move(*include);
      }
    }
  } else if (IsWord("group_left") || IsWord("group_right")) {
    Unexpected(fmt::format("on(...) or ignoring(...) before {}", Peek().text));
    return false;
  }
  return ParseFill(matching);
}

bool Parser::ParseFill(VectorMatching& matching) {
  while (Peek(1).kind == TokenKind::kLeftParen && (IsWord("fill") || IsWord("fill_left") || IsWord("fill_right"))) {
    const Token keyword = Next();
    Next();
    const bool negative = Is(TokenKind::kSub);
    if (!Take(TokenKind::kSub)) Take(TokenKind::kAdd);
    const auto number = TakeNumberOrDuration();
    if (!number) {
      Unexpected("a number to fill with");
      return false;
    }
    if (!Expect(TokenKind::kRightParen, "\")\"")) return false;
    const double value = negative ? -*number : *number;
    const bool both = EqualsIgnoreCase(keyword.text, "fill");
    if (both || EqualsIgnoreCase(keyword.text, "fill_left")) matching.fill_left = value;
    if (both || EqualsIgnoreCase(keyword.text, "fill_right")) matching.fill_right = value;
  }
  return true;
}

ExprPtr Parser::ParseUnary() {
  if (!Is(TokenKind::kAdd) && !Is(TokenKind::kSub)) {
    const std::size_t start = Peek().offset;
    ExprPtr primary = ParsePrimary();
    return primary ? ParseSuffixes(std::move(primary), start) : nullptr;
  }
  const Token sign = Next();
  const bool negate = sign.kind == TokenKind::kSub;
  ExprPtr operand = ParseOperators(kPowPrecedence);
  if (!operand) return nullptr;
  if (const auto* number = std::get_if<NumberLiteral>(&operand->node)) {
    return Make(sign.offset, ValueType::kScalar,
                NumberLiteral{negate ? -number->value : number->value, number->is_duration});
  }
  if (operand->type != ValueType::kScalar && operand->type != ValueType::kVector) {
    Fail(SpanOf(sign),
         fmt::format("unary expression only allowed on expressions of type scalar or instant vector, got {}",
                     ValueTypeName(operand->type)));
  }
  const ValueType type = operand->type;
  return Make(sign.offset, type, UnaryExpr{negate, std::move(operand)});
}

ExprPtr Parser::ParsePrimary() {
  switch (Peek().kind) {
    case TokenKind::kLeftParen:
      return ParseParen();
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return ParseNumber();
    case TokenKind::kString:
      return ParseString();
    case TokenKind::kVariable:
      return ParseVariable();
    case TokenKind::kLeftBrace:
      return ParseSelector();
    case TokenKind::kIdentifier:
      return ParseWord();
    default:
      Unexpected("an expression");
      return nullptr;
  }
}

ExprPtr Parser::ParseParen() {
  const Token open = Next();
  ExprPtr inner = ParseOperators(0);
  if (!inner) return nullptr;
  const Position at = PositionOf(open.offset);
  if (!Expect(TokenKind::kRightParen, fmt::format("\")\" to close the \"(\" at {}:{}", at.line, at.column)))
    return nullptr;
  const ValueType type = inner->type;
  return Make(open.offset, type, ParenExpr{std::move(inner)});
}

ExprPtr Parser::ParseNumber() {
  const std::size_t start = Peek().offset;
  NumberLiteral literal;
  const auto value = TakeNumberOrDuration(&literal.is_duration);
  if (!value) return nullptr;
  literal.value = *value;
  return Make(start, ValueType::kScalar, literal);
}

ExprPtr Parser::ParseString() {
  const Token& token = Next();
  auto value = ParseStringLiteral(token.text);
  if (!value) {
    Fail(SpanOf(token), value.error().message);
    return nullptr;
  }
  return Make(token.offset, ValueType::kString, StringLiteral{std::move(*value)});
}

ExprPtr Parser::ParseVariable() {
  const Token& token = Next();
  if (!options_.variable) {
    Fail(SpanOf(token), "unexpected \"$\": variables exist in the rule language only");
    return nullptr;
  }
  auto tree = options_.variable(token.text.substr(1));
  if (!tree) {
    Fail(SpanOf(token), tree.error().message);
    return nullptr;
  }
  const auto& node = (*tree)->node;
  // The tree is a unit wherever it lands; the parentheses keep its printed text one too.
  const auto* number = std::get_if<NumberLiteral>(&node);
  const bool needs_parens = std::holds_alternative<BinaryExpr>(node) || std::holds_alternative<UnaryExpr>(node) ||
                            (number && std::signbit(number->value));
  if (!needs_parens) return *tree;
  const ValueType type = (*tree)->type;
  return Make(token.offset, type, ParenExpr{std::move(*tree)});
}

}  // namespace tickbird::promql
