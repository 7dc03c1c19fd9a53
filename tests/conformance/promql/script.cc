#include "tests/conformance/promql/script.h"

#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/strings.h"
#include "core/model/sample.h"
#include "rules/promql/lexer.h"

namespace tickbird::promqltest {
namespace {

using promql::Token;
using promql::TokenKind;

/// The next word of `rest`, which is moved behind it.
std::string_view TakeWord(std::string_view& rest) {
  rest = Trim(rest);
  const auto end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest = Trim(rest.substr(end));
  return word;
}

bool TakePrefix(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

Error Wrong(std::string_view what, std::string_view text) {
  return {ErrorCode::kParse, fmt::format("{}: {}", what, Quoted(text))};
}

/// A number at the front of `rest`: sign, digits with exponent, or Inf and NaN.
std::optional<double> TakeNumber(std::string_view& rest) {
  std::size_t end = rest.starts_with('+') || rest.starts_with('-') ? 1 : 0;
  const std::string_view letters = rest.substr(end, 3);
  if (EqualsIgnoreCase(letters, "inf") || EqualsIgnoreCase(letters, "nan")) {
    end += 3;
  } else {
    while (end < rest.size()) {
      const char c = rest[end];
      const bool exponent_sign = (c == '+' || c == '-') && end > 0 && (rest[end - 1] == 'e' || rest[end - 1] == 'E');
      if (!(c >= '0' && c <= '9') && c != '.' && c != 'e' && c != 'E' && !exponent_sign) break;
      ++end;
    }
  }
  const auto value = ParseDouble(rest.substr(0, end));
  if (!value) return std::nullopt;
  rest.remove_prefix(end);
  return *value;
}

std::optional<std::size_t> TakeTimes(std::string_view& rest) {
  if (!TakePrefix(rest, "x")) return std::nullopt;
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  if (error != std::errc()) return std::nullopt;
  rest = rest.substr(static_cast<std::size_t>(end - rest.data()));
  return count;
}

/// One item of a series line: `_`, `_x3`, `stale`, `1`, `1x3`, `1+2x3`.
Status AppendItem(std::string_view item, std::vector<std::optional<double>>& values) {
  std::string_view rest = item;
  if (rest == "stale") {
    values.emplace_back(StaleMarker());
    return {};
  }
  if (TakePrefix(rest, "_")) {
    values.insert(values.end(), TakeTimes(rest).value_or(1), std::nullopt);
    return rest.empty() ? Status() : Wrong("bad item", item);
  }
  auto value = TakeNumber(rest);
  if (!value) return Wrong("bad item", item);
  double step = 0;
  if (rest.starts_with('+') || rest.starts_with('-')) {
    const auto number = TakeNumber(rest);
    if (!number || !rest.starts_with('x')) return Wrong("bad item", item);
    step = *number;
  }
  const bool repeats = rest.starts_with('x');
  const std::size_t times = repeats ? TakeTimes(rest).value_or(0) : 0;
  if (!rest.empty()) return Wrong("bad item", item);
  for (std::size_t i = 0; i <= times; ++i) {
    values.emplace_back(*value);
    *value += step;
  }
  return {};
}

/// `name{label="value", ...}` at the front of `rest`.
Result<Labels> TakeLabels(std::string_view& rest) {
  const std::vector<Token> tokens = promql::Tokenize(rest);
  LabelsBuilder builder;
  std::size_t at = 0;
  std::size_t end = 0;
  const auto take = [&] {
    end = tokens[at].offset + tokens[at].text.size();
    return tokens[at++];
  };
  if (tokens[0].kind == TokenKind::kIdentifier) builder.Set(kMetricNameLabel, take().text);
  const bool is_histogram = rest.substr(tokens[at].offset).starts_with("{{");
  if (tokens[at].kind == TokenKind::kLeftBrace && !is_histogram) {
    take();
    while (tokens[at].kind == TokenKind::kIdentifier || tokens[at].kind == TokenKind::kString) {
      const Token name = take();
      std::string label(name.text);
      if (name.kind == TokenKind::kString) {
        TICKBIRD_ASSIGN_OR_RETURN(label, promql::ParseStringLiteral(name.text));
      }
      if (tokens[at].kind == TokenKind::kAssign) {
        take();
        if (tokens[at].kind != TokenKind::kString) return Wrong("bad label value in", rest);
        TICKBIRD_ASSIGN_OR_RETURN(const std::string value, promql::ParseStringLiteral(take().text));
        builder.Set(label, value);
      } else {
        builder.Set(kMetricNameLabel, label);
      }
      if (tokens[at].kind == TokenKind::kComma) take();
    }
    if (tokens[at].kind != TokenKind::kRightBrace) return Wrong("bad labels in", rest);
    take();
  }
  if (end == 0) return Wrong("expected a series", rest);
  rest = Trim(rest.substr(end));
  return builder.Build();
}

Result<SeriesLine> ParseSeriesLine(std::string_view line) {
  SeriesLine series;
  TICKBIRD_ASSIGN_OR_RETURN(series.labels, TakeLabels(line));
  series.has_histograms = line.find("{{") != std::string_view::npos;
  if (series.has_histograms) return series;
  while (!line.empty()) TICKBIRD_RETURN_IF_ERROR(AppendItem(TakeWord(line), series.values));
  return series;
}

Result<DurationMs> TakeDuration(std::string_view& rest) {
  const std::string_view word = TakeWord(rest);
  const auto duration = ParseDuration(word);
  if (!duration) return Wrong("bad duration", word);
  return *duration;
}

Status Expect(std::string_view word, std::string_view& rest) {
  const std::string_view found = TakeWord(rest);
  if (found == word) return {};
  return Wrong(fmt::format("expected {}, found", word), found);
}

Result<RangeSpec> TakeRange(std::string_view& rest) {
  RangeSpec range;
  TICKBIRD_RETURN_IF_ERROR(Expect("from", rest));
  TICKBIRD_ASSIGN_OR_RETURN(range.start, TakeDuration(rest));
  TICKBIRD_RETURN_IF_ERROR(Expect("to", rest));
  TICKBIRD_ASSIGN_OR_RETURN(range.end, TakeDuration(rest));
  TICKBIRD_RETURN_IF_ERROR(Expect("step", rest));
  TICKBIRD_ASSIGN_OR_RETURN(range.step, TakeDuration(rest));
  return range;
}

TextExpectation ParseTextExpectation(std::string_view rest) {
  rest = Trim(rest);
  if (TakePrefix(rest, "msg:")) return {std::string(Trim(rest)), ""};
  if (TakePrefix(rest, "regex:")) return {"", std::string(Trim(rest))};
  return {};
}

Status ParseExpectation(std::string_view rest, EvalCommand& eval) {
  const std::string_view kind = TakeWord(rest);
  if (kind == "fail") {
    eval.fails = ParseTextExpectation(rest);
  } else if (kind == "warn") {
    eval.warnings.push_back(ParseTextExpectation(rest));
  } else if (kind == "info") {
    eval.infos.push_back(ParseTextExpectation(rest));
  } else if (kind == "no_warn") {
    eval.no_warnings = true;
  } else if (kind == "no_info") {
    eval.no_infos = true;
  } else if (kind == "ordered") {
    eval.ordered = true;
  } else if (kind == "range") {
    TICKBIRD_RETURN_IF_ERROR(Expect("vector", rest));
    TICKBIRD_ASSIGN_OR_RETURN(eval.range_vector, TakeRange(rest));
  } else if (kind == "string") {
    TICKBIRD_ASSIGN_OR_RETURN(eval.string, promql::ParseStringLiteral(rest));
  } else {
    return Wrong("unknown expectation", kind);
  }
  return {};
}

/// The lines of a block: from `at` to the next empty one.
class Lines {
 public:
  explicit Lines(std::string_view text) : lines_(Split(text, '\n')) {}

  bool AtEnd() const { return at_ >= lines_.size(); }
  int number() const { return static_cast<int>(at_); }  // of the line taken last, from 1
  std::string_view Take() {
    const std::string_view line = Trim(lines_[at_++]);
    return line.starts_with('#') ? std::string_view() : line;
  }
  std::optional<std::string_view> TakeInBlock() {
    if (AtEnd()) return std::nullopt;
    const std::string_view line = Take();
    return line.empty() ? std::nullopt : std::optional(line);
  }

 private:
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

Result<LoadCommand> ParseLoad(std::string_view command, std::string_view rest, Lines& lines) {
  LoadCommand load;
  load.with_custom_bucket_histograms = command == "load_with_nhcb";
  TICKBIRD_ASSIGN_OR_RETURN(load.step, TakeDuration(rest));
  bool start_timestamps = false;
  while (const auto line = lines.TakeInBlock()) {
    std::string_view words = *line;
    if (const auto first_blank = line->find_first_of(" \t"); line->substr(0, first_blank).ends_with("@st")) {
      start_timestamps = true;
      continue;
    }
    TICKBIRD_ASSIGN_OR_RETURN(SeriesLine series, ParseSeriesLine(words));
    series.has_start_timestamps = std::exchange(start_timestamps, false);
    load.series.push_back(std::move(series));
  }
  return load;
}

Status ParseEvalHead(std::string_view command, std::string_view rest, EvalCommand& eval) {
  if (command == "eval_fail") eval.fails = TextExpectation();
  if (command == "eval_warn") eval.warnings.emplace_back();
  if (command == "eval_info") eval.infos.emplace_back();
  if (command == "eval_ordered") eval.ordered = true;
  const std::string_view kind = TakeWord(rest);
  if (kind == "instant") {
    TICKBIRD_RETURN_IF_ERROR(Expect("at", rest));
    TICKBIRD_ASSIGN_OR_RETURN(eval.range.start, TakeDuration(rest));
    eval.range.end = eval.range.start;
  } else if (kind == "range") {
    eval.is_range = true;
    TICKBIRD_ASSIGN_OR_RETURN(eval.range, TakeRange(rest));
  } else {
    return Wrong("expected instant or range, found", kind);
  }
  eval.expr = rest;
  return {};
}

Result<EvalCommand> ParseEval(std::string_view command, std::string_view rest, Lines& lines) {
  EvalCommand eval;
  eval.line = lines.number();
  TICKBIRD_RETURN_IF_ERROR(ParseEvalHead(command, rest, eval));
  while (const auto line = lines.TakeInBlock()) {
    std::string_view words = *line;
    if (TakePrefix(words, "expect ")) {
      TICKBIRD_RETURN_IF_ERROR(ParseExpectation(words, eval));
    } else if (TakePrefix(words, "expected_fail_message ")) {
      eval.fails = TextExpectation{std::string(Trim(words)), ""};
    } else if (TakePrefix(words, "expected_fail_regexp ")) {
      eval.fails = TextExpectation{"", std::string(Trim(words))};
    } else if (const auto number = ParseDouble(*line)) {
      eval.scalar = *number;
      break;
    } else {
      TICKBIRD_ASSIGN_OR_RETURN(SeriesLine series, ParseSeriesLine(*line));
      eval.series.push_back(std::move(series));
    }
  }
  return eval;
}

Result<std::optional<Command>> ParseCommand(Lines& lines) {
  std::string_view rest = lines.Take();
  if (rest.empty()) return std::optional<Command>();
  const std::string command = AsciiLower(TakeWord(rest));
  if (command == "clear") return std::optional<Command>(ClearCommand());
  if (command.starts_with("load")) {
    TICKBIRD_ASSIGN_OR_RETURN(LoadCommand load, ParseLoad(command, rest, lines));
    return std::optional<Command>(std::move(load));
  }
  if (!command.starts_with("eval")) return Wrong("unknown command", command);
  TICKBIRD_ASSIGN_OR_RETURN(EvalCommand eval, ParseEval(command, rest, lines));
  return std::optional<Command>(std::move(eval));
}

}  // namespace

Result<std::vector<Command>> ParseScript(std::string_view text) {
  Lines lines(text);
  std::vector<Command> commands;
  while (!lines.AtEnd()) {
    auto command = ParseCommand(lines);
    if (!command) return Error{ErrorCode::kParse, command.error().message, Position{lines.number(), 0}};
    if (*command) commands.push_back(std::move(**command));
  }
  return commands;
}

}  // namespace tickbird::promqltest
