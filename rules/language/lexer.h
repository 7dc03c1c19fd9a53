#pragma once

#include <optional>
#include <string_view>

#include "rules/language/source.h"
#include "rules/language/token.h"

namespace tickbird::language {

/// Cuts a rule file into tokens on demand, one token of look-ahead. Because it never reads further than that, the
/// parser can take what is not made of our tokens (a PromQL expression, a brace selector, a dotted field name) from the
/// text itself at the place that it has reached. Views the source, which must outlive it.
class Lexer {
 public:
  explicit Lexer(const Source& source);

  const Token& Peek();
  Token Take();
  /// True when the next token that is not a line end is this word: what may go on on the next line.
  bool NextLineStartsWith(std::string_view word) const;
  bool NextLineStartsWith(char punctuation) const;

  /// Expression, selector or field name at this place; an empty span (at the place where it should be) when there is
  /// none.
  Span TakeExpression();
  Span TakeSelector();
  Span TakeFieldName();

  /// Where the next token begins.
  std::size_t NextOffset() const { return SkipBlanks(at_); }

 private:
  std::size_t SkipBlanks(std::size_t at) const;
  std::size_t SkipSeparators(std::size_t at) const;
  Span TakeTo(std::size_t begin, std::size_t end);
  Token Lex() const;
  Token LexSeparator(std::size_t at) const;
  Token LexString(std::size_t at) const;
  Token LexRawString(std::size_t at) const;
  Token LexQuantity(std::size_t at) const;
  Token LexPunctuation(std::size_t at) const;

  std::string_view text_;
  std::size_t at_ = 0;  ///< End of what was taken.
  std::optional<Token> next_;
};

}  // namespace tickbird::language
