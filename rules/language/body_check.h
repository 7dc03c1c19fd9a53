#pragma once

#include "rules/language/ast.h"
#include "rules/language/diagnostics.h"

namespace tickbird::language {

enum class BodyOf { kAlert, kTemplate, kDefaults };

/// What can be said about a body by looking at it alone: clauses set twice, clauses out of place in `defaults`, and
/// clauses that this version does not evaluate.
void CheckBody(const ast::Body& body, BodyOf owner, const std::shared_ptr<const Source>& source,
               Diagnostics& diagnostics);

/// The error for an item that this version does not evaluate; true when it is one.
bool ReportNotEvaluated(const ast::Item& item, const std::shared_ptr<const Source>& source, Diagnostics& diagnostics);

}  // namespace tickbird::language
