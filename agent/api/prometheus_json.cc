#include "agent/api/prometheus_json.h"

#include <cmath>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::api {
namespace {

void WritePoint(JsonWriter& json, TimestampMs timestamp, double value) {
  std::string point = "[";
  AppendApiTimestamp(point, timestamp);
  point += ",\"";
  AppendDouble(point, value);
  point += "\"]";
  json.Raw(point);
}

void WriteVector(JsonWriter& json, const promql::Vector& vector) {
  json.Key("resultType").String("vector").Key("result").BeginArray();
  for (const promql::VectorElement& element : vector.elements) {
    json.BeginObject().Key("metric");
    WriteLabels(json, element.labels);
    json.Key("value");
    WritePoint(json, vector.timestamp, element.value);
    json.EndObject();
  }
  json.EndArray();
}

void WriteMatrix(JsonWriter& json, const promql::Matrix& matrix) {
  json.Key("resultType").String("matrix").Key("result").BeginArray();
  for (const promql::SeriesPoints& series : matrix) {
    json.BeginObject().Key("metric");
    WriteLabels(json, series.labels);
    json.Key("values").BeginArray();
    for (const Sample& sample : series.samples) WritePoint(json, sample.timestamp, sample.value);
    json.EndArray().EndObject();
  }
  json.EndArray();
}

struct ResultWriter {
  JsonWriter& json;
  void operator()(const promql::Scalar& scalar) const {
    json.Key("resultType").String("scalar").Key("result");
    WritePoint(json, scalar.timestamp, scalar.value);
  }
  void operator()(const promql::Vector& vector) const { WriteVector(json, vector); }
  void operator()(const promql::Matrix& matrix) const { WriteMatrix(json, matrix); }
  void operator()(const std::string& text) const {
    json.Key("resultType").String("string").Key("result").BeginArray().Int(0).String(text).EndArray();
  }
};

void WriteNotes(JsonWriter& json, std::string_view key, const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  json.Key(key).BeginArray();
  for (const std::string& note : notes) json.String(note);
  json.EndArray();
}

}  // namespace

void AppendApiTimestamp(std::string& out, TimestampMs timestamp) {
  const bool negative = timestamp < 0;
  const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(timestamp) : static_cast<std::uint64_t>(timestamp);
  if (negative) out += '-';
  out += std::to_string(magnitude / 1000);
  const auto ms = magnitude % 1000;
  if (ms == 0) return;
  std::string fraction = fmt::format(".{:03}", ms);
  while (fraction.back() == '0') fraction.pop_back();
  out += fraction;
}

void WriteLabels(JsonWriter& json, const Labels& labels) {
  json.BeginObject();
  for (const LabelView& label : labels) json.Key(label.name).String(label.value);
  json.EndObject();
}

std::string EncodeQueryResult(const promql::QueryResult& result) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data").BeginObject();
  std::visit(ResultWriter{json}, result.value);
  json.EndObject();
  WriteNotes(json, "warnings", result.warnings);
  WriteNotes(json, "infos", result.infos);
  json.EndObject();
  return std::move(json).Take();
}

Result<TimestampMs> TimeParameter(const net::HttpRequest& request, std::string_view name, TimestampMs fallback) {
  if (!request.HasParameter(name)) return fallback;
  auto time = ParseTimestamp(request.Parameter(name));
  if (!time) return WithContext(fmt::format("invalid parameter {}", Quoted(name)), std::move(time.error()));
  return time;
}

Result<DurationMs> DurationParameter(const net::HttpRequest& request, std::string_view name, DurationMs fallback) {
  if (!request.HasParameter(name)) return fallback;
  const std::string_view text = request.Parameter(name);
  DurationMs duration = 0;
  if (const auto seconds = ParseDouble(text)) {
    constexpr double kMaxSeconds = 1e12;
    if (!(*seconds < kMaxSeconds))
      return Error{ErrorCode::kInvalidArgument, fmt::format("invalid parameter {}: too long", Quoted(name))};
    duration = static_cast<DurationMs>(std::round(*seconds * 1000));
  } else {
    auto parsed = ParseDuration(text);
    if (!parsed) return WithContext(fmt::format("invalid parameter {}", Quoted(name)), std::move(parsed.error()));
    duration = *parsed;
  }
  if (duration <= 0)
    return Error{ErrorCode::kInvalidArgument, fmt::format("invalid parameter {}: it must be above zero", Quoted(name))};
  return duration;
}

}  // namespace tickbird::api
