#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/lexer.h"
#include "rules/promql/parser.h"

namespace tickbird::promql {

/// The recursive descent behind ParseExpr, for one text. A method that reads something returns null (or nothing) after
/// it has recorded why; the caller then gives up too, since what follows a syntax error is noise. Errors of type are
/// recorded and parsing goes on, so that one run finds several.
class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options);

  std::expected<ExprPtr, ParseFailure> Run();

 private:
  // parser.cc: expressions
  ExprPtr ParseOperators(int lowest_precedence);
  ExprPtr ParseUnary();
  ExprPtr ParsePrimary();
  ExprPtr ParseParen();
  ExprPtr ParseNumber();
  ExprPtr ParseString();
  ExprPtr ParseVariable();
  std::optional<BinaryOp> PeekBinaryOp() const;
  bool ParseMatching(BinaryExpr& binary);
  bool ParseFill(VectorMatching& matching);

  // parser_calls.cc: aggregations, functions, lists
  ExprPtr ParseWord();
  ExprPtr ParseAggregate(AggregateOp op);
  ExprPtr ParseCall();
  std::optional<std::vector<std::string>> ParseNameList(std::string_view what);
  std::optional<std::vector<ExprPtr>> ParseArguments(std::string_view callee);

  // parser_selectors.cc
  ExprPtr ParseSelector();
  bool ParseMatchers(VectorSelector& selector, std::size_t start);
  bool ParseMatcher(VectorSelector& selector);
  bool SetMetricName(VectorSelector& selector, std::string name, const Token& token);
  std::optional<std::string> ParseMatcherValue();
  ExprPtr ParseSuffixes(ExprPtr expr, std::size_t start);
  ExprPtr ParseRange(const ExprPtr& expr, std::size_t start);
  ExprPtr ParseOffset(const ExprPtr& expr, std::size_t start);
  ExprPtr ParseAt(const ExprPtr& expr, std::size_t start);
  ExprPtr ParseRangeMode(const ExprPtr& expr, std::size_t start, RangeMode mode);
  std::optional<AtModifier> ParseAtValue();
  void CheckSelector(const VectorSelector& selector, std::size_t start);

  // parser_durations.cc
  using DurationPtr = std::shared_ptr<const DurationExpr>;
  std::optional<DurationValue> ParseRangeDuration();
  std::optional<DurationValue> ParseOffsetDuration();
  DurationPtr ParseDurationOperators(int lowest_precedence);
  DurationPtr ParseDurationUnary();
  DurationPtr ParseDurationPrimary();
  DurationPtr ParseDurationCall();
  DurationPtr ParseDurationVariable();
  std::optional<DurationValue> FinishDuration(DurationPtr expr, std::size_t start, bool may_be_negative);

  // parser_tokens.cc: tokens
  const Token& Peek(std::size_t ahead = 0) const;
  const Token& Next();
  bool Is(TokenKind kind) const { return Peek().kind == kind; }
  bool IsWord(std::string_view keyword, std::size_t ahead = 0) const;
  bool Take(TokenKind kind);
  bool TakeWord(std::string_view keyword);
  bool Expect(TokenKind kind, std::string_view expected);
  std::optional<double> TakeNumberOrDuration(bool* is_duration = nullptr);

  // parser_tokens.cc: nodes and messages
  Span SpanFrom(std::size_t start) const;
  Span SpanOf(const Token& token) const;
  ExprPtr Make(std::size_t start, ValueType type, Expr::Node node);
  void Fail(const Span& span, std::string message);
  void Unexpected(std::string_view expected);
  bool EnterNesting();
  Position PositionOf(std::size_t offset) const;

  std::string_view text_;
  const ParseOptions& options_;
  std::vector<Token> tokens_;
  std::vector<std::size_t> line_starts_;
  std::size_t at_ = 0;
  std::size_t last_end_ = 0;  // end of the last token that was taken
  int nesting_ = 0;
  bool empty_selector_allowed_ = false;  // in the second argument of info()
  std::vector<Diagnostic> diagnostics_;
};

/// Why the parts cannot stand together, or nothing. Prometheus' rules (promql/parser, checkAST).
std::vector<std::string> CheckBinary(const BinaryExpr& binary);
std::vector<std::string> CheckAggregate(const AggregateExpr& aggregate);

/// The value of a duration expression in seconds. `step_s` and `range_s` are those of the query. kInvalidArgument for a
/// division by zero.
Result<double> EvalDurationExpr(const DurationExpr& expr, double step_s, double range_s);

}  // namespace tickbird::promql
