#pragma once

#include <string>

#include "core/base/clock.h"
#include "rules/language/source.h"

namespace tickbird::language {

enum class TokenKind {
  kEnd,
  kSeparator,  ///< Line ends and `;`, any number of them, with the comments between.
  kName,       ///< A word: letters, digits, `_` and `:` (which only metric names may hold).
  kString,     ///< text: the contents with escapes resolved.
  kNumber,     ///< 12, 1.5, 1e3.
  kPercent,    ///< 85%: number is 0.85.
  kSize,       ///< 512MiB: number is in bytes.
  kDuration,   ///< 1h30m: number is in seconds, duration in milliseconds.
  kClock,      ///< 20:00
  kVariable,   ///< $name: text is the name.
  kPunctuation,
  kInvalid,  ///< text: the message that says why.
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string text;
  double number = 0;
  DurationMs duration = 0;
};

}  // namespace tickbird::language
