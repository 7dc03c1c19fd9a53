#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/ast.h"
#include "rules/language/diagnostics.h"
#include "rules/language/lexer.h"

namespace tickbird::language {

/// What the parsing functions share: the tokens of one file, expectations that report what they did not find, and
/// recovery.
///
/// The convention of all parsing functions: an empty optional or false means that an error was reported and the current
/// clause is lost; whoever owns the block skips to the next one.
class Cursor {
 public:
  Cursor(std::shared_ptr<const Source> source, Diagnostics& diagnostics);

  const Token& Peek() { return lexer_.Peek(); }
  Token Take();
  bool AtEnd() { return Peek().kind == TokenKind::kEnd; }
  bool AtWord(std::string_view word) { return Peek().kind == TokenKind::kName && Peek().text == word; }
  bool AtPunctuation(std::string_view text) { return Peek().kind == TokenKind::kPunctuation && Peek().text == text; }
  bool TryWord(std::string_view word);
  bool TryPunctuation(std::string_view text);
  /// Takes `word` here or at the start of the next line.
  bool TryWordOverLine(std::string_view word);
  void SkipSeparators();
  /// True when the next token is the first thing on its line, without indentation.
  bool AtLineStart();

  /// `what` completes "expected ...": "a name for the alert".
  std::optional<ast::Name> ExpectName(std::string_view what);
  /// A name that may hold colons.
  std::optional<ast::Name> ExpectMetricName(std::string_view what);
  std::optional<ast::Text> ExpectText(std::string_view what);
  std::optional<ast::Duration> ExpectDuration(std::string_view what);
  /// A whole number of at least 1.
  std::optional<ast::Number> ExpectCount(std::string_view what);
  std::optional<ast::Number> ExpectNumber(std::string_view what);
  std::optional<ast::Number> ExpectPercent(std::string_view what);
  std::optional<ast::Literal> ExpectLiteral(std::string_view what);
  std::optional<ast::Expression> ExpectExpression(std::string_view what);
  std::optional<ast::Expression> ExpectSelector(std::string_view what);
  std::optional<ast::Name> ExpectFieldName(std::string_view what);
  bool ExpectWord(std::string_view word, std::string_view what);
  bool ExpectPunctuation(std::string_view text, std::string_view what);

  /// Where the keyword of an item shows that the closing brace of a block is missing: nowhere (groups hold items), at
  /// the start of a line without indentation (receivers have fields of such names), or everywhere.
  enum class ItemInBlock { kAllowed, kEndsAtLineStart, kEnds };
  /// Reads `{ entry SEP ... }` and recovers at the next entry after an error. `owner` names the block in messages:
  /// "alert x". False when there is no opening brace.
  bool ParseBlock(const std::string& owner, ItemInBlock items, const std::function<bool()>& parse_entry);
  /// Reads `item, item, ...`; a line may end after a comma.
  bool ParseList(const std::function<bool()>& parse_item);

  /// True at a line end, a closing brace or the end; otherwise reports what stands there after `what`.
  bool ExpectSeparator(std::string_view what);
  /// Skips to the next separator or closing brace of this block.
  void Recover();

  /// Reports `expected WHAT, found ...` at the next token, or what the lexer found wrong with it.
  void Unexpected(std::string_view what);
  void Error(Span span, std::string message);
  const std::shared_ptr<const Source>& source() const { return source_; }
  /// From the start of `first` to the last token taken.
  Span SpanFrom(Span first) const;

 private:
  std::optional<ast::Number> TakeNumber();

  std::shared_ptr<const Source> source_;
  Diagnostics& diagnostics_;
  Lexer lexer_;
  std::uint32_t last_end_ = 0;
  bool end_reported_ = false;
  bool cut_block_ = false;  ///< The last block ended without its brace.
};

/// The words that start an item of a file.
std::span<const std::string_view> ItemKeywords();

}  // namespace tickbird::language
