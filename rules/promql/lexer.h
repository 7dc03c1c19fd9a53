#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace tickbird::promql {

enum class TokenKind {
  kEnd,
  kError,       ///< `text` is what cannot be read; Token::error says why. The last token.
  kIdentifier,  ///< Names and keywords; with colons outside of braces and brackets.
  kNumber,
  kDuration,
  kString,    ///< With its quotes.
  kVariable,  ///< With its `$`.
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAt,
  kAssign,
  kEqual,
  kNotEqual,
  kRegexMatch,
  kRegexNoMatch,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kTrimUpper,
  kTrimLower,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t offset = 0;  ///< In bytes.
  std::string_view text;
  std::string error;
};

/// Splits PromQL into tokens; the last one is kEnd or kError. Comments and blanks are left out. The views point into
/// `text`.
std::vector<Token> Tokenize(std::string_view text);

/// Reads a number as Prometheus does: `0x1F`, `010` (8), `1_000`, `1e3`, `Inf`, `NaN` in any case. Nothing when it is
/// none.
std::optional<double> ParseNumberLiteral(std::string_view text);

/// Takes the quotes off and resolves Go's escapes. The result may be invalid UTF-8 ("\xff"). kParse.
Result<std::string> ParseStringLiteral(std::string_view text);

}  // namespace tickbird::promql
