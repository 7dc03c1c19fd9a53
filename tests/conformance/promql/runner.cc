#include "tests/conformance/promql/runner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>
#include <re2/re2.h>

#include "core/base/number.h"
#include "core/base/strings.h"
#include "rules/promql/ast.h"

namespace tickbird::promqltest {
namespace {

using promql::QueryResult;

bool SameValue(double expected, double got) {
  if (IsStaleMarker(expected) || IsStaleMarker(got)) return IsStaleMarker(expected) && IsStaleMarker(got);
  if (std::isnan(expected) && std::isnan(got)) return true;
  if (expected == got) return true;
  constexpr double kTolerance = 1e-6;
  const double sum = std::abs(expected) + std::abs(got);
  const double difference = std::abs(expected - got);
  if (expected == 0 || got == 0 || sum < std::numeric_limits<double>::min()) {
    return difference < kTolerance * std::numeric_limits<double>::min();
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

bool Matches(const TextExpectation& expectation, const std::string& text) {
  if (!expectation.message.empty()) return expectation.message == text;
  return expectation.regex.empty() || RE2::PartialMatch(text, expectation.regex);
}

std::string CheckAnnotations(std::string_view kind, const std::vector<TextExpectation>& expected, bool none_expected,
                             const std::vector<std::string>& got) {
  if (none_expected && !got.empty()) return fmt::format("expected no {}, got {}", kind, got.front());
  if (expected.empty()) return "";
  for (const TextExpectation& expectation : expected) {
    if (std::ranges::none_of(got, [&](const std::string& text) { return Matches(expectation, text); })) {
      return fmt::format("expected the {} {}{}, got {}", kind, expectation.message, expectation.regex,
                         got.empty() ? "none" : got.front());
    }
  }
  for (const std::string& text : got) {
    if (std::ranges::none_of(expected,
                             [&](const TextExpectation& expectation) { return Matches(expectation, text); })) {
      return fmt::format("unexpected {}: {}", kind, text);
    }
  }
  return "";
}

std::string CheckAnnotations(const EvalCommand& eval, const QueryResult& result) {
  const std::string warnings = CheckAnnotations("warn", eval.warnings, eval.no_warnings, result.warnings);
  return warnings.empty() ? CheckAnnotations("info", eval.infos, eval.no_infos, result.infos) : warnings;
}

/// Nothing when this is how the query should have failed.
std::string CheckError(const EvalCommand& eval, const Error& error) {
  if (!eval.fails) return "failed: " + error.message;
  if (Matches(*eval.fails, error.message)) return "";
  return fmt::format("expected the failure {}{}, got {}", eval.fails->message, eval.fails->regex, error.message);
}

std::string Text(const promql::Vector& vector) {
  std::string out;
  for (const auto& element : vector.elements)
    out += fmt::format("\n      {} {}", element.labels.ToString(), FormatDouble(element.value));
  return out.empty() ? " nothing" : out;
}

std::string CheckVector(const EvalCommand& eval, const promql::Vector& got) {
  for (std::size_t i = 0; i < eval.series.size(); ++i) {
    const SeriesLine& expected = eval.series[i];
    const auto found =
        std::ranges::find_if(got.elements, [&](const auto& element) { return element.labels == expected.labels; });
    if (found == got.elements.end()) return fmt::format("expected {}, got{}", expected.labels.ToString(), Text(got));
    const double value = expected.values.empty() ? 0 : expected.values.front().value_or(0);
    if (!SameValue(value, found->value)) {
      return fmt::format("expected {} {}, got {}", expected.labels.ToString(), FormatDouble(value),
                         FormatDouble(found->value));
    }
    if (eval.ordered && static_cast<std::size_t>(found - got.elements.begin()) != i) {
      return fmt::format("expected {} in place {}, got{}", expected.labels.ToString(), i + 1, Text(got));
    }
  }
  if (got.elements.size() != eval.series.size())
    return fmt::format("expected {} elements, got{}", eval.series.size(), Text(got));
  return "";
}

std::string CheckMatrix(const std::vector<SeriesLine>& series, const RangeSpec& range, const promql::Matrix& got) {
  std::size_t matched = 0;
  for (const SeriesLine& expected : series) {
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
      if (expected.values[i])
        samples.push_back({range.start + static_cast<TimestampMs>(i) * range.step, *expected.values[i]});
    }
    const auto found = std::ranges::find_if(got, [&](const auto& points) { return points.labels == expected.labels; });
    if (found == got.end()) {
      if (samples.empty()) continue;
      return fmt::format("expected {}, got {} other series", expected.labels.ToString(), got.size());
    }
    ++matched;
    if (found->samples.size() != samples.size()) {
      return fmt::format("expected {} with {} points, got {}", expected.labels.ToString(), samples.size(),
                         found->samples.size());
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const Sample& sample = found->samples[i];
      if (sample.timestamp == samples[i].timestamp && SameValue(samples[i].value, sample.value)) continue;
      return fmt::format("expected {} {} @{}, got {} @{}", expected.labels.ToString(), FormatDouble(samples[i].value),
                         samples[i].timestamp, FormatDouble(sample.value), sample.timestamp);
    }
  }
  if (matched == got.size()) return "";
  std::string names;
  for (const auto& points : got) names += " " + points.labels.ToString();
  return fmt::format("expected {} series, got {}:{}", matched, got.size(), names);
}

/// Every selector in the expression, to see what data it touches.
void CollectSelectors(const promql::Expr& expr, std::vector<const promql::VectorSelector*>& selectors) {
  if (const auto* selector = std::get_if<promql::VectorSelector>(&expr.node)) selectors.push_back(selector);
  if (const auto* matrix = std::get_if<promql::MatrixSelector>(&expr.node)) selectors.push_back(&matrix->selector);
  for (const promql::ExprPtr& child : promql::Children(expr)) CollectSelectors(*child, selectors);
}

bool TouchesAny(const promql::Expr& expr, const std::vector<Labels>& series) {
  std::vector<const promql::VectorSelector*> selectors;
  CollectSelectors(expr, selectors);
  return std::ranges::any_of(selectors, [&](const promql::VectorSelector* selector) {
    return std::ranges::any_of(series, [&](const Labels& labels) {
      return std::ranges::all_of(selector->matchers, [&](const Matcher& matcher) { return matcher.Matches(labels); });
    });
  });
}

/// The series of the custom-bucket histogram that Prometheus would make of a classic one; nothing for other series.
std::optional<Labels> HistogramOfBucket(const Labels& labels) {
  const std::string_view name = labels.MetricName();
  if (!name.ends_with("_bucket") || !labels.Has("le")) return std::nullopt;
  LabelsBuilder builder(labels);
  return builder.Set(kMetricNameLabel, name.substr(0, name.size() - std::string_view("_bucket").size()))
      .Remove("le")
      .Build();
}

}  // namespace

Runner::Runner(bool delayed_name_removal, Tally& tally) : tally_(tally) {
  options_.delayed_name_removal = delayed_name_removal;
}

Status Runner::RunScript(std::string_view file, std::string_view text) {
  file_ = file;
  TICKBIRD_ASSIGN_OR_RETURN(const std::vector<Command> commands, ParseScript(text));
  for (const Command& command : commands) {
    if (const auto* load = std::get_if<LoadCommand>(&command)) {
      Load(*load);
    } else if (const auto* eval = std::get_if<EvalCommand>(&command)) {
      TICKBIRD_RETURN_IF_ERROR(Eval(*eval));
    } else {
      data_.Clear();
      histograms_.clear();
      start_timestamps_.clear();
    }
  }
  return {};
}

void Runner::Load(const LoadCommand& load) {
  for (const SeriesLine& series : load.series) {
    if (series.has_histograms) histograms_.push_back(series.labels);
    if (series.has_start_timestamps) start_timestamps_.push_back(series.labels);
    if (load.with_custom_bucket_histograms) {
      if (const auto histogram = HistogramOfBucket(series.labels)) histograms_.push_back(*histogram);
    }
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (series.values[i]) data_.Add(series.labels, static_cast<TimestampMs>(i) * load.step, *series.values[i]);
    }
  }
}

Status Runner::Eval(const EvalCommand& eval) {
  const auto expr = promql::ParseExpr(eval.expr);
  if (!expr) {
    return Error{ErrorCode::kParse,
                 fmt::format("line {}: {}: {}", eval.line, eval.expr, expr.error().ToError().ToString())};
  }
  if (const std::string reason = WhySkipped(eval, **expr); !reason.empty()) {
    ++tally_.skipped;
    ++tally_.skipped_by_reason[reason];
    return {};
  }
  std::string problem = eval.is_range ? CheckRange(eval, **expr) : CheckInstant(eval, **expr);
  if (problem.empty() && !eval.is_range) problem = CheckInMiddleOfRange(eval, **expr);
  if (problem.empty()) {
    ++tally_.passed;
  } else {
    ++tally_.failed;
    tally_.failures.push_back(fmt::format("{}:{}: {}\n    {}", file_, eval.line, eval.expr, problem));
  }
  return {};
}

std::string Runner::WhySkipped(const EvalCommand& eval, const promql::Expr& expr) const {
  if (const auto unsupported = promql::CheckSupported(expr); !unsupported.empty()) return unsupported.front().message;
  const bool expects_histograms =
      std::ranges::any_of(eval.series, [](const SeriesLine& line) { return line.has_histograms; });
  if (expects_histograms || TouchesAny(expr, histograms_)) return "it touches native histograms";
  return TouchesAny(expr, start_timestamps_) ? "it touches start timestamps" : "";
}

std::string Runner::CheckInstant(const EvalCommand& eval, const promql::Expr& expr) const {
  const auto result = promql::EvalInstant(expr, data_, eval.range.start, options_);
  if (!result) return CheckError(eval, result.error());
  if (eval.fails) return "expected a failure";
  if (const std::string problem = CheckAnnotations(eval, *result); !problem.empty()) return problem;
  if (eval.string) {
    const auto* got = std::get_if<std::string>(&result->value);
    return got && *got == *eval.string ? "" : fmt::format("expected the string {}", Quoted(*eval.string));
  }
  if (eval.scalar) {
    const auto* got = std::get_if<promql::Scalar>(&result->value);
    if (!got) return "expected a scalar";
    return SameValue(*eval.scalar, got->value) ? "" : fmt::format("expected {}, got {}", *eval.scalar, got->value);
  }
  if (const auto* matrix = std::get_if<promql::Matrix>(&result->value)) {
    return CheckMatrix(eval.series, eval.range_vector.value_or(RangeSpec()), *matrix);
  }
  const auto* vector = std::get_if<promql::Vector>(&result->value);
  return vector ? CheckVector(eval, *vector) : "expected a vector";
}

std::string Runner::CheckRange(const EvalCommand& eval, const promql::Expr& expr) const {
  const auto result = promql::EvalRange(expr, data_, eval.range.start, eval.range.end, eval.range.step, options_);
  if (!result) return CheckError(eval, result.error());
  if (eval.fails) return "expected a failure";
  if (const std::string problem = CheckAnnotations(eval, *result); !problem.empty()) return problem;
  return CheckMatrix(eval.series, eval.range, std::get<promql::Matrix>(result->value));
}

std::string Runner::CheckInMiddleOfRange(const EvalCommand& eval, const promql::Expr& expr) const {
  const auto calls = [&](std::string_view call) { return eval.expr.find(call) != std::string::npos; };
  if (eval.ordered || eval.fails || eval.string || eval.range_vector || expr.type == promql::ValueType::kMatrix ||
      calls("start()") || calls("end()") || calls("range()") || calls("step()")) {
    return "";
  }
  const TimestampMs at = eval.range.start;
  const auto result = promql::EvalRange(expr, data_, at - kMinuteMs, at + kMinuteMs, kMinuteMs, options_);
  if (!result) return "as a range query: " + CheckError(eval, result.error());
  promql::Vector middle;
  for (const auto& points : std::get<promql::Matrix>(result->value)) {
    for (const Sample& sample : points.samples) {
      if (sample.timestamp == at) middle.elements.push_back({points.labels, sample.value});
    }
  }
  EvalCommand expected = eval;
  if (eval.scalar) expected.series = {SeriesLine{{}, {*eval.scalar}}};
  const std::string problem = CheckVector(expected, middle);
  return problem.empty() ? "" : "as the middle of a range query: " + problem;
}

}  // namespace tickbird::promqltest
