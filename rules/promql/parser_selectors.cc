#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/promql/parser_impl.h"

namespace tickbird::promql {
namespace {

/// Milliseconds of a number of seconds; nothing when it is not a time that can be added to.
std::optional<TimestampMs> ToMilliseconds(double seconds) {
  const double ms = std::round(seconds * 1000);
  if (!(std::abs(ms) <= static_cast<double>(kMaxTimestamp))) return std::nullopt;
  return static_cast<TimestampMs>(ms);
}

/// The place of offset and @ in a node that has one.
TimeShift* ShiftOf(Expr& expr) {
  if (auto* vector = std::get_if<VectorSelector>(&expr.node)) return &vector->shift;
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return &matrix->selector.shift;
  if (auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) return &subquery->shift;
  return nullptr;
}

}  // namespace

ExprPtr Parser::ParseSelector() {
  const std::size_t start = Peek().offset;
  VectorSelector selector;
  if (Is(TokenKind::kIdentifier)) {
    const Token name = Next();
    if (!SetMetricName(selector, std::string(name.text), name)) return nullptr;
  }
  if (Is(TokenKind::kLeftBrace) && !ParseMatchers(selector, start)) return nullptr;
  CheckSelector(selector, start);
  return Make(start, ValueType::kVector, std::move(selector));
}

void Parser::CheckSelector(const VectorSelector& selector, std::size_t start) {
  if (empty_selector_allowed_) return;
  const auto& matchers = selector.matchers;
  if (std::all_of(matchers.begin(), matchers.end(), [](const Matcher& matcher) { return matcher.MatchesEmpty(); })) {
    Fail(SpanFrom(start),
         "vector selector must contain at least one non-empty matcher, so that it does not select every series");
  }
}

bool Parser::SetMetricName(VectorSelector& selector, std::string name, const Token& token) {
  if (!selector.name.empty()) {
    Fail(SpanOf(token),
         fmt::format("metric name must not be set twice: {} or {}", Quoted(selector.name), Quoted(name)));
    return false;
  }
  if (name.empty() || !IsValidUtf8(name)) {
    Fail(SpanOf(token), fmt::format("invalid metric name {}", token.text));
    return false;
  }
  selector.matchers.push_back(Matcher::Equal(std::string(kMetricNameLabel), name));
  selector.name = std::move(name);
  return true;
}

bool Parser::ParseMatchers(VectorSelector& selector, std::size_t start) {
  Next();
  while (!Is(TokenKind::kRightBrace)) {
    if (!ParseMatcher(selector)) return false;
    if (!Take(TokenKind::kComma)) break;
  }
  const Position at = PositionOf(start);
  return Expect(TokenKind::kRightBrace,
                fmt::format("\",\" or \"}}\" to close the selector at {}:{}", at.line, at.column));
}

bool Parser::ParseMatcher(VectorSelector& selector) {
  const Token label = Peek();
  std::string name;
  if (Is(TokenKind::kIdentifier)) {
    name = label.text;
  } else if (Is(TokenKind::kString)) {
    auto value = ParseStringLiteral(label.text);
    if (!value) {
      Fail(SpanOf(label), value.error().message);
      return false;
    }
    name = std::move(*value);
  } else {
    Unexpected("a label name or \"}\"");
    return false;
  }
  Next();
  Matcher::Type type;
  switch (Peek().kind) {
    case TokenKind::kAssign:
      type = Matcher::Type::kEqual;
      break;
    case TokenKind::kNotEqual:
      type = Matcher::Type::kNotEqual;
      break;
    case TokenKind::kRegexMatch:
      type = Matcher::Type::kRegex;
      break;
    case TokenKind::kRegexNoMatch:
      type = Matcher::Type::kNotRegex;
      break;
    default:
      if (label.kind == TokenKind::kString) return SetMetricName(selector, std::move(name), label);
      Unexpected(fmt::format("one of = != =~ !~ after the label \"{}\"", name));
      return false;
  }
  Next();
  if (name.empty() || !IsValidUtf8(name)) {
    Fail(SpanOf(label), fmt::format("invalid label name {}", label.text));
    return false;
  }
  const Token value_token = Peek();
  auto value = ParseMatcherValue();
  if (!value) return false;
  if (name == kMetricNameLabel && type == Matcher::Type::kEqual && !selector.name.empty()) {
    Fail(SpanOf(label),
         fmt::format("metric name must not be set twice: {} or {}", Quoted(selector.name), Quoted(*value)));
    return false;
  }
  auto matcher = Matcher::Create(type, std::move(name), std::move(*value));
  if (!matcher) {
    Fail(SpanOf(value_token), matcher.error().message);
    return false;
  }
  selector.matchers.push_back(std::move(*matcher));
  return true;
}

std::optional<std::string> Parser::ParseMatcherValue() {
  const Token& token = Peek();
  if (Is(TokenKind::kVariable) && options_.variable) {
    const ExprPtr tree = ParseVariable();
    if (!tree) return std::nullopt;
    if (const auto* literal = std::get_if<StringLiteral>(&StripParens(*tree).node)) return literal->value;
    Fail(SpanOf(token), fmt::format("{} must be a string to stand as a label's value", token.text));
    return std::nullopt;
  }
  if (!Is(TokenKind::kString)) {
    Unexpected("a string in quotes");
    return std::nullopt;
  }
  Next();
  auto value = ParseStringLiteral(token.text);
  if (value) return std::move(*value);
  Fail(SpanOf(token), value.error().message);
  return std::nullopt;
}

ExprPtr Parser::ParseSuffixes(ExprPtr expr, std::size_t start) {
  while (expr) {
    if (Is(TokenKind::kLeftBracket)) {
      expr = ParseRange(expr, start);
    } else if (IsWord("offset")) {
      expr = ParseOffset(expr, start);
    } else if (Is(TokenKind::kAt)) {
      expr = ParseAt(expr, start);
    } else if (IsWord("anchored")) {
      expr = ParseRangeMode(expr, start, RangeMode::kAnchored);
    } else if (IsWord("smoothed")) {
      expr = ParseRangeMode(expr, start, RangeMode::kSmoothed);
    } else {
      break;
    }
  }
  return expr;
}

ExprPtr Parser::ParseRange(const ExprPtr& expr, std::size_t start) {
  const Token open = Next();
  auto range = ParseRangeDuration();
  if (!range) return nullptr;
  const auto* vector = std::get_if<VectorSelector>(&expr->node);
  if (Take(TokenKind::kColon)) {
    SubqueryExpr subquery{expr, std::move(*range), std::nullopt, {}};
    if (!Is(TokenKind::kRightBracket)) {
      auto step = ParseRangeDuration();
      if (!step) return nullptr;
      subquery.step = std::move(*step);
    }
    if (!Expect(TokenKind::kRightBracket, "\"]\"")) return nullptr;
    if (expr->type != ValueType::kVector) {
      Fail(expr->span,
           fmt::format("subquery is only allowed on instant vector, got {} instead", ValueTypeName(expr->type)));
    }
    return Make(start, ValueType::kMatrix, std::move(subquery));
  }
  if (!Expect(TokenKind::kRightBracket, "\"]\" or \":\" and the step of a subquery")) return nullptr;
  if (!vector) {
    Fail(SpanOf(open), expr->type == ValueType::kVector
                           ? "ranges only allowed for vector selectors: for a subquery write [range:step]"
                           : "ranges only allowed for vector selectors");
    return nullptr;
  }
  if (vector->shift.at || vector->shift.offset.ms != 0 || vector->shift.offset.expr) {
    Fail(SpanOf(open), fmt::format("no {} modifier allowed before a range: write it after the range",
                                   vector->shift.at ? "@" : "offset"));
    return nullptr;
  }
  return Make(start, ValueType::kMatrix, MatrixSelector{*vector, std::move(*range)});
}

ExprPtr Parser::ParseOffset(const ExprPtr& expr, std::size_t start) {
  const Token keyword = Next();
  auto offset = ParseOffsetDuration();
  if (!offset) return nullptr;
  Expr changed = *expr;
  TimeShift* shift = ShiftOf(changed);
  if (!shift) {
    Fail(SpanOf(keyword),
         "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return nullptr;
  }
  if (shift->offset.ms != 0 || shift->offset.expr) {
    Fail(SpanOf(keyword), "offset may not be set multiple times");
    return nullptr;
  }
  shift->offset = std::move(*offset);
  return Make(start, expr->type, std::move(changed.node));
}

ExprPtr Parser::ParseAt(const ExprPtr& expr, std::size_t start) {
  const Token sign = Next();
  const auto at = ParseAtValue();
  if (!at) return nullptr;
  Expr changed = *expr;
  TimeShift* shift = ShiftOf(changed);
  if (!shift) {
    Fail(SpanOf(sign),
         "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    return nullptr;
  }
  if (shift->at) {
    Fail(SpanOf(sign), "@ <timestamp> may not be set multiple times");
    return nullptr;
  }
  shift->at = at;
  return Make(start, expr->type, std::move(changed.node));
}

std::optional<AtModifier> Parser::ParseAtValue() {
  for (const bool is_start : {true, false}) {
    if (!IsWord(is_start ? "start" : "end") || Peek(1).kind != TokenKind::kLeftParen) continue;
    Next();
    Next();
    if (!Expect(TokenKind::kRightParen, "\")\"")) return std::nullopt;
    return AtModifier{is_start ? AtModifier::Kind::kStart : AtModifier::Kind::kEnd, 0};
  }
  const std::size_t start = Peek().offset;
  const bool negative = Is(TokenKind::kSub);
  if (!Take(TokenKind::kSub)) Take(TokenKind::kAdd);
  const auto number = TakeNumberOrDuration();
  if (!number) {
    Unexpected("a Unix time in seconds, start() or end()");
    return std::nullopt;
  }
  const auto timestamp = ToMilliseconds(negative ? -*number : *number);
  if (!timestamp) {
    Fail(SpanFrom(start), "timestamp out of bounds for @ modifier");
    return std::nullopt;
  }
  return AtModifier{AtModifier::Kind::kTimestamp, *timestamp};
}

ExprPtr Parser::ParseRangeMode(const ExprPtr& expr, std::size_t start, RangeMode mode) {
  const Token keyword = Next();
  Expr changed = *expr;
  VectorSelector* selector = std::get_if<VectorSelector>(&changed.node);
  if (auto* matrix = std::get_if<MatrixSelector>(&changed.node)) selector = &matrix->selector;
  if (!selector) {
    Fail(SpanOf(keyword), fmt::format("{} modifier must be preceded by a vector selector", keyword.text));
    return nullptr;
  }
  if (selector->mode != RangeMode::kPlain) {
    Fail(SpanOf(keyword), "anchored and smoothed may be set once and not together");
    return nullptr;
  }
  selector->mode = mode;
  return Make(start, expr->type, std::move(changed.node));
}

}  // namespace tickbird::promql
