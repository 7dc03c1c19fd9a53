#include "rules/eval/text.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/source_text.h"
#include "core/base/strings.h"

namespace tickbird::rules {
namespace {

constexpr double kLongestDurationSeconds = 1e9;  // 31 years; past it the plain number says more

Error FaultAt(std::string_view text, std::size_t offset, std::string message) {
  return Error{ErrorCode::kParse, std::move(message), PositionAt(text, offset)};
}

std::string SecondsText(double seconds) {
  if (!std::isfinite(seconds) || std::abs(seconds) > kLongestDurationSeconds) return HumanNumber(seconds) + "s";
  const auto milliseconds = static_cast<DurationMs>(std::llround(std::abs(seconds) * 1000));
  if (seconds == 0) return "0s";
  // A cache answers in microseconds: "0ms" would say nothing.
  if (milliseconds == 0) return HumanNumber(seconds * 1e6) + "us";
  return (seconds < 0 ? "-" : "") + HumanDuration(milliseconds);
}

}  // namespace

Result<TextTemplate> TextTemplate::Parse(std::string_view text) {
  TextTemplate result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t brace = std::min(text.find_first_of("{}", at), text.size());
    result.AddText(text.substr(at, brace - at));
    if (brace == text.size()) break;
    if (text.substr(brace, 2) == "{{" || text.substr(brace, 2) == "}}") {
      result.AddText(text.substr(brace, 1));
      at = brace + 2;
      continue;
    }
    if (text[brace] == '}') return FaultAt(text, brace, "'}' without '{'; write }} for a brace");
    const std::size_t end = text.find_first_of("{}\n", brace + 1);
    if (end == std::string_view::npos || text[end] != '}') {
      return FaultAt(text, brace, "'{' is not closed; write {{ for a brace");
    }
    auto part = ParseField(text.substr(brace + 1, end - brace - 1));
    if (!part) return FaultAt(text, brace + 1, part.error().message);
    result.parts_.push_back(std::move(*part));
    at = end + 1;
  }
  return result;
}

TextTemplate TextTemplate::Literal(std::string_view text) {
  TextTemplate result;
  result.AddText(text);
  return result;
}

void TextTemplate::AddText(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().kind != Kind::kText) parts_.emplace_back();
  parts_.back().text += text;
}

Result<TextTemplate::Part> TextTemplate::ParseField(std::string_view field) {
  const std::size_t colon = std::min(field.find(':'), field.size());
  const std::string_view name = field.substr(0, colon);
  if (!IsLegacyLabelName(name)) {
    return Error{ErrorCode::kParse,
                 fmt::format("{} is not a field: write value, level, since or the name of a label", Quoted(name))};
  }
  Part part;
  part.kind = name == "value"   ? Kind::kValue
              : name == "level" ? Kind::kLevel
              : name == "since" ? Kind::kSince
                                : Kind::kLabel;
  if (part.kind == Kind::kLabel) part.text = name;
  if (colon == field.size()) return part;
  return ParseFormat(std::move(part), field.substr(colon + 1));
}

Result<TextTemplate::Part> TextTemplate::ParseFormat(Part part, std::string_view format) {
  if (part.kind == Kind::kSince && format == "duration") {
    part.format = Format::kDuration;
    return part;
  }
  if (part.kind != Kind::kValue) {
    return Error{ErrorCode::kParse, fmt::format("format {} does not fit here: only {{value}} takes formats, and "
                                                "{{since:duration}}",
                                                Quoted(format))};
  }
  if (format.size() == 3 && format[0] == '.' && format[1] >= '0' && format[1] <= '9' && format[2] == 'f') {
    part.format = Format::kFixed;
    part.decimals = format[1] - '0';
    return part;
  }
  static constexpr std::string_view kNames[] = {"percent", "duration", "bytes"};
  static constexpr Format kFormats[] = {Format::kPercent, Format::kDuration, Format::kBytes};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (format != kNames[i]) continue;
    part.format = kFormats[i];
    return part;
  }
  return Error{ErrorCode::kParse, fmt::format("unknown format {}{}: write .0f to .9f, percent, duration or bytes",
                                              Quoted(format), DidYouMean(format, kNames))};
}

void TextTemplate::AppendValue(std::string& out, const Part& part, const TextContext& context) {
  const bool plain = part.format == Format::kDefault;
  if (part.format == Format::kFixed) {
    out += std::isfinite(context.value) ? fmt::format("{:.{}f}", context.value, part.decimals)
                                        : FormatDouble(context.value);
  } else if (part.format == Format::kPercent || (plain && context.unit == "percent")) {
    out += HumanPercent(context.value);
  } else if (part.format == Format::kDuration || (plain && context.unit == "seconds")) {
    out += SecondsText(context.value);
  } else if (part.format == Format::kBytes || (plain && context.unit == "bytes")) {
    out += HumanBytes(context.value);
  } else {
    out += HumanNumber(context.value);
  }
}

std::string TextTemplate::Expand(const TextContext& context) const {
  std::string out;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kText:
        out += part.text;
        break;
      case Kind::kValue:
        AppendValue(out, part, context);
        break;
      case Kind::kLevel:
        out += context.level;
        break;
      case Kind::kSince:
        out += part.format == Format::kDuration ? HumanDuration(std::max<DurationMs>(context.now - context.since, 0))
                                                : FormatTimestamp(context.since);
        break;
      case Kind::kLabel:
        out += context.labels.Get(part.text);
        break;
    }
  }
  return out;
}

}  // namespace tickbird::rules
