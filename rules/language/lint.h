#pragma once

#include "rules/eval/rule.h"
#include "rules/language/diagnostics.h"
#include "rules/language/scope.h"

namespace tickbird::language {

/// Warns of what is right in form and most likely not meant: a cooldown longer than the repeat, a clear condition that
/// holds while the raise condition does, a worse level that is reached before a milder one.
void LintAlert(const rules::AlertRule& rule, const ClauseSet& clauses, Diagnostics& diagnostics);

}  // namespace tickbird::language
