#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/language/parse_parts.h"

namespace tickbird::language {
namespace {

using Node = decltype(ast::Clause::node);
using MaybeNode = std::optional<Node>;

std::optional<ast::Growth> ParseGrowth(Cursor& cursor) {
  const auto factor = cursor.ExpectNumber("the factor of the backoff");
  if (!factor || !cursor.ExpectWord("max", "and the longest time of the backoff")) return std::nullopt;
  const auto max = cursor.ExpectDuration("the longest time");
  if (!max) return std::nullopt;
  return ast::Growth{*factor, *max};
}

/// True without a value when there is no `backoff`.
bool ParseOptionalGrowth(Cursor& cursor, std::optional<ast::Growth>& growth) {
  if (!cursor.TryWord("backoff")) return true;
  growth = ParseGrowth(cursor);
  return growth.has_value();
}

bool AtOperator(Cursor& cursor) {
  const Token& token = cursor.Peek();
  if (token.kind == TokenKind::kName) return token.text == "and" || token.text == "or" || token.text == "unless";
  return token.kind == TokenKind::kPunctuation && std::string_view("+-*/^%").find(token.text) != std::string_view::npos;
}

std::optional<ast::Condition> ParseCondition(Cursor& cursor) {
  constexpr std::array<std::string_view, 6> kComparisons = {">", ">=", "<", "<=", "==", "!="};
  const Span start = cursor.Peek().span;
  ast::Condition condition;
  const bool is_comparison =
      cursor.Peek().kind == TokenKind::kPunctuation &&
      std::find(kComparisons.begin(), kComparisons.end(), cursor.Peek().text) != kComparisons.end();
  if (is_comparison) {
    condition.comparison = cursor.Take().text;
    auto threshold = cursor.ExpectLiteral("a number to compare with, such as 85%, 300ms or 512MiB");
    if (!threshold) return std::nullopt;
    condition.threshold = std::move(*threshold);
    if (AtOperator(cursor)) {
      cursor.Error(cursor.Peek().span,
                   "a comparison has one number; to calculate, write a whole expression after \"when\"");
      return std::nullopt;
    }
  } else {
    auto expression = cursor.ExpectExpression("a comparison (> 85%) or an expression");
    if (!expression) return std::nullopt;
    condition.expression = std::move(*expression);
    condition.span = condition.expression.span;
    return condition;
  }
  condition.span = cursor.SpanFrom(start);
  return condition;
}

std::optional<ast::Hold> ParseHold(Cursor& cursor) {
  const Span start = cursor.Peek().span;
  ast::Hold hold;
  if (cursor.Peek().kind == TokenKind::kDuration || cursor.Peek().text == "0") {
    const auto time = cursor.ExpectDuration("a time");
    if (!time) return std::nullopt;
    hold.for_ms = time->ms;
  } else {
    const Token number = cursor.Peek();
    const auto n = cursor.ExpectCount("a time (2m) or a number of evaluations (4 of 5)");
    if (!n) return std::nullopt;
    if (!cursor.AtWord("of")) {
      cursor.Error(number.span,
                   fmt::format("\"{0}\" needs a unit: write {0}s or {0}m, or {0} of N for evaluations", number.text));
      return std::nullopt;
    }
    cursor.Take();
    const auto m = cursor.ExpectCount("the number of evaluations");
    if (!m) return std::nullopt;
    hold.n = static_cast<std::int64_t>(n->value);
    hold.of_m = static_cast<std::int64_t>(m->value);
  }
  hold.span = cursor.SpanFrom(start);
  return hold;
}

bool ParseOptionalHold(Cursor& cursor, std::optional<ast::Hold>& hold) {
  if (!cursor.TryWordOverLine("for")) return true;
  hold = ParseHold(cursor);
  return hold.has_value();
}

MaybeNode ParseRaise(Cursor& cursor) {
  auto level = cursor.ExpectName("a level");
  if (!level || !cursor.ExpectWord("when", "and a condition")) return std::nullopt;
  auto when = ParseCondition(cursor);
  if (!when) return std::nullopt;
  ast::Raise raise{.level = std::move(*level), .when = std::move(*when)};
  if (!ParseOptionalHold(cursor, raise.hold)) return std::nullopt;
  if (cursor.TryWordOverLine("clear")) {
    if (!cursor.ExpectWord("when", "and a condition")) return std::nullopt;
    raise.clear = ParseCondition(cursor);
    if (!raise.clear || !ParseOptionalHold(cursor, raise.clear_hold)) return std::nullopt;
  }
  return raise;
}

MaybeNode ParseValue(Cursor& cursor) {
  auto expression = cursor.ExpectExpression("an expression");
  if (!expression) return std::nullopt;
  return ast::Value{std::move(*expression)};
}

MaybeNode ParseUnit(Cursor& cursor) {
  auto name = cursor.ExpectName("a unit");
  if (!name) return std::nullopt;
  return ast::Unit{std::move(*name)};
}

MaybeNode ParseEvery(Cursor& cursor) {
  const auto interval = cursor.ExpectDuration("a time");
  if (!interval) return std::nullopt;
  return ast::Every{*interval};
}

MaybeNode ParseNoData(Cursor& cursor) {
  ast::NoData node;
  if (cursor.TryWord("keep")) {
    node.action = ast::NoData::Action::kKeep;
  } else if (cursor.TryWord("clear")) {
    node.action = ast::NoData::Action::kClear;
  } else if (cursor.TryWord("raise")) {
    node.action = ast::NoData::Action::kRaise;
    auto level = cursor.ExpectName("a level");
    if (!level) return std::nullopt;
    node.level = std::move(*level);
  } else {
    cursor.Unexpected("keep, clear or raise LEVEL");
    return std::nullopt;
  }
  if (cursor.TryWord("after")) {
    node.after = cursor.ExpectDuration("a time");
    if (!node.after) return std::nullopt;
  }
  return node;
}

MaybeNode ParseFlap(Cursor& cursor) {
  const auto changes = cursor.ExpectCount("a number of changes");
  if (!changes || !cursor.ExpectWord("in", "and a time")) return std::nullopt;
  const auto window = cursor.ExpectDuration("a time");
  if (!window) return std::nullopt;
  return ast::Flap{*changes, *window};
}

MaybeNode ParseCooldown(Cursor& cursor) {
  const auto first = cursor.ExpectDuration("a time");
  if (!first) return std::nullopt;
  ast::Cooldown node{.first = *first};
  if (!ParseOptionalGrowth(cursor, node.growth)) return std::nullopt;
  return node;
}

MaybeNode ParseRepeat(Cursor& cursor) {
  if (cursor.TryWord("never")) return ast::Repeat{};
  const auto first = cursor.ExpectDuration("never, or a time");
  if (!first) return std::nullopt;
  ast::Repeat node{.first = *first};
  if (!ParseOptionalGrowth(cursor, node.growth)) return std::nullopt;
  return node;
}

MaybeNode ParseBatch(Cursor& cursor) {
  auto by = ParseBy(cursor);
  if (!by) return std::nullopt;
  ast::Batch node{.by = std::move(*by)};
  if (cursor.TryWord("wait")) {
    node.wait = cursor.ExpectDuration("a time");
    if (!node.wait) return std::nullopt;
  }
  return node;
}

MaybeNode ParseNotify(Cursor& cursor) {
  auto targets = ParseTargets(cursor);
  if (!targets) return std::nullopt;
  ast::Notify node{.targets = std::move(*targets)};
  if (cursor.TryWord("from")) {
    node.from = cursor.ExpectName("a level");
    if (!node.from) return std::nullopt;
  }
  if (cursor.TryWord("during")) {
    node.during = cursor.ExpectName("the name of a calendar");
    if (!node.during) return std::nullopt;
  }
  return node;
}

MaybeNode ParseEscalate(Cursor& cursor) {
  if (cursor.AtPunctuation("{")) {
    auto steps = ParseSteps(cursor, "escalate");
    if (!steps) return std::nullopt;
    return ast::Escalate{std::move(*steps)};
  }
  if (cursor.AtWord("after")) {
    auto step = ParseStep(cursor);
    if (!step) return std::nullopt;
    ast::Steps steps;
    steps.steps.push_back(std::move(*step));
    return ast::Escalate{std::move(steps)};
  }
  auto policy = cursor.ExpectName("the name of a policy, a step (after 10m to NAME) or steps in braces");
  if (!policy) return std::nullopt;
  return ast::Escalate{std::move(*policy)};
}

MaybeNode ParseAck(Cursor& cursor) {
  if (!cursor.ExpectWord("expires", "and a time")) return std::nullopt;
  const auto expires = cursor.ExpectDuration("a time");
  if (!expires) return std::nullopt;
  return ast::Ack{*expires};
}

MaybeNode ParseDepends(Cursor& cursor) {
  if (!cursor.ExpectWord("on", "and the name of an alert")) return std::nullopt;
  auto on = cursor.ExpectName("the name of an alert");
  if (!on) return std::nullopt;
  ast::Depends node{.on = std::move(*on)};
  if (cursor.AtWord("by")) {
    auto by = ParseBy(cursor);
    if (!by) return std::nullopt;
    node.by = std::move(*by);
  }
  return node;
}

MaybeNode ParseMute(Cursor& cursor) {
  if (!cursor.ExpectWord("during", "and the name of a calendar")) return std::nullopt;
  auto during = cursor.ExpectName("the name of a calendar");
  if (!during) return std::nullopt;
  return ast::Mute{std::move(*during)};
}

MaybeNode ParseAttach(Cursor& cursor) {
  ast::Attach node;
  if (cursor.TryWord("graph")) {
    const auto range = cursor.ExpectDuration("the length of the graph");
    if (!range) return std::nullopt;
    node.graph = *range;
  } else if (cursor.TryWord("top")) {
    node.kind = ast::Attach::Kind::kTop;
    const auto count = cursor.ExpectCount("how many");
    if (!count) return std::nullopt;
    auto expression = cursor.ExpectExpression("an expression");
    if (!expression) return std::nullopt;
    node.top = *count;
    node.expression = std::move(*expression);
  } else if (cursor.TryWord("link")) {
    node.kind = ast::Attach::Kind::kLink;
    auto link = cursor.ExpectText("an address");
    if (!link) return std::nullopt;
    node.link = std::move(*link);
  } else {
    cursor.Unexpected("graph, top or link");
    return std::nullopt;
  }
  return node;
}

MaybeNode ParseLabel(Cursor& cursor) {
  auto name = cursor.ExpectName("the name of a label");
  if (!name || !cursor.ExpectPunctuation("=", "and the value of the label")) return std::nullopt;
  auto value = cursor.ExpectLiteral("the value of the label");
  if (!value) return std::nullopt;
  return ast::Label{std::move(*name), std::move(*value)};
}

MaybeNode ParseProse(Cursor& cursor) {
  auto text = cursor.ExpectText("a text");
  if (!text) return std::nullopt;
  return ast::Prose{std::move(*text)};
}

MaybeNode ParseObjective(Cursor& cursor) {
  const auto share = cursor.ExpectPercent("a share");
  if (!share || !cursor.ExpectWord("over", "and a time")) return std::nullopt;
  const auto over = cursor.ExpectDuration("a time");
  if (!over) return std::nullopt;
  return ast::Objective{*share, *over};
}

MaybeNode ParseIndicator(Cursor& cursor) {
  auto expression = cursor.ExpectExpression("an expression");
  if (!expression) return std::nullopt;
  return ast::Indicator{std::move(*expression)};
}

MaybeNode ParseBurn(Cursor& cursor) {
  auto level = cursor.ExpectName("a level");
  if (!level) return std::nullopt;
  ast::Burn node{.level = std::move(*level)};
  const bool ok = cursor.ParseList([&] {
    const auto share = cursor.ExpectPercent("a share of the budget");
    if (!share || !cursor.ExpectWord("in", "and a time")) return false;
    const auto in = cursor.ExpectDuration("a time");
    if (!in) return false;
    node.rates.push_back({*share, *in});
    return true;
  });
  if (!ok) return std::nullopt;
  return node;
}

struct Entry {
  std::string_view keyword;
  MaybeNode (*parse)(Cursor&);
};

constexpr std::array<Entry, 20> kClauses = {
    {{"value", ParseValue},     {"unit", ParseUnit},     {"every", ParseEvery},       {"raise", ParseRaise},
     {"nodata", ParseNoData},   {"flap", ParseFlap},     {"cooldown", ParseCooldown}, {"repeat", ParseRepeat},
     {"batch", ParseBatch},     {"notify", ParseNotify}, {"escalate", ParseEscalate}, {"ack", ParseAck},
     {"depends", ParseDepends}, {"mute", ParseMute},     {"attach", ParseAttach},     {"label", ParseLabel},
     {"summary", ParseProse},   {"detail", ParseProse},  {"advice", ParseProse},      {"runbook", ParseProse}}};

constexpr std::array<Entry, 6> kSloClauses = {{{"objective", ParseObjective},
                                               {"good", ParseIndicator},
                                               {"bad", ParseIndicator},
                                               {"total", ParseIndicator},
                                               {"guard", ParseIndicator},
                                               {"burn", ParseBurn}}};

const Entry* Find(std::string_view word, BodyKind kind) {
  for (const Entry& entry : kClauses) {
    if (entry.keyword == word) return &entry;
  }
  if (kind != BodyKind::kSlo) return nullptr;
  for (const Entry& entry : kSloClauses) {
    if (entry.keyword == word) return &entry;
  }
  return nullptr;
}

void ReportUnknownClause(Cursor& cursor) {
  const Token& token = cursor.Peek();
  if (token.kind != TokenKind::kName) return cursor.Unexpected("a clause such as value, raise or summary");
  std::vector<std::string_view> known;
  for (const Entry& entry : kClauses) known.push_back(entry.keyword);
  if (token.text == "clear" || token.text == "for") {
    return cursor.Error(
        token.span,
        fmt::format("\"{}\" belongs to a raise: raise LEVEL when ... for 2m clear when ... for 1m", token.text));
  }
  cursor.Error(token.span, fmt::format("unknown clause \"{}\"{}", token.text, DidYouMean(token.text, known)));
}

}  // namespace

bool IsClauseKeyword(std::string_view word) {
  return Find(word, BodyKind::kSlo) != nullptr;
}

std::optional<ast::Clause> ParseClause(Cursor& cursor, BodyKind kind) {
  const Entry* entry = cursor.Peek().kind == TokenKind::kName ? Find(cursor.Peek().text, kind) : nullptr;
  if (entry == nullptr) {
    ReportUnknownClause(cursor);
    return std::nullopt;
  }
  const Token keyword = cursor.Take();
  MaybeNode node = entry->parse(cursor);
  if (!node || !cursor.ExpectSeparator(keyword.text)) return std::nullopt;
  return ast::Clause{keyword.text, keyword.span, cursor.SpanFrom(keyword.span), std::move(*node)};
}

bool ParseBody(Cursor& cursor, const std::string& owner, BodyKind kind, ast::Body& body) {
  return cursor.ParseBlock(owner, Cursor::ItemInBlock::kEnds, [&] {
    auto clause = ParseClause(cursor, kind);
    if (!clause) {
      body.damaged = true;
      return false;
    }
    body.clauses.push_back(std::move(*clause));
    return true;
  });
}

}  // namespace tickbird::language
