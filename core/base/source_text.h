#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace tickbird {

/// What is wrong at one place of a text that a person wrote (a configuration, a rule file, a query).
struct Diagnostic {
  enum class Severity { kError, kWarning };
  Severity severity = Severity::kError;
  Position position;
  int length = 1;       ///< Bytes to underline from the column on; at least 1.
  std::string message;  ///< What is wrong, and the suggestion.
};

/// The 1-based line and column of byte `offset` in `text`; one past the end is allowed.
Position PositionAt(std::string_view text, std::size_t offset);

/// As a good compiler prints it:
///
///   rules/app.rules:12:18: error: unknown clause "rise" (did you mean "raise"?)
///      12 |   rise high when > 85%
///         |   ^~~~
///
/// `text` is the whole file. Ends with a newline. Tabs are kept so that the caret lines up.
std::string RenderDiagnostic(std::string_view file, std::string_view text, const Diagnostic& diagnostic);

}  // namespace tickbird
