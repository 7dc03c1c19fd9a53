#include "core/exposition/parser.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "core/exposition/number_reader.h"

namespace tickbird::exposition {
namespace {

enum CharacterClass : std::uint8_t {
  kLabelStart = 1,
  kLabelPart = 2,
  kMetricStart = 4,
  kMetricPart = 8,
  kEndsQuotedRun = 16,
  kEndsToken = 32,
};

constexpr std::array<std::uint8_t, 256> MakeClasses() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    int flags = 0;
    if (letter) flags |= kLabelStart | kMetricStart;
    if (letter || digit) flags |= kLabelPart | kMetricPart;
    if (c == ':') flags |= kMetricStart | kMetricPart;
    if (c == '"' || c == '\\' || c == '\n') flags |= kEndsQuotedRun;
    if (c == ' ' || c == '\t' || c == '\n') flags |= kEndsToken;
    classes[static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(flags);
  }
  return classes;
}

constexpr std::array<std::uint8_t, 256> kClasses = MakeClasses();

bool Is(char c, CharacterClass wanted) {
  return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// "'x'", "the end of the line": what stands at a place, for messages.
std::string Found(const char* at) {
  if (*at == '\n') return "the end of the line";
  if (*at == '\r') return "a carriage return (lines end with a newline only)";
  return Quoted(std::string_view(at, 1));
}

/// Takes `word` off the front of the line; nullptr when it is something else.
const char* AfterWord(const char* at, const char* line_end, std::string_view word) {
  if (static_cast<std::size_t>(line_end - at) < word.size()) return nullptr;
  return std::memcmp(at, word.data(), word.size()) == 0 ? at + word.size() : nullptr;
}

}  // namespace

Parser::Parser(std::string_view page, Format format)
    : format_(format), line_start_(page.data()), next_line_(page.data()), page_end_(page.data() + page.size()) {}

Entry Parser::Next() {
  if (last_ == Entry::kEnd || last_ == Entry::kError) return last_;
  last_ = format_ == Format::kText ? NextText() : NextOpenMetrics();
  return last_;
}

Position Parser::PositionOf(std::string_view part) const {
  const bool inside = part.data() >= line_start_ && part.data() <= line_end_;
  return {.line = line_, .column = inside ? static_cast<int>(part.data() - line_start_) + 1 : 1};
}

// Moves to the next line and makes sure that it ends with a '\n', which lets every loop below run without looking for
// the end of the page.
bool Parser::StartLine() {
  if (next_line_ == page_end_) return false;
  ++line_;
  line_start_ = next_line_;
  const auto left = static_cast<std::size_t>(page_end_ - next_line_);
  line_end_ = static_cast<const char*>(std::memchr(line_start_, '\n', left));
  if (line_end_) {
    next_line_ = line_end_ + 1;
    return true;
  }
  last_line_.assign(line_start_, left);
  last_line_ += '\n';
  line_start_ = last_line_.data();
  line_end_ = line_start_ + left;
  next_line_ = page_end_;
  return true;
}

const char* Parser::Fail(const char* at, std::string message) {
  error_ = Error{ErrorCode::kParse, std::move(message), Position{line_, static_cast<int>(at - line_start_) + 1}};
  return nullptr;
}

Entry Parser::NextText() {
  while (StartLine()) {
    const char* const at = Blanks(line_start_);
    if (at == line_end_) continue;
    if (*at != '#') return ReadSample(at);
    const Entry entry = TextComment(at);
    if (entry != Entry::kEnd) return entry;
  }
  return Entry::kEnd;
}

// kEnd: a comment without meaning.
Entry Parser::TextComment(const char* at) {
  const char* const word = Blanks(at + 1);
  if (word == at + 1) return Entry::kEnd;
  for (const auto& [name, kind] : {std::pair{std::string_view("HELP"), Entry::kHelp}, {"TYPE", Entry::kType}}) {
    const char* const after = AfterWord(word, line_end_, name);
    if (after && Is(*after, kEndsToken)) return ReadMetadata(kind, after);
  }
  return Entry::kEnd;
}

Entry Parser::NextOpenMetrics() {
  if (saw_eof_) {
    if (next_line_ == page_end_) return Entry::kEnd;
    ++line_;
    line_start_ = next_line_;
    Fail(line_start_, "text after \"# EOF\"; it must be the last line");
    return Failed();
  }
  if (!StartLine()) {
    ++line_;
    line_start_ = page_end_;
    Fail(page_end_, "the page ends without \"# EOF\": it may be cut off");
    return Failed();
  }
  if (line_start_ == line_end_) {
    Fail(line_start_, "blank line; OpenMetrics allows none");
    return Failed();
  }
  if (*line_start_ != '#') return ReadSample(line_start_);
  const Entry entry = OpenMetricsComment(line_start_);
  return entry == Entry::kEnd ? NextOpenMetrics() : entry;
}

// kEnd: "# EOF".
Entry Parser::OpenMetricsComment(const char* at) {
  if (Between(at, line_end_) == "# EOF") {
    saw_eof_ = true;
    return Entry::kEnd;
  }
  using Kind = std::pair<std::string_view, Entry>;
  for (const auto& [start, kind] :
       {Kind{"# HELP", Entry::kHelp}, Kind{"# TYPE", Entry::kType}, Kind{"# UNIT", Entry::kUnit}}) {
    const char* const after = AfterWord(at, line_end_, start);
    if (after && Is(*after, kEndsToken)) return ReadMetadata(kind, after);
  }
  Fail(at, "only \"# HELP\", \"# TYPE\", \"# UNIT\" and \"# EOF\" may start with '#' in OpenMetrics");
  return Failed();
}

Entry Parser::ReadMetadata(Entry kind, const char* at) {
  at = Separator(at, "the name of the family");
  if (at) at = ReadFamilyName(at);
  if (!at) return Failed();
  if (!Is(*at, kEndsToken)) {
    Fail(at, fmt::format("{} is not allowed in the name of a family", Found(at)));
    return Failed();
  }
  return kind == Entry::kType ? ReadType(at) : ReadFreeText(kind, at);
}

const char* Parser::ReadFamilyName(const char* at) {
  if (*at == '"') {
    bool escaped = false;
    at = ReadQuoted(at, metadata_.family, escaped);
    if (!at) return nullptr;
    if (metadata_.family.empty()) return Fail(at - 1, "the name of a family may not be empty");
    if (escaped) {
      family_buffer_.clear();
      AppendUnescaped(family_buffer_, metadata_.family);
      metadata_.family = family_buffer_;
    }
    return at;
  }
  if (!Is(*at, kMetricStart)) return Fail(at, fmt::format("expected the name of a family, found {}", Found(at)));
  const char* const start = at;
  while (Is(*at, kMetricPart)) ++at;
  metadata_.family = Between(start, at);
  return at;
}

Entry Parser::ReadType(const char* at) {
  at = Separator(at, "a type");
  if (!at) return Failed();
  const char* const start = at;
  while (!Is(*at, kEndsToken)) ++at;
  bool known = false;
  const std::string_view word = Between(start, at);
  metadata_.type = ParseMetricType(word, &known);
  constexpr std::array<std::string_view, 5> kTextTypes = {"counter", "gauge", "histogram", "summary", "untyped"};
  if (format_ == Format::kText) {
    known = std::find(kTextTypes.begin(), kTextTypes.end(), word) != kTextTypes.end();
    at = Blanks(at);
  } else if (word == "untyped") {
    known = false;
  }
  if (!known) {
    Fail(start, fmt::format("{} is not a type; write {}", Quoted(word.substr(0, 64)),
                            format_ == Format::kText
                                ? "counter, gauge, histogram, summary or untyped"
                                : "counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown"));
    return Failed();
  }
  if (at != line_end_) {
    Fail(at, fmt::format("expected the end of the line after the type, found {}", Found(at)));
    return Failed();
  }
  return Entry::kType;
}

Entry Parser::ReadFreeText(Entry kind, const char* at) {
  if (format_ == Format::kText) {
    at = Blanks(at);
  } else {
    at = Separator(at, kind == Entry::kHelp ? "the help text (which may be empty)" : "the unit (which may be empty)");
    if (!at) return Failed();
  }
  metadata_.text = Between(at, line_end_);
  if (!IsValidUtf8(metadata_.text)) {
    Fail(at, "the text is not valid UTF-8");
    return Failed();
  }
  if (kind == Entry::kHelp && metadata_.text.find('\\') != std::string_view::npos) {
    text_buffer_.clear();
    AppendUnescaped(text_buffer_, metadata_.text);
    metadata_.text = text_buffer_;
  }
  return kind;
}

Entry Parser::ReadSample(const char* at) {
  const char* const start = at;
  sample_.labels.clear();
  sample_.name = {};
  sample_.name_escaped = false;
  sample_.has_exemplar = false;
  if (Is(*at, kMetricStart)) {
    do ++at;
    while (Is(*at, kMetricPart));
    sample_.name = Between(start, at);
  } else if (*at != '{') {
    Fail(at,
         fmt::format("expected a metric name, found {}; names start with a letter, '_' or ':', and others are written "
                     "{{\"name\"}}",
                     Found(at)));
    return Failed();
  }
  const char* series_end = at;
  const char* const brace = format_ == Format::kText ? Blanks(at) : at;
  if (*brace == '{') {
    at = ReadLabels(brace, sample_.labels, sample_.name.empty());
    if (!at) return Failed();
    series_end = at;
    if (sample_.name.empty()) {
      Fail(brace,
           "a series without a metric name; the quoted name comes first in the braces: {\"name\",label=\"value\"}");
      return Failed();
    }
  }
  sample_.series = Between(start, series_end);

  // Text 0.0.4 needs no blank after the brace.
  const bool may_touch = format_ == Format::kText && at[-1] == '}';
  at = may_touch ? Blanks(at) : Separator(at, "the value");
  if (at) at = ReadValue(at, sample_.value);
  if (!at) return Failed();

  sample_.timestamp.reset();
  const char* next = Blanks(at);
  if (next != at && *next != '\n' && *next != '#') {
    at = Separator(at, "the timestamp");
    TimestampMs timestamp = 0;
    if (at) at = ReadTimestamp(at, timestamp, sample_.timestamp_text);
    if (!at) return Failed();
    sample_.timestamp = timestamp;
    next = Blanks(at);
  }
  if (*next == '#' && format_ == Format::kOpenMetrics) {
    at = ReadExemplar(at);
    if (!at) return Failed();
  } else if (format_ == Format::kText) {
    at = next;
  }
  if (at != line_end_) {
    Fail(at, fmt::format("expected the end of the line, found {}{}", Found(at),
                         *at == '#' ? "; exemplars exist in OpenMetrics only" : ""));
    return Failed();
  }
  return Entry::kSample;
}

const char* Parser::ReadLabels(const char* at, std::vector<RawLabel>& labels, bool metric_name_allowed) {
  at = Blanks(at + 1);
  if (format_ == Format::kOpenMetrics && at[-1] != '{') return Fail(at - 1, "blank inside the braces");
  while (*at != '}') {
    at = ReadOneLabel(at, labels, metric_name_allowed);
    if (!at) return nullptr;
    metric_name_allowed = false;
    if (format_ == Format::kText) at = Blanks(at);
    if (*at == '}') break;
    if (*at != ',') return Fail(at, fmt::format("expected ',' or '}}' after a label, found {}", Found(at)));
    ++at;
    if (format_ == Format::kText) {
      at = Blanks(at);
    } else if (*at == '}') {
      return Fail(at - 1, "a comma after the last label");
    }
  }
  return at + 1;
}

const char* Parser::ReadOneLabel(const char* at, std::vector<RawLabel>& labels, bool metric_name_allowed) {
  RawLabel& label = labels.emplace_back();
  const char* const start = at;
  const bool quoted = *at == '"';
  if (quoted) {
    at = ReadQuoted(at, label.name, label.name_escaped);
    if (!at) return nullptr;
    if (label.name.empty()) return Fail(start, "a name may not be empty");
  } else if (Is(*at, kLabelStart)) {
    do ++at;
    while (Is(*at, kLabelPart));
    label.name = Between(start, at);
  } else {
    return Fail(
        at, fmt::format("expected a label name, found {}; labels start with a letter or '_', others stand in quotes",
                        Found(at)));
  }
  if (format_ == Format::kText) at = Blanks(at);
  if (quoted && metric_name_allowed && (*at == ',' || *at == '}')) {
    sample_.name = label.name;
    sample_.name_escaped = label.name_escaped;
    labels.pop_back();
    return at;
  }
  if (*at != '=') return Fail(at, fmt::format("expected '=' after the label name, found {}", Found(at)));
  ++at;
  if (format_ == Format::kText) at = Blanks(at);
  if (*at != '"') return Fail(at, fmt::format("expected a label value in double quotes, found {}", Found(at)));
  return ReadQuoted(at, label.value, label.value_escaped);
}

const char* Parser::ReadQuoted(const char* at, std::string_view& text, bool& escaped) {
  const char* const quote = at++;
  unsigned char bits = 0;
  for (;; ++at) {
    while (!Is(*at, kEndsQuotedRun)) bits |= static_cast<unsigned char>(*at++);
    if (*at == '"') break;
    if (*at == '\n') return Fail(quote, "the closing quote is missing (a newline inside is written \\n)");
    escaped = true;
    if (at[1] != '\n') ++at;
    bits |= static_cast<unsigned char>(*at);
  }
  text = Between(quote + 1, at);
  if ((bits & 0x80) != 0 && !IsValidUtf8(text)) return Fail(quote, "the text in quotes is not valid UTF-8");
  return at + 1;
}

const char* Parser::ReadValue(const char* at, double& value) {
  const char* const start = at;
  while (!Is(*at, kEndsToken)) ++at;
  if (at == start) return Fail(at, fmt::format("expected a value, found {}", Found(at)));
  if (!ReadNumber(Between(start, at), value)) {
    return Fail(start, fmt::format("{} is not a number; values are decimal, NaN, +Inf or -Inf",
                                   Quoted(Between(start, at).substr(0, 64))));
  }
  return at;
}

const char* Parser::ReadTimestamp(const char* at, TimestampMs& timestamp, std::string_view& text) {
  const char* const start = at;
  while (!Is(*at, kEndsToken)) ++at;
  text = Between(start, at);
  const bool ok = format_ == Format::kText ? ReadTimestampMs(text, timestamp) : ReadTimestampSeconds(text, timestamp);
  if (ok) return at;
  return Fail(start, fmt::format("{} is not a timestamp; write {}", Quoted(text.substr(0, 64)),
                                 format_ == Format::kText ? "whole milliseconds since 1970" : "seconds since 1970"));
}

const char* Parser::ReadExemplar(const char* at) {
  const char* const sign = AfterWord(at, line_end_, " # ");
  if (!sign) return Fail(at, "an exemplar is written \" # {labels} value\", with single blanks");
  if (*sign != '{')
    return Fail(sign, fmt::format("expected the labels of the exemplar in braces, found {}", Found(sign)));
  RawExemplar& exemplar = sample_.exemplar;
  exemplar.labels.clear();
  exemplar.timestamp.reset();
  at = ReadLabels(sign, exemplar.labels, false);
  if (at) at = Separator(at, "the value of the exemplar");
  if (at) at = ReadValue(at, exemplar.value);
  if (!at) return nullptr;
  sample_.has_exemplar = true;
  if (*at == '\n') return at;
  at = Separator(at, "the timestamp of the exemplar");
  if (!at) return nullptr;
  TimestampMs timestamp = 0;
  std::string_view text;
  at = ReadTimestamp(at, timestamp, text);
  exemplar.timestamp = timestamp;
  return at;
}

const char* Parser::Blanks(const char* at) const {
  while (*at == ' ' || *at == '\t') ++at;
  return at;
}

// What stands between two parts of a line: any blanks in text 0.0.4, one space in OpenMetrics.
const char* Parser::Separator(const char* at, std::string_view before_what) {
  if (*at != ' ' && (*at != '\t' || format_ == Format::kOpenMetrics)) {
    return Fail(at, fmt::format("expected a blank and {}, found {}", before_what, Found(at)));
  }
  if (format_ == Format::kText) return Blanks(at);
  if (at[1] == ' ' || at[1] == '\t') return Fail(at + 1, fmt::format("more than one blank before {}", before_what));
  return at + 1;
}

}  // namespace tickbird::exposition
