#pragma once

#include <cstddef>
#include <string_view>

namespace tickbird::language {

/// Where the PromQL expression that begins at `begin` of `text` ends (exclusive, without trailing blanks and comments):
/// at the end of the line, at `;`, at a closing brace, or at the words `for` and `clear`, all outside brackets and
/// strings. It goes on while a bracket is open, and when the next line that is not blank or a comment starts with a
/// binary operator. A bracket that is never closed ends the expression with its line, so that the mistake does not
/// swallow what follows.
std::size_t ExpressionEnd(std::string_view text, std::size_t begin);

/// Where the brace selector that begins at `begin` ends, just past its closing brace; `begin` itself when there is
/// none.
std::size_t SelectorEnd(std::string_view text, std::size_t begin);

}  // namespace tickbird::language
