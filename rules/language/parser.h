#pragma once

#include <memory>

#include "rules/language/ast.h"
#include "rules/language/diagnostics.h"

namespace tickbird::language {

/// Reads one rule file. All mistakes of form go to `diagnostics`; the tree holds every item and clause that could be
/// read, so that mistakes of meaning are found in the same run. Groups nest at most kMaxGroupDepth deep. Pure.
ast::File Parse(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics);

inline constexpr int kMaxGroupDepth = 16;

}  // namespace tickbird::language
