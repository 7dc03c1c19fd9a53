#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/labels.h"

namespace tickbird::rules {

/// What the fields of a text stand for at one moment.
struct TextContext {
  const Labels& labels;
  double value = 0;
  std::string_view unit;  ///< AlertRule::unit: how a plain {value} is written.
  std::string_view level;
  TimestampMs since = 0;
  TimestampMs now = 0;
};

/// A message text of the rule language, parsed once and filled in when somebody reads it.
///
///   {value}           by the rule's unit: bytes, percent, seconds, or about three digits
///   {value:.1f}       that many decimals (0 to 9); {value:percent} {value:duration} {value:bytes} whatever the unit
///   {level} {since}   "high"; the time of the raise in UTC, or with {since:duration} how long ago
///   {instance}        that label, or nothing when the alert does not have it
///   {{ }}             braces
///
/// What is filled in is never read as a template again. Immutable.
class TextTemplate {
 public:
  /// kParse with line and column (in bytes, within `text`) of the first fault.
  static Result<TextTemplate> Parse(std::string_view text);
  /// A text that is taken as it is.
  static TextTemplate Literal(std::string_view text);

  TextTemplate() = default;
  std::string Expand(const TextContext& context) const;

 private:
  enum class Kind { kText, kValue, kLevel, kSince, kLabel };
  enum class Format { kDefault, kFixed, kPercent, kDuration, kBytes };
  struct Part {
    Kind kind = Kind::kText;
    Format format = Format::kDefault;
    int decimals = 0;
    std::string text;  // kText: itself; kLabel: the name
  };

  static Result<Part> ParseField(std::string_view field);
  static Result<Part> ParseFormat(Part part, std::string_view format);
  static void AppendValue(std::string& out, const Part& part, const TextContext& context);
  void AddText(std::string_view text);

  std::vector<Part> parts_;
};

}  // namespace tickbird::rules
