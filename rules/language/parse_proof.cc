#include <array>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/language/parse_parts.h"

namespace tickbird::language {
namespace {

using Check = decltype(ast::Test::Check::node);

std::optional<Check> ParseStepWidth(Cursor& cursor) {
  const auto width = cursor.ExpectDuration("the time between two samples");
  if (!width) return std::nullopt;
  return ast::Test::StepWidth{*width};
}

std::optional<Check> ParseSeries(Cursor& cursor) {
  auto metric = cursor.ExpectMetricName("the name of a metric");
  if (!metric) return std::nullopt;
  ast::Test::Series series{.metric = std::move(*metric)};
  if (cursor.AtPunctuation("{")) {
    auto selector = cursor.ExpectSelector("the labels");
    if (!selector) return std::nullopt;
    series.selector = std::move(*selector);
  }
  auto values = cursor.ExpectText("the values");
  if (!values) return std::nullopt;
  series.values = std::move(*values);
  return series;
}

std::optional<Check> ParseAckAt(Cursor& cursor, ast::Duration at) {
  ast::Test::AckAt ack{.at = at};
  if (cursor.TryWord("by")) {
    ack.by = cursor.ExpectText("who acknowledges");
    if (!ack.by) return std::nullopt;
  }
  return ack;
}

std::optional<Check> ParseAt(Cursor& cursor) {
  const auto at = cursor.ExpectDuration("a time");
  if (!at) return std::nullopt;
  if (cursor.TryWord("ack")) return ParseAckAt(cursor, *at);
  if (!cursor.ExpectWord("expect", "or \"ack\"")) return std::nullopt;
  auto state = cursor.ExpectName("a level, pending, quiet or clear");
  if (!state) return std::nullopt;
  ast::Test::ExpectAt expect{.at = *at, .state = std::move(*state)};
  if (cursor.TryWord("to")) {
    auto targets = ParseTargets(cursor);
    if (!targets) return std::nullopt;
    expect.to = std::move(*targets);
  }
  return expect;
}

std::optional<Check> ParseBacktest(Cursor& cursor) {
  const auto range = cursor.ExpectDuration("a time");
  if (!range || !cursor.ExpectWord("expect", "and what is bounded")) return std::nullopt;
  auto measure = cursor.ExpectName("what is bounded, such as notifications");
  if (!measure) return std::nullopt;
  constexpr std::array<std::string_view, 6> kComparisons = {">", ">=", "<", "<=", "==", "!="};
  for (const std::string_view comparison : kComparisons) {
    if (!cursor.TryPunctuation(comparison)) continue;
    const auto limit = cursor.ExpectNumber("a number");
    if (!limit) return std::nullopt;
    return ast::Test::Backtest{*range, std::move(*measure), std::string(comparison), *limit};
  }
  cursor.Unexpected("a comparison such as <= 3");
  return std::nullopt;
}

std::optional<Check> ParseCheck(Cursor& cursor) {
  if (cursor.TryWord("step")) return ParseStepWidth(cursor);
  if (cursor.TryWord("series")) return ParseSeries(cursor);
  if (cursor.TryWord("at")) return ParseAt(cursor);
  if (cursor.TryWord("backtest")) return ParseBacktest(cursor);
  constexpr std::array<std::string_view, 4> kKnown = {"step", "series", "at", "backtest"};
  const Token& token = cursor.Peek();
  if (token.kind == TokenKind::kName) {
    cursor.Error(token.span,
                 fmt::format("unknown line of a test \"{}\"{}", token.text, DidYouMean(token.text, kKnown)));
  } else {
    cursor.Unexpected("step, series, at or backtest");
  }
  return std::nullopt;
}

std::optional<std::string> ParseClock(Cursor& cursor) {
  if (cursor.Peek().kind != TokenKind::kClock) {
    cursor.Unexpected("a time of day such as 20:00");
    return std::nullopt;
  }
  return cursor.Take().text;
}

bool ParsePeriod(Cursor& cursor, ast::Calendar& calendar) {
  const Span start = cursor.Peek().span;
  auto day = cursor.ExpectName("a day (mon, tue, ...) or zone");
  if (!day) return false;
  ast::Calendar::Period period{.first_day = std::move(*day)};
  if (cursor.TryPunctuation("-")) {
    period.last_day = cursor.ExpectName("a day");
    if (!period.last_day) return false;
  }
  auto from = ParseClock(cursor);
  if (!from || !cursor.ExpectPunctuation("-", "and the end of the period")) return false;
  auto to = ParseClock(cursor);
  if (!to) return false;
  period.from = std::move(*from);
  period.to = std::move(*to);
  period.span = cursor.SpanFrom(start);
  calendar.periods.push_back(std::move(period));
  return cursor.ExpectSeparator("the period");
}

}  // namespace

bool ParseTest(Cursor& cursor, ast::Test& test) {
  auto name = cursor.ExpectName("the name of the alert that is tested");
  if (!name) return false;
  test.name = std::move(*name);
  return cursor.ParseBlock(fmt::format("test {}", test.name.text), Cursor::ItemInBlock::kEnds, [&] {
    const Span start = cursor.Peek().span;
    auto check = ParseCheck(cursor);
    if (!check || !cursor.ExpectSeparator("this line of the test")) return false;
    test.checks.push_back({cursor.SpanFrom(start), std::move(*check)});
    return true;
  });
}

bool ParseCalendar(Cursor& cursor, ast::Calendar& calendar) {
  auto name = cursor.ExpectName("a name for the calendar");
  if (!name) return false;
  calendar.name = std::move(*name);
  return cursor.ParseBlock(fmt::format("calendar {}", calendar.name.text), Cursor::ItemInBlock::kEnds, [&] {
    if (!cursor.TryWord("zone")) return ParsePeriod(cursor, calendar);
    auto zone = cursor.ExpectText("a time zone");
    if (zone) calendar.zone = std::move(zone);
    return zone && cursor.ExpectSeparator("zone");
  });
}

}  // namespace tickbird::language
