#pragma once

#include <string>
#include <string_view>

#include "core/exposition/format.h"

namespace tickbird::exposition {

/// Appends `name` so that it matches [a-zA-Z_:][a-zA-Z0-9_:]* (for labels: without ':'). kAllowUtf8 appends it as it
/// is.
void AppendEscapedName(std::string& out, std::string_view name, Escaping escaping, bool is_label = false);

/// Takes back what kDots and kValues did; a text that they cannot have written stays as it is.
std::string UnescapeName(std::string_view name, Escaping escaping);

/// Appends `text` with bytes that are not UTF-8 replaced by U+FFFD.
void AppendValidUtf8(std::string& out, std::string_view text);

}  // namespace tickbird::exposition
