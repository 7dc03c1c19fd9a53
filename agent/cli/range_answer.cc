#include "agent/cli/range_answer.h"

#include <cmath>
#include <string>

#include <fmt/core.h>
#include <boost/json.hpp>

#include "core/base/number.h"

namespace tickbird::cli {
namespace {

namespace json = boost::json;

Error NoAnswer(std::string_view why) {
  return {ErrorCode::kCorruption, fmt::format("the server's answer is none of Prometheus' HTTP API: {}", why)};
}

Result<Sample> ParsePoint(const json::value& value) {
  const json::array* const point = value.if_array();
  if (!point || point->size() != 2 || !point->at(0).is_number() || !point->at(1).is_string())
    return NoAnswer("a point is no pair of time and value");
  TICKBIRD_ASSIGN_OR_RETURN(const double number, ParseDouble(std::string_view(point->at(1).get_string())));
  const double seconds = point->at(0).to_number<double>();
  constexpr double kMaxSeconds = 9e15;
  if (!(std::abs(seconds) < kMaxSeconds)) return NoAnswer("a time is out of range");
  return Sample{static_cast<TimestampMs>(std::llround(seconds * 1000)), number};
}

Result<Labels> ParseLabels(const json::value* metric) {
  const json::object* const object = metric ? metric->if_object() : nullptr;
  if (!object) return NoAnswer("a series without labels");
  LabelsBuilder builder;
  for (const auto& member : *object) {
    if (!member.value().is_string()) return NoAnswer("a label is no text");
    builder.Set(std::string_view(member.key()), std::string_view(member.value().get_string()));
  }
  return builder.Build();
}

Result<AnsweredSeries> ParseSeries(const json::value& value, std::int64_t* histograms) {
  const json::object* const object = value.if_object();
  if (!object) return NoAnswer("a series is no object");
  AnsweredSeries series;
  TICKBIRD_ASSIGN_OR_RETURN(series.labels, ParseLabels(object->if_contains("metric")));
  if (const json::value* const more = object->if_contains("histograms"); more && more->is_array())
    *histograms += static_cast<std::int64_t>(more->get_array().size());
  const json::value* const values = object->if_contains("values");
  if (!values) return series;
  if (!values->is_array()) return NoAnswer("values are no list");
  for (const json::value& point : values->get_array()) {
    TICKBIRD_ASSIGN_OR_RETURN(const Sample sample, ParsePoint(point));
    series.samples.push_back(sample);
  }
  return series;
}

}  // namespace

Result<RangeAnswer> ParseRangeAnswer(std::string_view body) {
  boost::system::error_code code;
  const json::value document = json::parse(body, code);
  if (code || !document.is_object()) return NoAnswer("it is no JSON object");
  const json::object& top = document.get_object();
  if (const json::value* const error = top.if_contains("error"); error && error->is_string())
    return Error{ErrorCode::kUnavailable, std::string(error->get_string())};
  const json::value* const data = top.if_contains("data");
  const json::value* const result = data && data->is_object() ? data->get_object().if_contains("result") : nullptr;
  if (!result || !result->is_array()) return NoAnswer("it has no result");
  RangeAnswer answer;
  for (const json::value& one : result->get_array()) {
    TICKBIRD_ASSIGN_OR_RETURN(AnsweredSeries series, ParseSeries(one, &answer.histograms));
    answer.series.push_back(std::move(series));
  }
  return answer;
}

}  // namespace tickbird::cli
