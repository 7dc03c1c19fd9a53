#include "core/model/matcher.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include "core/base/strings.h"

namespace tickbird {

class Matcher::Regex {
 public:
  explicit Regex(std::string_view pattern) : re_(re2::StringPiece(pattern.data(), pattern.size()), Options()) {}
  const RE2& re() const { return re_; }

 private:
  static RE2::Options Options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    // Enough for any hand-written pattern; a pattern that needs more is refused instead of eating the budget.
    options.set_max_mem(1 << 20);
    return options;
  }
  RE2 re_;
};

namespace {

/// "a|b|c" without any other syntax -> its parts; nothing else.
std::vector<std::string> LiteralAlternatives(std::string_view pattern) {
  if (pattern.empty() || pattern.find_first_of("\\.+*?()[]{}^$") != std::string_view::npos) return {};
  std::vector<std::string> parts;
  for (const std::string_view part : Split(pattern, '|')) parts.emplace_back(part);
  return parts;
}

}  // namespace

Result<Matcher> Matcher::Create(Type type, std::string name, std::string value) {
  Matcher matcher(type, std::move(name), std::move(value));
  if (type == Type::kEqual || type == Type::kNotEqual) return matcher;
  // Go has no \C (any byte): a file that uses it would not load there.
  if (matcher.value_.find("\\C") != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("bad regular expression {}: \\C is not supported", Quoted(matcher.value_))};
  }
  auto regex = std::make_shared<Regex>(matcher.value_);
  if (!regex->re().ok()) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("bad regular expression {}: {}", Quoted(matcher.value_), regex->re().error())};
  }
  matcher.literals_ = LiteralAlternatives(matcher.value_);
  matcher.regex_ = std::move(regex);
  return matcher;
}

Matcher Matcher::Equal(std::string name, std::string value) {
  return Matcher(Type::kEqual, std::move(name), std::move(value));
}

bool Matcher::Matches(std::string_view value) const {
  const auto matches_regex = [&] {
    if (!literals_.empty()) {
      for (const std::string& literal : literals_) {
        if (literal == value) return true;
      }
      return false;
    }
    return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), regex_->re());
  };
  switch (type_) {
    case Type::kEqual:
      return value == value_;
    case Type::kNotEqual:
      return value != value_;
    case Type::kRegex:
      return matches_regex();
    case Type::kNotRegex:
      return !matches_regex();
  }
  return false;
}

std::string Matcher::ToString() const {
  std::string_view op = "=";
  if (type_ == Type::kNotEqual) op = "!=";
  if (type_ == Type::kRegex) op = "=~";
  if (type_ == Type::kNotRegex) op = "!~";
  return fmt::format("{}{}{}", name_, op, Quoted(value_));
}

}  // namespace tickbird
