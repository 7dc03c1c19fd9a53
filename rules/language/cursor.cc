#include "rules/language/cursor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/language/quantity.h"

namespace tickbird::language {
namespace {

constexpr std::array<std::string_view, 15> kItemKeywords = {"include", "let",      "levels",    "defaults", "receiver",
                                                            "policy",  "calendar", "template",  "group",    "alert",
                                                            "record",  "slo",      "heartbeat", "inhibit",  "test"};
constexpr double kMaxCount = 1e9;

std::string Describe(const Token& token, const Source& source) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the file";
    case TokenKind::kSeparator:
      return source.TextOf(token.span).starts_with(';') ? "\";\"" : "the end of the line";
    case TokenKind::kString:
      return "a string";
    default:
      return fmt::format("\"{}\"", source.TextOf(token.span));
  }
}

std::optional<ast::Literal::Kind> LiteralKind(TokenKind kind) {
  using Kind = ast::Literal::Kind;
  switch (kind) {
    case TokenKind::kString:
      return Kind::kString;
    case TokenKind::kNumber:
      return Kind::kNumber;
    case TokenKind::kPercent:
      return Kind::kPercent;
    case TokenKind::kSize:
      return Kind::kSize;
    case TokenKind::kDuration:
      return Kind::kDuration;
    case TokenKind::kVariable:
      return Kind::kVariable;
    case TokenKind::kName:
      return Kind::kWord;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::span<const std::string_view> ItemKeywords() {
  return kItemKeywords;
}

Cursor::Cursor(std::shared_ptr<const Source> source, Diagnostics& diagnostics)
    : source_(std::move(source)), diagnostics_(diagnostics), lexer_(*source_) {}

Token Cursor::Take() {
  Token token = lexer_.Take();
  if (token.kind != TokenKind::kSeparator) last_end_ = token.span.end();
  return token;
}

bool Cursor::TryWord(std::string_view word) {
  if (!AtWord(word)) return false;
  Take();
  return true;
}

bool Cursor::TryPunctuation(std::string_view text) {
  if (!AtPunctuation(text)) return false;
  Take();
  return true;
}

bool Cursor::TryWordOverLine(std::string_view word) {
  if (Peek().kind == TokenKind::kSeparator && lexer_.NextLineStartsWith(word)) SkipSeparators();
  return TryWord(word);
}

void Cursor::SkipSeparators() {
  while (Peek().kind == TokenKind::kSeparator) Take();
}

bool Cursor::AtLineStart() {
  const std::uint32_t offset = Peek().span.offset;
  return offset == 0 || source_->text()[offset - 1] == '\n';
}

std::optional<ast::Name> Cursor::ExpectName(std::string_view what) {
  auto name = ExpectMetricName(what);
  if (name && name->text.find(':') != std::string::npos) {
    Error(name->span, fmt::format("expected {}, which has no colon; only metric names may have one", what));
    return std::nullopt;
  }
  return name;
}

std::optional<ast::Name> Cursor::ExpectMetricName(std::string_view what) {
  if (Peek().kind != TokenKind::kName) {
    Unexpected(what);
    return std::nullopt;
  }
  Token token = Take();
  return ast::Name{std::move(token.text), token.span};
}

std::optional<ast::Text> Cursor::ExpectText(std::string_view what) {
  if (Peek().kind != TokenKind::kString) {
    Unexpected(fmt::format("{} in double quotes", what));
    return std::nullopt;
  }
  Token token = Take();
  return ast::Text{std::move(token.text), token.span};
}

std::optional<ast::Duration> Cursor::ExpectDuration(std::string_view what) {
  const Token& token = Peek();
  const bool zero = token.kind == TokenKind::kNumber && token.text == "0";
  if (token.kind == TokenKind::kDuration || zero) {
    const Token taken = Take();
    return ast::Duration{taken.duration, taken.span};
  }
  if (token.kind == TokenKind::kNumber) {
    Error(token.span, DurationNeedsUnit(token.text));
  } else {
    Unexpected(fmt::format("{} such as 30s", what));
  }
  return std::nullopt;
}

std::optional<ast::Number> Cursor::ExpectCount(std::string_view what) {
  const Token& token = Peek();
  if (token.kind != TokenKind::kNumber) {
    Unexpected(what);
    return std::nullopt;
  }
  if (token.number < 1 || token.number > kMaxCount || token.number != std::floor(token.number)) {
    Error(token.span, fmt::format("expected {}: a whole number from 1 on", what));
    return std::nullopt;
  }
  return TakeNumber();
}

std::optional<ast::Number> Cursor::ExpectNumber(std::string_view what) {
  if (Peek().kind == TokenKind::kNumber) return TakeNumber();
  Unexpected(what);
  return std::nullopt;
}

std::optional<ast::Number> Cursor::ExpectPercent(std::string_view what) {
  if (Peek().kind == TokenKind::kPercent) return TakeNumber();
  Unexpected(fmt::format("{} such as 99.9%", what));
  return std::nullopt;
}

std::optional<ast::Number> Cursor::TakeNumber() {
  const Token token = Take();
  return ast::Number{token.number, token.span};
}

std::optional<ast::Literal> Cursor::ExpectLiteral(std::string_view what) {
  const Span start = Peek().span;
  const bool negative = TryPunctuation("-");
  const auto kind = LiteralKind(Peek().kind);
  const bool is_quantity =
      Peek().kind != TokenKind::kString && Peek().kind != TokenKind::kVariable && Peek().kind != TokenKind::kName;
  if (!kind || (negative && !is_quantity)) {
    Unexpected(what);
    return std::nullopt;
  }
  Token token = Take();
  ast::Literal literal{.kind = *kind, .text = std::move(token.text), .number = token.number, .span = SpanFrom(start)};
  if (negative) {
    literal.text.insert(0, 1, '-');
    literal.number = -literal.number;
  }
  if (*kind != ast::Literal::Kind::kWord || !TryPunctuation("(")) return literal;
  const auto argument = ExpectText("a name");
  if (!argument || !ExpectPunctuation(")", "after the name")) return std::nullopt;
  literal.kind = ast::Literal::Kind::kCall;
  literal.argument = argument->text;
  literal.span = SpanFrom(start);
  return literal;
}

std::optional<ast::Expression> Cursor::ExpectExpression(std::string_view what) {
  const Span span = lexer_.TakeExpression();
  if (span.length == 0) {
    Unexpected(fmt::format("{} on the same line", what));
    return std::nullopt;
  }
  last_end_ = span.end();
  return ast::Expression{std::string(source_->TextOf(span)), span};
}

std::optional<ast::Expression> Cursor::ExpectSelector(std::string_view what) {
  const Span span = lexer_.TakeSelector();
  if (span.length == 0) {
    Unexpected(fmt::format("{}: a selector such as {{job=\"app\"}}", what));
    return std::nullopt;
  }
  last_end_ = span.end();
  return ast::Expression{std::string(source_->TextOf(span)), span};
}

std::optional<ast::Name> Cursor::ExpectFieldName(std::string_view what) {
  const Span span = lexer_.TakeFieldName();
  if (span.length == 0) {
    Unexpected(what);
    return std::nullopt;
  }
  last_end_ = span.end();
  return ast::Name{std::string(source_->TextOf(span)), span};
}

bool Cursor::ExpectWord(std::string_view word, std::string_view what) {
  if (TryWord(word)) return true;
  Unexpected(fmt::format("\"{}\" {}", word, what));
  return false;
}

bool Cursor::ExpectPunctuation(std::string_view text, std::string_view what) {
  if (TryPunctuation(text)) return true;
  Unexpected(fmt::format("\"{}\" {}", text, what));
  return false;
}

bool Cursor::ParseBlock(const std::string& owner, ItemInBlock items, const std::function<bool()>& parse_entry) {
  if (Peek().kind == TokenKind::kSeparator && lexer_.NextLineStartsWith('{')) {
    SkipSeparators();
    Error(Peek().span, fmt::format("the brace that opens {} belongs at the end of the line before", owner));
  }
  const Span open = Peek().span;
  if (!ExpectPunctuation("{", fmt::format("to open {}", owner))) return false;
  while (true) {
    SkipSeparators();
    if (TryPunctuation("}")) return true;
    if (AtEnd()) {
      if (!end_reported_) Error(open, fmt::format("this brace of {} is never closed", owner));
      end_reported_ = true;
      return true;
    }
    const bool at_item = Peek().kind == TokenKind::kName &&
                         std::find(kItemKeywords.begin(), kItemKeywords.end(), Peek().text) != kItemKeywords.end();
    if (at_item && (items == ItemInBlock::kEnds || (items == ItemInBlock::kEndsAtLineStart && AtLineStart()))) {
      Error(Peek().span, fmt::format("the closing brace of {}, opened in line {}, is missing before \"{}\"", owner,
                                     source_->PositionOf(open.offset).line, Peek().text));
      cut_block_ = true;
      return true;
    }
    const std::uint32_t before = last_end_;
    if (!parse_entry()) {
      Recover();
      // An entry that failed at its first token, which recovery does not pass either, must not be tried again for ever.
      if (last_end_ == before && Peek().kind != TokenKind::kSeparator && !AtPunctuation("}") && !AtEnd()) Take();
    }
  }
}

bool Cursor::ParseList(const std::function<bool()>& parse_item) {
  do {
    if (!parse_item()) return false;
    if (!AtPunctuation(",")) return true;
    Take();
    SkipSeparators();
  } while (true);
}

bool Cursor::ExpectSeparator(std::string_view what) {
  // After a block whose brace is missing, which was reported, the next item stands where the line should have ended.
  if (std::exchange(cut_block_, false)) return true;
  if (Peek().kind == TokenKind::kSeparator || AtEnd() || AtPunctuation("}")) return true;
  Unexpected(fmt::format("the end of the line after {}", what));
  return false;
}

void Cursor::Recover() {
  int depth = 0;
  while (!AtEnd()) {
    if (depth == 0 && (Peek().kind == TokenKind::kSeparator || AtPunctuation("}"))) return;
    if (AtPunctuation("{")) ++depth;
    if (AtPunctuation("}")) --depth;
    Take();
  }
}

void Cursor::Unexpected(std::string_view what) {
  const Token& token = Peek();
  if (token.kind == TokenKind::kInvalid) return Error(token.span, token.text);
  Span span = token.span;
  if (token.kind == TokenKind::kSeparator) span.length = 1;
  Error(span, fmt::format("expected {}, found {}", what, Describe(token, *source_)));
}

void Cursor::Error(Span span, std::string message) {
  diagnostics_.Error(source_, span, std::move(message));
}

Span Cursor::SpanFrom(Span first) const {
  return {first.offset, last_end_ > first.offset ? last_end_ - first.offset : first.length};
}

}  // namespace tickbird::language
