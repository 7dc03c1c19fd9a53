#include "agent/api/rollup_api.h"

#include <set>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "agent/api/prometheus_json.h"
#include "agent/api/selector_parameter.h"
#include "core/base/number.h"

namespace tickbird::api {
namespace {

struct Question {
  std::vector<std::vector<Matcher>> selectors;
  DurationMs resolution = 0;
  tsdb::Interval interval;
};

Result<Question> QuestionOf(const net::HttpRequest& request, TimestampMs now) {
  Question question;
  for (const std::string_view text : request.ParameterValues("match[]")) {
    TICKBIRD_ASSIGN_OR_RETURN(auto matchers, SelectorParameter(text));
    question.selectors.push_back(std::move(matchers));
  }
  if (question.selectors.empty())
    return Error{ErrorCode::kInvalidArgument, "invalid parameter \"match[]\": it is missing"};
  if (!request.HasParameter("start"))
    return Error{ErrorCode::kInvalidArgument, "invalid parameter \"start\": it is missing"};
  TICKBIRD_ASSIGN_OR_RETURN(const TimestampMs start, TimeParameter(request, "start", now));
  TICKBIRD_ASSIGN_OR_RETURN(const TimestampMs end, TimeParameter(request, "end", now));
  if (end <= start)
    return Error{ErrorCode::kInvalidArgument, "invalid parameter \"end\": end timestamp must be after start time"};
  question.interval = {start + 1, end};
  TICKBIRD_ASSIGN_OR_RETURN(question.resolution, DurationParameter(request, "resolution", kMinuteMs));
  if (question.resolution != kMinuteMs && question.resolution != kHourMs)
    return Error{ErrorCode::kInvalidArgument, "invalid parameter \"resolution\": it must be 1m or 1h"};
  return question;
}

void AppendPoint(std::string& out, const tsdb::RollupPoint& point) {
  out += '[';
  AppendApiTimestamp(out, point.end);
  for (const double value : {point.min, point.max, point.sum}) {
    out += ",\"";
    AppendDouble(out, value);
    out += '"';
  }
  out += ',';
  out += std::to_string(point.count);
  out += ']';
}

void WriteSeries(JsonWriter& json, const tsdb::RollupSeries& series) {
  json.BeginObject().Key("metric");
  WriteLabels(json, series.labels);
  json.Key("points").BeginArray();
  std::string text;
  for (const tsdb::RollupPoint& point : series.points) {
    text.clear();
    AppendPoint(text, point);
    json.Raw(text);
  }
  json.EndArray().EndObject();
}

net::HttpResponse Answer(const Question& question, const RollupApi& api) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data").BeginObject();
  json.Key("resultType").String("rollup").Key("result").BeginArray();
  std::set<Labels> seen;  // a series may match more than one selector
  std::size_t left = api.max_points;
  for (const auto& matchers : question.selectors) {
    const auto selected = api.select(
        {.matchers = matchers, .resolution = question.resolution, .interval = question.interval, .max_points = left});
    if (!selected) return net::ErrorResponse(422, "execution", selected.error().ToString());
    for (const tsdb::RollupSeries& series : *selected) {
      if (!seen.insert(series.labels).second) continue;
      WriteSeries(json, series);
      left -= series.points.size();
    }
  }
  json.EndArray().EndObject().EndObject();
  return {.body = std::move(json).Take()};
}

void Handle(RollupApi& api, const net::HttpRequest& request, const net::Responder& responder) {
  auto question = QuestionOf(request, api.clock.Now());
  if (!question) return responder.Send(net::ErrorResponse(400, "bad_data", question.error().ToString()));
  const bool taken = api.workers.Offload(
      [&api, question = *std::move(question), responder] { responder.Send(Answer(question, api)); });
  if (!taken) responder.Send(net::ErrorResponse(503, "unavailable", "too many queries are waiting; try again"));
}

}  // namespace

void AddRollupRoutes(net::Router& router, RollupApi& api) {
  const net::DeferredHandler handler = [&api](const net::HttpRequest& request, const net::Responder& responder) {
    Handle(api, request, responder);
  };
  router.GetDeferred("/api/tickbird/v1/rollup", handler).PostDeferred("/api/tickbird/v1/rollup", handler);
}

}  // namespace tickbird::api
