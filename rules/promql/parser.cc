#include "rules/promql/parser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
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

std::optional<AggregateOp> FindAggregate(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(AggregateOp::kLimitRatio); ++i) {
    const auto op = static_cast<AggregateOp>(i);
    if (EqualsIgnoreCase(word, AggregateOpText(op))) return op;
  }
  return std::nullopt;
}

bool IsReservedWord(std::string_view word) {
  constexpr std::array<std::string_view, 6> kReserved = {"bool",       "on",          "ignoring",
                                                         "group_left", "group_right", "atan2"};
  return std::any_of(kReserved.begin(), kReserved.end(), [word](auto known) { return EqualsIgnoreCase(word, known); });
}

std::string UnknownFunction(std::string_view name) {
  if (name == "holt_winters") return "unknown function \"holt_winters\": it is called double_exponential_smoothing now";
  // Of words equally far away, one that the name is the start of is meant: "rat" is "rate", not "rad".
  std::vector<std::string_view> known;
  const auto add = [&](std::string_view word) {
    known.insert(word.starts_with(name) ? known.begin() : known.end(), word);
  };
  for (const FunctionInfo& info : AllFunctions()) add(info.name);
  for (int i = 0; i <= static_cast<int>(AggregateOp::kLimitRatio); ++i)
    add(AggregateOpText(static_cast<AggregateOp>(i)));
  return fmt::format("unknown function {}{}", Quoted(name), DidYouMean(name, known));
}

std::string CountError(const FunctionInfo& function, std::size_t given) {
  const bool exact = function.min_args == function.max_args;
  const bool too_few = given < static_cast<std::size_t>(function.min_args);
  const int expected = too_few ? function.min_args : function.max_args;
  return fmt::format("expected {}{} argument{} in call to \"{}\", got {}",
                     exact     ? ""
                     : too_few ? "at least "
                               : "at most ",
                     expected, expected == 1 ? "" : "s", function.name, given);
}

}  // namespace

Parser::Parser(std::string_view text, const ParseOptions& options)
    : text_(text), options_(options), tokens_(Tokenize(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

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

ExprPtr Parser::ParseWord() {
  const std::string_view word = Peek().text;
  if (EqualsIgnoreCase(word, "inf") || EqualsIgnoreCase(word, "nan")) return ParseNumber();
  const bool called = Peek(1).kind == TokenKind::kLeftParen;
  if (const auto op = FindAggregate(word); op && (called || IsWord("by", 1) || IsWord("without", 1))) {
    return ParseAggregate(*op);
  }
  if (IsReservedWord(word)) {
    Unexpected("an expression");
    return nullptr;
  }
  return called ? ParseCall() : ParseSelector();
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

std::optional<std::vector<std::string>> Parser::ParseNameList(std::string_view what) {
  if (!Expect(TokenKind::kLeftParen, fmt::format("\"(\" and {}", what))) return std::nullopt;
  std::vector<std::string> names;
  while (!Is(TokenKind::kRightParen)) {
    const Token& token = Peek();
    if (Is(TokenKind::kString)) {
      auto name = ParseStringLiteral(token.text);
      if (!name || name->empty() || !IsValidUtf8(*name)) {
        Fail(SpanOf(token), fmt::format("invalid label name {}", token.text));
        return std::nullopt;
      }
      names.push_back(std::move(*name));
    } else if (Is(TokenKind::kIdentifier) && !token.text.contains(':')) {
      names.emplace_back(token.text);
    } else {
      Unexpected("a label name");
      return std::nullopt;
    }
    Next();
    if (!Take(TokenKind::kComma)) break;
  }
  if (!Expect(TokenKind::kRightParen, "\",\" or \")\"")) return std::nullopt;
  return names;
}

std::optional<std::vector<ExprPtr>> Parser::ParseArguments(std::string_view callee) {
  const Token open = Peek();
  if (!Expect(TokenKind::kLeftParen, "\"(\"")) return std::nullopt;
  std::vector<ExprPtr> args;
  if (Take(TokenKind::kRightParen)) return args;
  while (true) {
    empty_selector_allowed_ = callee == "info" && args.size() == 1;
    ExprPtr arg = ParseOperators(0);
    empty_selector_allowed_ = false;
    if (!arg) return std::nullopt;
    args.push_back(std::move(arg));
    if (!Take(TokenKind::kComma)) break;
    if (Is(TokenKind::kRightParen)) {
      Unexpected(fmt::format("another argument of {} after the comma", callee));
      return std::nullopt;
    }
  }
  const Position at = PositionOf(open.offset);
  const std::string expected =
      fmt::format("\",\" or \")\" to close the \"(\" of {} at {}:{}", callee, at.line, at.column);
  if (!Expect(TokenKind::kRightParen, expected)) return std::nullopt;
  return args;
}

ExprPtr Parser::ParseAggregate(AggregateOp op) {
  const Token name = Next();
  AggregateExpr aggregate;
  aggregate.op = op;
  const auto parse_grouping = [&] {
    aggregate.without = EqualsIgnoreCase(Next().text, "without");
    auto labels = ParseNameList("the labels to group by");
    if (labels) aggregate.grouping = std::move(*labels);
    return labels.has_value();
  };
  const bool grouping_first = IsWord("by") || IsWord("without");
  if (grouping_first && !parse_grouping()) return nullptr;
  auto args = ParseArguments(AggregateOpText(op));
  if (!args) return nullptr;
  if (!grouping_first && (IsWord("by") || IsWord("without")) && !parse_grouping()) return nullptr;

  const std::size_t expected = TakesParameter(op) ? 2 : 1;
  if (args->size() != expected) {
    Fail(SpanOf(name),
         fmt::format("wrong number of arguments for aggregation \"{}\": expected {}, got {}{}", AggregateOpText(op),
                     expected, args->size(),
                     TakesParameter(op) ? fmt::format(" (write {}(parameter, vector))", AggregateOpText(op)) : ""));
    return nullptr;
  }
  aggregate.operand = args->back();
  if (TakesParameter(op)) aggregate.parameter = args->front();
  for (std::string& problem : CheckAggregate(aggregate)) Fail(SpanFrom(name.offset), std::move(problem));
  return Make(name.offset, ValueType::kVector, std::move(aggregate));
}

ExprPtr Parser::ParseCall() {
  const Token name = Next();
  const FunctionInfo* function = FindFunction(name.text);
  if (!function) {
    Fail(SpanOf(name), UnknownFunction(name.text));
    return nullptr;
  }
  auto args = ParseArguments(name.text);
  if (!args) return nullptr;
  const std::size_t most =
      function->max_args == FunctionInfo::kUnlimited ? args->size() : static_cast<std::size_t>(function->max_args);
  if (args->size() < static_cast<std::size_t>(function->min_args) || args->size() > most) {
    Fail(SpanFrom(name.offset), CountError(*function, args->size()));
    return nullptr;
  }
  for (std::size_t i = 0; i < args->size(); ++i) {
    const Expr& arg = *(*args)[i];
    if (arg.type == function->ArgType(i)) continue;
    const bool wants_range = function->ArgType(i) == ValueType::kMatrix && arg.type == ValueType::kVector;
    Fail(arg.span,
         fmt::format("expected type {} in call to function \"{}\", got {}{}", ValueTypeName(function->ArgType(i)),
                     function->name, ValueTypeName(arg.type), wants_range ? " (add a range such as [5m])" : ""));
  }
  return Make(name.offset, function->returns, CallExpr{function, std::move(*args)});
}

const Token& Parser::Peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& Parser::Next() {
  const Token& token = Peek();
  last_end_ = token.offset + token.text.size();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::IsWord(std::string_view keyword, std::size_t ahead) const {
  return Peek(ahead).kind == TokenKind::kIdentifier && EqualsIgnoreCase(Peek(ahead).text, keyword);
}

bool Parser::Take(TokenKind kind) {
  if (!Is(kind)) return false;
  Next();
  return true;
}

bool Parser::TakeWord(std::string_view keyword) {
  if (!IsWord(keyword)) return false;
  Next();
  return true;
}

bool Parser::Expect(TokenKind kind, std::string_view expected) {
  if (Take(kind)) return true;
  Unexpected(expected);
  return false;
}

std::optional<double> Parser::TakeNumberOrDuration(bool* is_duration) {
  const Token& token = Peek();
  if (token.kind == TokenKind::kDuration) {
    const auto duration = ParseDuration(token.text);
    if (!duration) {
      Fail(SpanOf(token), duration.error().message);
      return std::nullopt;
    }
    Next();
    if (is_duration) *is_duration = true;
    return static_cast<double>(*duration) / 1000;
  }
  if (token.kind != TokenKind::kNumber && token.kind != TokenKind::kIdentifier) return std::nullopt;
  const auto number = ParseNumberLiteral(token.text);
  if (number) Next();
  return number;
}

Position Parser::PositionOf(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = after - line_starts_.begin();
  return {static_cast<int>(line), static_cast<int>(offset - *std::prev(after) + 1)};
}

Span Parser::SpanFrom(std::size_t start) const {
  return {PositionOf(start), static_cast<int>(std::max<std::size_t>(last_end_ - std::min(start, last_end_), 1))};
}

Span Parser::SpanOf(const Token& token) const {
  return {PositionOf(token.offset), static_cast<int>(std::max<std::size_t>(token.text.size(), 1))};
}

void Parser::Fail(const Span& span, std::string message) {
  diagnostics_.push_back({Diagnostic::Severity::kError, span.position, span.length, std::move(message)});
}

void Parser::Unexpected(std::string_view expected) {
  if (!diagnostics_.empty() && diagnostics_.back().position == PositionOf(Peek().offset)) return;
  const Token& token = Peek();
  if (token.kind == TokenKind::kError) return Fail(SpanOf(token), token.error);
  if (token.kind == TokenKind::kEnd)
    return Fail(SpanOf(token), fmt::format("unexpected end of the expression: expected {}", expected));
  Fail(SpanOf(token), fmt::format("unexpected {}: expected {}",
                                  token.kind == TokenKind::kString ? token.text : Quoted(token.text), expected));
}

bool Parser::EnterNesting() {
  if (++nesting_ <= kMaxHeight) return true;
  Fail(SpanOf(Peek()), fmt::format("the expression nests deeper than {} levels", kMaxHeight));
  return false;
}

ExprPtr Parser::Make(std::size_t start, ValueType type, Expr::Node node) {
  auto expr = std::make_shared<Expr>();
  expr->span = SpanFrom(start);
  expr->type = type;
  expr->node = std::move(node);
  std::uint64_t nodes = 1;
  for (const ExprPtr& child : Children(*expr)) {
    expr->height = std::max(expr->height, child->height + 1);
    nodes += child->nodes;
  }
  if (expr->height > kMaxHeight) {
    Fail(expr->span, fmt::format("the expression nests deeper than {} levels", kMaxHeight));
    return nullptr;
  }
  if (nodes > kMaxNodes) {
    Fail(expr->span, fmt::format("the expression has more than {} parts", kMaxNodes));
    return nullptr;
  }
  expr->nodes = static_cast<std::uint32_t>(nodes);
  return expr;
}

}  // namespace tickbird::promql
