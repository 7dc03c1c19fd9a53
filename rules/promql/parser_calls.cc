#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/promql/function_table.h"
#include "rules/promql/parser_impl.h"

/// What starts with a word: aggregations and function calls; a word that is neither is a selector.
namespace tickbird::promql {
namespace {

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

}  // namespace tickbird::promql
