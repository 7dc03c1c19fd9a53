#pragma once

#include "rules/language/diagnostics.h"
#include "rules/language/scope.h"

namespace tickbird::language {

/// Reports what is wrong with the fields of a message text ({value:percent}), at the field where its place in the file
/// is known.
void CheckMessageText(const ast::Text& text, const Scope& scope, Diagnostics& diagnostics);

}  // namespace tickbird::language
