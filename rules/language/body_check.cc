#include "rules/language/body_check.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/core.h>

namespace tickbird::language {
namespace {

/// What may stand in one body more than once.
constexpr std::array<std::string_view, 6> kRepeatable = {"raise", "notify", "label", "attach", "depends", "mute"};
constexpr std::array<std::string_view, 5> kClausesNotEvaluated = {"flap", "batch", "depends", "mute", "attach"};
constexpr std::array<std::string_view, 5> kItemsNotEvaluated = {"slo", "heartbeat", "inhibit", "calendar", "test"};

template <std::size_t N>
bool Contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string NotEvaluated(std::string_view what) {
  return fmt::format("this version reads \"{}\" but does not evaluate it yet; put it into a comment until it does",
                     what);
}

/// The words that must be unique in a body: "value", "raise high", "label team"; empty when the clause may be repeated.
std::string UniqueKey(const ast::Clause& clause) {
  if (const auto* raise = std::get_if<ast::Raise>(&clause.node)) return "raise " + raise->level.text;
  if (const auto* label = std::get_if<ast::Label>(&clause.node)) return "label " + label->name.text;
  return Contains(kRepeatable, clause.keyword) ? std::string() : clause.keyword;
}

}  // namespace

void CheckBody(const ast::Body& body, BodyOf owner, const std::shared_ptr<const Source>& source,
               Diagnostics& diagnostics) {
  std::map<std::string, int> first_line;
  for (const ast::Clause& clause : body.clauses) {
    const Span keyword = clause.keyword_span;
    if (const std::string key = UniqueKey(clause); !key.empty()) {
      const auto [entry, is_new] = first_line.emplace(key, source->PositionOf(keyword.offset).line);
      if (!is_new)
        diagnostics.Error(source, keyword, fmt::format("{} is set twice; first in line {}", key, entry->second));
    }
    if (owner == BodyOf::kDefaults && (clause.keyword == "value" || clause.keyword == "raise")) {
      diagnostics.Error(source, keyword,
                        fmt::format("\"{}\" belongs in an alert or a template, not in defaults", clause.keyword));
    }
    if (Contains(kClausesNotEvaluated, clause.keyword))
      diagnostics.Error(source, keyword, NotEvaluated(clause.keyword));
    const auto* notify = std::get_if<ast::Notify>(&clause.node);
    if (notify != nullptr && notify->during)
      diagnostics.Error(source, notify->during->span, NotEvaluated("notify ... during"));
  }
}

bool ReportNotEvaluated(const ast::Item& item, const std::shared_ptr<const Source>& source, Diagnostics& diagnostics) {
  if (!Contains(kItemsNotEvaluated, item.keyword)) return false;
  diagnostics.Error(source, item.keyword_span, NotEvaluated(item.keyword));
  return true;
}

}  // namespace tickbird::language
