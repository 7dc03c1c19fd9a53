#include <fmt/core.h>

#include "rules/language/parse_parts.h"

namespace tickbird::language {
namespace {

std::optional<ast::Target> ParseTarget(Cursor& cursor) {
  auto receiver = cursor.ExpectName("the name of a receiver");
  if (!receiver) return std::nullopt;
  ast::Target target{.receiver = std::move(*receiver)};
  if (!cursor.TryPunctuation("(")) return target;
  const bool ok = cursor.ParseList([&] {
    auto argument = cursor.ExpectText("an argument");
    if (argument) target.arguments.push_back(std::move(*argument));
    return argument.has_value();
  });
  if (!ok || !cursor.ExpectPunctuation(")", "after the arguments")) return std::nullopt;
  return target;
}

}  // namespace

std::optional<std::vector<ast::Target>> ParseTargets(Cursor& cursor) {
  std::vector<ast::Target> targets;
  const bool ok = cursor.ParseList([&] {
    auto target = ParseTarget(cursor);
    if (target) targets.push_back(std::move(*target));
    return target.has_value();
  });
  if (!ok) return std::nullopt;
  return targets;
}

std::optional<ast::Step> ParseStep(Cursor& cursor) {
  const Span start = cursor.Peek().span;
  if (!cursor.ExpectWord("after", "with the time of the step")) return std::nullopt;
  const auto after = cursor.ExpectDuration("a time");
  if (!after || !cursor.ExpectWord("to", "and the receivers of the step")) return std::nullopt;
  auto targets = ParseTargets(cursor);
  if (!targets) return std::nullopt;
  ast::Step step{.after = *after, .targets = std::move(*targets)};
  if (cursor.TryWord("from")) {
    step.from = cursor.ExpectName("a level");
    if (!step.from) return std::nullopt;
  }
  step.span = cursor.SpanFrom(start);
  return step;
}

std::optional<ast::Steps> ParseSteps(Cursor& cursor, const std::string& owner) {
  ast::Steps steps;
  const bool opened = cursor.ParseBlock(owner, Cursor::ItemInBlock::kEnds, [&] {
    const Span keyword = cursor.Peek().span;
    if (cursor.TryWord("loop")) {
      const auto loop = cursor.ExpectCount("how often the steps run");
      if (loop && steps.loop) cursor.Error(keyword, "loop is set twice");
      steps.loop = loop;
      return loop && cursor.ExpectSeparator("loop");
    }
    if (!cursor.AtWord("after")) {
      cursor.Unexpected(fmt::format("a step (after 10m to NAME) or loop in {}", owner));
      return false;
    }
    auto step = ParseStep(cursor);
    if (step) steps.steps.push_back(std::move(*step));
    return step && cursor.ExpectSeparator("the step");
  });
  if (!opened) return std::nullopt;
  return steps;
}

std::optional<std::vector<ast::Name>> ParseBy(Cursor& cursor) {
  if (!cursor.ExpectWord("by", "and the labels in brackets") || !cursor.ExpectPunctuation("(", "before the labels")) {
    return std::nullopt;
  }
  std::vector<ast::Name> labels;
  const bool ok = cursor.ParseList([&] {
    auto label = cursor.ExpectName("a label");
    if (label) labels.push_back(std::move(*label));
    return label.has_value();
  });
  if (!ok || !cursor.ExpectPunctuation(")", "after the labels")) return std::nullopt;
  return labels;
}

}  // namespace tickbird::language
