#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/strings.h"
#include "rules/promql/ast.h"
#include "rules/promql/function_table.h"

namespace tickbird::promql {
namespace {

std::string Literal(double seconds, bool is_duration) {
  if (!is_duration) return FormatDouble(seconds);
  return FormatDuration(static_cast<DurationMs>(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5)));
}

std::string LabelName(const std::string& name) {
  return IsLegacyLabelName(name) ? name : Quoted(name);
}

std::string NameList(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += LabelName(name);
  }
  return out;
}

std::string DurationText(const DurationExpr& expr) {
  using Op = DurationExpr::Op;
  const auto binary = [&](std::string_view op) {
    return fmt::format("{} {} {}", DurationText(*expr.lhs), op, DurationText(*expr.rhs));
  };
  switch (expr.op) {
    case Op::kLiteral:
      return Literal(expr.seconds, expr.is_duration);
    case Op::kStep:
      return "step()";
    case Op::kRange:
      return "range()";
    case Op::kMinOf:
      return fmt::format("min_of({}, {})", DurationText(*expr.lhs), DurationText(*expr.rhs));
    case Op::kMaxOf:
      return fmt::format("max_of({}, {})", DurationText(*expr.lhs), DurationText(*expr.rhs));
    case Op::kNegate:
      return "-" + DurationText(*expr.lhs);
    case Op::kParen:
      return fmt::format("({})", DurationText(*expr.lhs));
    case Op::kAdd:
      return binary("+");
    case Op::kSub:
      return binary("-");
    case Op::kMul:
      return binary("*");
    case Op::kDiv:
      return binary("/");
    case Op::kMod:
      return binary("%");
    case Op::kPow:
      return binary("^");
  }
  return "";
}

std::string DurationText(const DurationValue& value) {
  return value.expr ? DurationText(*value.expr) : FormatDuration(value.ms);
}

std::string ShiftText(const TimeShift& shift) {
  std::string out;
  if (shift.at) {
    switch (shift.at->kind) {
      case AtModifier::Kind::kStart:
        out += " @ start()";
        break;
      case AtModifier::Kind::kEnd:
        out += " @ end()";
        break;
      case AtModifier::Kind::kTimestamp:
        out += fmt::format(" @ {:.3f}", static_cast<double>(shift.at->timestamp) / 1000);
    }
  }
  if (shift.offset.ms != 0 || shift.offset.expr) out += " offset " + DurationText(shift.offset);
  return out;
}

std::string_view ModeText(RangeMode mode) {
  switch (mode) {
    case RangeMode::kPlain:
      return "";
    case RangeMode::kAnchored:
      return " anchored";
    case RangeMode::kSmoothed:
      return " smoothed";
  }
  return "";
}

/// Whether a metric name can stand in front of the braces: not with unusual characters, and not when it would be read
/// as a number or a keyword of matching.
bool IsPlainName(const std::string& name) {
  constexpr std::array<std::string_view, 8> kTaken = {"bool",        "on",    "ignoring", "group_left",
                                                      "group_right", "atan2", "inf",      "nan"};
  return IsLegacyMetricName(name) &&
         std::none_of(kTaken.begin(), kTaken.end(), [&name](auto word) { return EqualsIgnoreCase(word, name); });
}

std::string MatcherText(const Matcher& matcher) {
  constexpr std::array<std::string_view, 4> kOps = {"=", "!=", "=~", "!~"};
  return fmt::format("{}{}{}", LabelName(matcher.name()), kOps[static_cast<std::size_t>(matcher.type())],
                     Quoted(matcher.value()));
}

/// Without offset, @ and mode, which stand behind the range of a range selector.
std::string SelectorText(const VectorSelector& selector) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : selector.matchers) {
    const bool is_name = !selector.name.empty() && matcher.type() == Matcher::Type::kEqual &&
                         matcher.name() == kMetricNameLabel && matcher.value() == selector.name;
    if (!is_name) parts.push_back(MatcherText(matcher));
  }
  std::sort(parts.begin(), parts.end());
  std::string out;
  if (IsPlainName(selector.name)) {
    out = selector.name;
  } else if (!selector.name.empty()) {
    parts.insert(parts.begin(), Quoted(selector.name));
  }
  if (parts.empty()) return out.empty() ? "{}" : out;
  out += '{';
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i > 0 ? "," : "") + parts[i];
  return out + '}';
}

std::string MatchingText(const VectorMatching& matching) {
  using Cardinality = VectorMatching::Cardinality;
  const bool grouped =
      matching.cardinality == Cardinality::kManyToOne || matching.cardinality == Cardinality::kOneToMany;
  std::string out;
  if (matching.on || !matching.labels.empty() || grouped) {
    out += fmt::format(" {} ({})", matching.on ? "on" : "ignoring", NameList(matching.labels));
  }
  if (grouped) {
    out += fmt::format(" group_{} ({})", matching.cardinality == Cardinality::kManyToOne ? "left" : "right",
                       NameList(matching.include));
  }
  if (matching.fill_left && matching.fill_right && *matching.fill_left == *matching.fill_right) {
    return out + fmt::format(" fill ({})", FormatDouble(*matching.fill_left));
  }
  if (matching.fill_left) out += fmt::format(" fill_left ({})", FormatDouble(*matching.fill_left));
  if (matching.fill_right) out += fmt::format(" fill_right ({})", FormatDouble(*matching.fill_right));
  return out;
}

struct Formatter {
  std::string operator()(const NumberLiteral& number) const { return Literal(number.value, number.is_duration); }
  std::string operator()(const StringLiteral& text) const { return Quoted(text.value); }
  std::string operator()(const ParenExpr& paren) const { return fmt::format("({})", Format(*paren.inner)); }
  std::string operator()(const UnaryExpr& unary) const { return (unary.negate ? "-" : "+") + Format(*unary.operand); }
  std::string operator()(const BinaryExpr& binary) const {
    return fmt::format("{} {}{}{} {}", Format(*binary.lhs), BinaryOpText(binary.op), binary.return_bool ? " bool" : "",
                       MatchingText(binary.matching), Format(*binary.rhs));
  }
  std::string operator()(const AggregateExpr& aggregate) const {
    std::string out(AggregateOpText(aggregate.op));
    if (aggregate.without) {
      out += fmt::format(" without ({}) ", NameList(aggregate.grouping));
    } else if (!aggregate.grouping.empty()) {
      out += fmt::format(" by ({}) ", NameList(aggregate.grouping));
    }
    out += '(';
    if (aggregate.parameter) out += Format(*aggregate.parameter) + ", ";
    return out + Format(*aggregate.operand) + ')';
  }
  std::string operator()(const CallExpr& call) const {
    std::string args;
    for (const ExprPtr& arg : call.args) args += (args.empty() ? "" : ", ") + Format(*arg);
    return fmt::format("{}({})", call.function->name, args);
  }
  std::string operator()(const VectorSelector& selector) const {
    return fmt::format("{}{}{}", SelectorText(selector), ModeText(selector.mode), ShiftText(selector.shift));
  }
  std::string operator()(const MatrixSelector& matrix) const {
    return fmt::format("{}[{}]{}{}", SelectorText(matrix.selector), DurationText(matrix.range),
                       ModeText(matrix.selector.mode), ShiftText(matrix.selector.shift));
  }
  std::string operator()(const SubqueryExpr& subquery) const {
    return fmt::format("{}[{}:{}]{}", Format(*subquery.inner), DurationText(subquery.range),
                       subquery.step ? DurationText(*subquery.step) : "", ShiftText(subquery.shift));
  }
};

}  // namespace

std::string Format(const Expr& expr) {
  return std::visit(Formatter{}, expr.node);
}

}  // namespace tickbird::promql
