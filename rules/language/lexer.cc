#include "rules/language/lexer.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/language/expression_extent.h"
#include "rules/language/quantity.h"

namespace tickbird::language {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsWordPart(char c) {
  return IsWordStart(c) || IsDigit(c);
}

Span MakeSpan(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

Token Invalid(std::size_t begin, std::size_t end, std::string message) {
  return {.kind = TokenKind::kInvalid, .span = MakeSpan(begin, end), .text = std::move(message)};
}

/// Appends what the escape `c` (the byte after the backslash) stands for; false when it is none.
bool AppendEscape(char c, std::string& out) {
  switch (c) {
    case 'n':
      out += '\n';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'r':
      out += '\r';
      return true;
    case '"':
    case '\\':
      out += c;
      return true;
    default:
      return false;
  }
}

}  // namespace

Lexer::Lexer(const Source& source) : text_(source.text()) {
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

const Token& Lexer::Peek() {
  if (!next_) next_ = Lex();
  return *next_;
}

Token Lexer::Take() {
  Peek();
  Token token = std::move(*next_);
  next_.reset();
  at_ = token.span.end();
  return token;
}

bool Lexer::NextLineStartsWith(std::string_view word) const {
  const std::size_t at = SkipSeparators(at_);
  const std::string_view rest = text_.substr(at);
  return rest.starts_with(word) && (rest.size() == word.size() || !IsWordPart(rest[word.size()]));
}

bool Lexer::NextLineStartsWith(char punctuation) const {
  const std::size_t at = SkipSeparators(at_);
  return at < text_.size() && text_[at] == punctuation;
}

Span Lexer::TakeExpression() {
  const std::size_t begin = SkipBlanks(at_);
  return TakeTo(begin, ExpressionEnd(text_, begin));
}

Span Lexer::TakeSelector() {
  const std::size_t begin = SkipBlanks(at_);
  return TakeTo(begin, SelectorEnd(text_, begin));
}

Span Lexer::TakeFieldName() {
  const std::size_t begin = SkipBlanks(at_);
  std::size_t end = begin;
  if (end < text_.size() && IsWordStart(text_[end])) {
    while (end < text_.size() && (IsWordPart(text_[end]) || text_[end] == '.' || text_[end] == '-')) ++end;
  }
  return TakeTo(begin, end);
}

Span Lexer::TakeTo(std::size_t begin, std::size_t end) {
  next_.reset();
  at_ = end;
  return MakeSpan(begin, end);
}

std::size_t Lexer::SkipBlanks(std::size_t at) const {
  while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\r')) ++at;
  if (at < text_.size() && text_[at] == '#') at = std::min(text_.find('\n', at), text_.size());
  return at;
}

std::size_t Lexer::SkipSeparators(std::size_t at) const {
  while (true) {
    at = SkipBlanks(at);
    if (at == text_.size() || (text_[at] != '\n' && text_[at] != ';')) return at;
    ++at;
  }
}

Token Lexer::Lex() const {
  const std::size_t at = SkipBlanks(at_);
  if (at == text_.size()) return {.kind = TokenKind::kEnd, .span = MakeSpan(at, at)};
  const char c = text_[at];
  if (c == '\n' || c == ';') return LexSeparator(at);
  if (c == '"') return LexString(at);
  if (c == '`') return LexRawString(at);
  if (IsDigit(c)) return LexQuantity(at);
  if (IsWordStart(c) || (c == '$' && at + 1 < text_.size() && IsWordStart(text_[at + 1]))) {
    const std::size_t begin = c == '$' ? at + 1 : at;
    std::size_t end = begin;
    while (end < text_.size() && (IsWordPart(text_[end]) || text_[end] == ':')) ++end;
    return {.kind = c == '$' ? TokenKind::kVariable : TokenKind::kName,
            .span = MakeSpan(at, end),
            .text = std::string(text_.substr(begin, end - begin))};
  }
  return LexPunctuation(at);
}

Token Lexer::LexSeparator(std::size_t at) const {
  return {.kind = TokenKind::kSeparator, .span = MakeSpan(at, SkipSeparators(at))};
}

Token Lexer::LexString(std::size_t begin) const {
  std::string contents;
  for (std::size_t at = begin + 1; at < text_.size() && text_[at] != '\n'; ++at) {
    if (text_[at] == '"') {
      return {.kind = TokenKind::kString, .span = MakeSpan(begin, at + 1), .text = std::move(contents)};
    }
    if (text_[at] != '\\') {
      contents += text_[at];
    } else if (at + 1 == text_.size() || !AppendEscape(text_[++at], contents)) {
      const std::size_t line_end = std::min(text_.find('\n', at), text_.size());
      return Invalid(begin, line_end,
                     "unknown escape in the string; write \\\\ for a backslash, or put the text in `back quotes`");
    }
  }
  const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
  return Invalid(begin, line_end,
                 "the string is not closed on its line; add the closing \", or use `back quotes` for several lines");
}

Token Lexer::LexRawString(std::size_t begin) const {
  const std::size_t end = text_.find('`', begin + 1);
  if (end == std::string_view::npos) {
    const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
    return Invalid(begin, line_end, "the string is not closed; add the closing back quote");
  }
  return {.kind = TokenKind::kString,
          .span = MakeSpan(begin, end + 1),
          .text = std::string(text_.substr(begin + 1, end - begin - 1))};
}

Token Lexer::LexQuantity(std::size_t begin) const {
  std::size_t end = begin;
  while (end < text_.size()) {
    const char c = text_[end];
    const bool exponent_sign = (c == '+' || c == '-') && (text_[end - 1] == 'e' || text_[end - 1] == 'E') &&
                               end + 1 < text_.size() && IsDigit(text_[end + 1]);
    const bool clock_colon = c == ':' && end + 1 < text_.size() && IsDigit(text_[end + 1]);
    if (!IsWordPart(c) && c != '.' && c != '%' && !exponent_sign && !clock_colon) break;
    ++end;
  }
  Token token = ReadQuantity(text_.substr(begin, end - begin));
  token.span = MakeSpan(begin, end);
  return token;
}

Token Lexer::LexPunctuation(std::size_t at) const {
  const std::string_view two = text_.substr(at, 2);
  if (two == ">=" || two == "<=" || two == "==" || two == "!=") {
    return {.kind = TokenKind::kPunctuation, .span = MakeSpan(at, at + 2), .text = std::string(two)};
  }
  const char c = text_[at];
  if (std::string_view("{}()<>=,-+*/^%").find(c) != std::string_view::npos) {
    return {.kind = TokenKind::kPunctuation, .span = MakeSpan(at, at + 1), .text = std::string(1, c)};
  }
  if (c == '\'') return Invalid(at, at + 1, "strings are written in double quotes");
  if (c == '$') return Invalid(at, at + 1, "expected a name after \"$\"");
  std::size_t end = at + 1;
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
  return Invalid(at, end, fmt::format("unexpected {}", Quoted(text_.substr(at, end - at))));
}

}  // namespace tickbird::language
