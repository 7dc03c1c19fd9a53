#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/labels.h"

namespace tickbird {

/// One condition on a label: `name="v"`, `name!="v"`, `name=~"re"`, `name!~"re"`. A missing label counts as "".
/// Regular expressions are RE2, anchored at both ends, and '.' matches a newline, as in Prometheus 3. Immutable; cheap
/// to copy; thread safe.
class Matcher {
 public:
  enum class Type { kEqual, kNotEqual, kRegex, kNotRegex };

  /// kInvalidArgument with RE2's reason when `value` is not a regular expression, or needs too much memory.
  static Result<Matcher> Create(Type type, std::string name, std::string value);
  /// For constants: an equality.
  static Matcher Equal(std::string name, std::string value);

  bool Matches(std::string_view value) const;
  /// Matches the label of that name in `labels`.
  bool Matches(const Labels& labels) const { return Matches(labels.Get(name_)); }

  Type type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  /// The literal alternatives of a regular expression such as "a|b|c", or the one literal; empty when it is anything
  /// else. Lets an index look values up instead of trying each.
  const std::vector<std::string>& literals() const { return literals_; }
  bool MatchesEmpty() const { return Matches(std::string_view()); }
  /// `name=~"value"`.
  std::string ToString() const;

 private:
  class Regex;
  Matcher(Type type, std::string name, std::string value)
      : type_(type), name_(std::move(name)), value_(std::move(value)) {}

  Type type_;
  std::string name_;
  std::string value_;
  std::vector<std::string> literals_;
  std::shared_ptr<const Regex> regex_;
};

}  // namespace tickbird
