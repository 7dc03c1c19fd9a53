#include "agent/api/selector_parameter.h"

#include <variant>

#include <fmt/core.h>

#include "rules/promql/ast.h"
#include "rules/promql/parser.h"

namespace tickbird::api {
namespace {

bool IsUnshifted(const promql::TimeShift& shift) {
  return !shift.at && !shift.offset.expr && shift.offset.ms == 0;
}

}  // namespace

Result<std::vector<Matcher>> SelectorParameter(std::string_view text) {
  const auto expr = promql::ParseExpr(text);
  if (!expr) return WithContext("invalid parameter \"match[]\"", expr.error().ToError());
  const auto* const selector = std::get_if<promql::VectorSelector>(&(*expr)->node);
  if (selector && IsUnshifted(selector->shift)) return selector->matchers;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("invalid parameter \"match[]\": {} is no series selector such as up{{job=\"x\"}}", text)};
}

}  // namespace tickbird::api
