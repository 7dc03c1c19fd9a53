#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/strings.h"
#include "rules/promql/parser_impl.h"

/// The ground the parser stands on: tokens, places in the text, messages, and nodes with their limits.
namespace tickbird::promql {

Parser::Parser(std::string_view text, const ParseOptions& options)
    : text_(text), options_(options), tokens_(Tokenize(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
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
