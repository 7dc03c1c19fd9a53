#include "rules/promql/lexer.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::promql {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Digits with single underscores between them.
bool AreDigits(std::string_view text, bool (*is_digit)(char)) {
  if (text.empty() || text.front() == '_' || text.back() == '_') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' ? text[i - 1] == '_' : !is_digit(text[i])) return false;
  }
  return true;
}

std::string WithoutUnderscores(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

/// An integer in base 8 or 16; too large for 64 bits is no number, as in Prometheus.
std::optional<double> ParseInteger(std::string_view digits, int base) {
  const std::string plain = WithoutUnderscores(digits);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value, base);
  if (error != std::errc() || end != plain.data() + plain.size()) return std::nullopt;
  return static_cast<double>(value);
}

bool IsDecimal(std::string_view text) {
  const auto exponent = text.find_first_of("eE");
  std::string_view mantissa = text.substr(0, exponent);
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    if (!power.empty() && (power.front() == '+' || power.front() == '-')) power.remove_prefix(1);
    if (!AreDigits(power, IsDigit)) return false;
  }
  const auto point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : mantissa.substr(point + 1);
  if (whole.empty() && fraction.empty()) return false;
  return (whole.empty() || AreDigits(whole, IsDigit)) && (fraction.empty() || AreDigits(fraction, IsDigit));
}

/// "1h30m": whether it can be one; what it means is checked by ParseDuration.
bool LooksLikeDuration(std::string_view text) {
  if (text.empty() || !IsDigit(text.front()) || text.starts_with("0x") || text.starts_with("0X")) return false;
  constexpr std::string_view kUnits = "smhdwy";
  for (const char c : text) {
    if (!IsDigit(c) && !kUnits.contains(c)) return false;
  }
  return !IsDigit(text.back());
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    while (SkipBlanks(), at_ < text_.size()) {
      Next();
      if (tokens_.back().kind == TokenKind::kError) return std::move(tokens_);
    }
    start_ = at_;
    Emit(TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      if (IsBlank(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        break;
      }
    }
    start_ = at_;
  }

  void Emit(TokenKind kind) { tokens_.push_back({kind, start_, text_.substr(start_, at_ - start_), {}}); }

  void EmitOf(TokenKind kind, std::size_t length) {
    at_ += length;
    Emit(kind);
  }

  void Fail(std::string why) {
    tokens_.push_back({TokenKind::kError, start_, text_.substr(start_, at_ - start_), std::move(why)});
  }

  void Next() {
    const char c = Peek();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return NumberOrDuration();
    if (IsLetter(c) || (c == ':' && !in_braces_ && brackets_ == 0)) return Identifier();
    switch (c) {
      case '"':
      case '\'':
      case '`':
        return String(c);
      case '$':
        return Variable();
      case '(':
        return EmitOf(TokenKind::kLeftParen, 1);
      case ')':
        return EmitOf(TokenKind::kRightParen, 1);
      case '{':
        in_braces_ = true;
        return EmitOf(TokenKind::kLeftBrace, 1);
      case '}':
        in_braces_ = false;
        return EmitOf(TokenKind::kRightBrace, 1);
      case '[':
        ++brackets_;
        return EmitOf(TokenKind::kLeftBracket, 1);
      case ']':
        brackets_ = brackets_ > 0 ? brackets_ - 1 : 0;
        return EmitOf(TokenKind::kRightBracket, 1);
      default:
        return Operator(c);
    }
  }

  void Operator(char c) {
    const char next = Peek(1);
    switch (c) {
      case ',':
        return EmitOf(TokenKind::kComma, 1);
      case ':':
        return EmitOf(TokenKind::kColon, 1);
      case '@':
        return EmitOf(TokenKind::kAt, 1);
      case '+':
        return EmitOf(TokenKind::kAdd, 1);
      case '-':
        return EmitOf(TokenKind::kSub, 1);
      case '*':
        return EmitOf(TokenKind::kMul, 1);
      case '/':
        return EmitOf(TokenKind::kDiv, 1);
      case '%':
        return EmitOf(TokenKind::kMod, 1);
      case '^':
        return EmitOf(TokenKind::kPow, 1);
      case '=':
        if (next == '=') return EmitOf(TokenKind::kEqual, 2);
        if (next == '~') return EmitOf(TokenKind::kRegexMatch, 2);
        return EmitOf(TokenKind::kAssign, 1);
      case '!':
        if (next == '=') return EmitOf(TokenKind::kNotEqual, 2);
        if (next == '~') return EmitOf(TokenKind::kRegexNoMatch, 2);
        ++at_;
        return Fail("unexpected \"!\": write != or !~");
      case '<':
        if (next == '=') return EmitOf(TokenKind::kLessEqual, 2);
        if (next == '/') return EmitOf(TokenKind::kTrimUpper, 2);
        return EmitOf(TokenKind::kLess, 1);
      case '>':
        if (next == '=') return EmitOf(TokenKind::kGreaterEqual, 2);
        if (next == '/') return EmitOf(TokenKind::kTrimLower, 2);
        return EmitOf(TokenKind::kGreater, 1);
      default:
        return Unexpected();
    }
  }

  void Unexpected() {
    // One whole UTF-8 character, so that the message is readable.
    do {
      ++at_;
    } while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80);
    const std::string_view character = text_.substr(start_, at_ - start_);
    const bool needs_quotes = static_cast<unsigned char>(character.front()) >= 0x80 || character == ".";
    Fail(fmt::format("unexpected character {}{}", IsValidUtf8(character) ? Quoted(character) : "(invalid UTF-8)",
                     needs_quotes ? ": names with such characters are written {\"name\"}" : ""));
  }

  void Identifier() {
    const bool colons = !in_braces_ && brackets_ == 0;
    while (IsLetter(Peek()) || IsDigit(Peek()) || (colons && Peek() == ':')) ++at_;
    Emit(TokenKind::kIdentifier);
  }

  void Variable() {
    ++at_;
    while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
    if (at_ - start_ == 1) return Fail("expected a name after \"$\"");
    Emit(TokenKind::kVariable);
  }

  void NumberOrDuration() {
    const bool hex = Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X');
    while (true) {
      const char c = Peek();
      const bool exponent = !hex && (c == 'e' || c == 'E');
      if (!IsLetter(c) && !IsDigit(c) && c != '.') break;
      ++at_;
      if (exponent && (Peek() == '+' || Peek() == '-') && IsDigit(Peek(1))) ++at_;
    }
    const std::string_view word = text_.substr(start_, at_ - start_);
    if (ParseNumberLiteral(word)) return Emit(TokenKind::kNumber);
    if (LooksLikeDuration(word)) return Emit(TokenKind::kDuration);
    Fail(fmt::format("bad number or duration {}: numbers are written 1.5, 1e3 or 0x1F, durations 90s, 1h30m or 250ms",
                     Quoted(word)));
  }

  void String(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (quote != '`' && text_[at_] == '\n') break;
      if (quote != '`' && text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      ++at_;
    }
    at_ = std::min(at_, text_.size());
    if (at_ == text_.size() || text_[at_] != quote) {
      return Fail(fmt::format("unterminated string: expected the closing {}", quote));
    }
    ++at_;
    Emit(TokenKind::kString);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  bool in_braces_ = false;
  int brackets_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view text) {
  return Lexer(text).Run();
}

std::optional<double> ParseNumberLiteral(std::string_view text) {
  if (EqualsIgnoreCase(text, "inf")) return std::numeric_limits<double>::infinity();
  if (EqualsIgnoreCase(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (text.starts_with("0x") || text.starts_with("0X")) {
    const std::string_view digits = text.substr(2);
    return AreDigits(digits, IsHexDigit) ? ParseInteger(digits, 16) : std::nullopt;
  }
  if (!IsDecimal(text)) return std::nullopt;
  if (text.size() > 1 && text.front() == '0' && text.find_first_not_of("01234567_") == std::string_view::npos) {
    if (const auto octal = ParseInteger(text, 8)) return octal;
  }
  const auto value = ParseDouble(WithoutUnderscores(text));
  if (!value) return std::nullopt;
  return *value;
}

}  // namespace tickbird::promql
