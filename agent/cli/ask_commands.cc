#include <algorithm>
#include <cstdio>

#include <fmt/core.h>
#include <boost/json.hpp>

#include "agent/app/version.h"
#include "agent/cli/client.h"
#include "agent/cli/commands.h"
#include "core/base/duration.h"
#include "core/base/strings.h"

namespace tickbird::cli {
namespace {

namespace json = boost::json;

void PrintLine(std::string_view text) {
  fmt::print("{}\n", text);
}

int Fail(const Error& error) {
  fmt::print(stderr, "tickbird: {}\n", error.message);
  return kFailure;
}

/// The text member `key` of an object, or "".
std::string Text(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (!value) return {};
  if (const json::string* const text = value->if_string()) return std::string(*text);
  return json::serialize(*value);
}

/// `name{a="1"}` of a metric object.
std::string SeriesName(const json::object& metric) {
  std::string out = Text(metric, "__name__");
  std::string labels;
  for (const auto& member : metric) {
    if (member.key() == "__name__") continue;
    labels += fmt::format("{}{}={}", labels.empty() ? "" : ", ", std::string_view(member.key()),
                          Quoted(std::string_view(member.value().as_string())));
  }
  if (!labels.empty() || out.empty()) out += "{" + labels + "}";
  return out;
}

std::string PointValue(const json::value& point) {
  return std::string(point.as_array().at(1).as_string());
}

std::string PointTime(const json::value& point) {
  return FormatTimestamp(static_cast<TimestampMs>(point.as_array().at(0).to_number<double>() * 1000));
}

void PrintResult(const json::object& data) {
  const std::string type = Text(data, "resultType");
  if (type == "scalar" || type == "string") return PrintLine(PointValue(data.at("result")));
  const json::array& result = data.at("result").as_array();
  if (result.empty()) return PrintLine("no data");
  for (const json::value& item : result) {
    const json::object& series = item.as_object();
    const std::string name = SeriesName(series.at("metric").as_object());
    if (type == "vector") {
      PrintLine(fmt::format("{}  {}", name, PointValue(series.at("value"))));
      continue;
    }
    PrintLine(name);
    for (const json::value& point : series.at("values").as_array())
      PrintLine(fmt::format("  {}  {}", PointTime(point), PointValue(point)));
  }
}

/// The body as JSON, or an error when the other side is no Tickbird.
Result<json::value> ParseBody(const OutgoingResponse& response) {
  boost::system::error_code code;
  json::value value = json::parse(response.body, code);
  if (code)
    return Error{ErrorCode::kCorruption,
                 fmt::format("the answer (status {}) is not JSON; is --url an agent?", response.status)};
  return value;
}

void PrintAlert(const json::object& alert) {
  std::string line = fmt::format("{}  {:<8}  {}  since {}", Text(alert, "id"), Text(alert, "level"),
                                 Text(alert, "name"), Text(alert, "since"));
  PrintLine(line);
  if (const std::string summary = Text(alert, "summary"); !summary.empty()) PrintLine("    " + summary);
  const json::value* const ack = alert.if_contains("ack");
  if (ack && ack->is_object())
    PrintLine(fmt::format("    acknowledged by {} at {} {}", Text(ack->as_object(), "by"), Text(ack->as_object(), "at"),
                          Text(ack->as_object(), "note")));
}

}  // namespace

int Query(const QueryOptions& options) {
  std::vector<std::pair<std::string, std::string>> fields = {{"query", options.expression}};
  const bool is_range = !options.start.empty();
  if (is_range) {
    fields.insert(fields.end(), {{"start", options.start}, {"end", options.end}, {"step", options.step}});
  } else if (!options.time.empty()) {
    fields.emplace_back("time", options.time);
  }
  const auto response =
      CallAgent("POST", options.ask.url + (is_range ? "/api/v1/query_range" : "/api/v1/query"), FormEncode(fields));
  if (!response) return Fail(response.error());
  const auto body = ParseBody(*response);
  if (!body) return Fail(body.error());
  if (options.ask.json) PrintLine(response->body);
  if (response->status == 200) {
    if (!options.ask.json) PrintResult(body->at("data").as_object());
    return kSuccess;
  }
  fmt::print(stderr, "tickbird: {}\n", Text(body->as_object(), "error"));
  return response->status == 400 || response->status == 422 ? kBadInput : kFailure;
}

int Alerts(const AskOptions& options) {
  const auto response = CallAgent("GET", options.url + "/api/tickbird/v1/alerts");
  if (!response) return Fail(response.error());
  const auto body = ParseBody(*response);
  if (!body) return Fail(body.error());
  if (response->status != 200 || !body->is_array())
    return Fail({ErrorCode::kUnavailable, fmt::format("the agent answered {}", response->status)});
  if (options.json) {
    PrintLine(response->body);
    return kSuccess;
  }
  if (body->as_array().empty()) PrintLine("no active alerts");
  for (const json::value& alert : body->as_array()) PrintAlert(alert.as_object());
  return kSuccess;
}

int Acknowledge(const AckOptions& options) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] :
       {std::pair{"by", &options.by}, {"note", &options.note}, {"for", &options.duration}}) {
    if (!value->empty()) fields.emplace_back(name, *value);
  }
  const auto response = CallAgent("POST", fmt::format("{}/api/tickbird/v1/alerts/{}/ack", options.ask.url, options.id),
                                  FormEncode(fields));
  if (!response) return Fail(response.error());
  if (options.ask.json) PrintLine(response->body);
  if (response->status == 200) {
    if (!options.ask.json) PrintLine("acknowledged " + options.id);
    return kSuccess;
  }
  const auto body = ParseBody(*response);
  const std::string reason = body && body->is_object() ? Text(body->as_object(), "error")
                                                       : fmt::format("the agent answered {}", response->status);
  fmt::print(stderr, "tickbird: {}\n", reason);
  return response->status == 400 ? kBadInput : kFailure;
}

int Health(const AskOptions& options) {
  const auto response = CallAgent("GET", options.url + "/health");
  if (!response) return Fail(response.error());
  const auto body = ParseBody(*response);
  if (!body || !body->is_object()) return Fail({ErrorCode::kCorruption, "the answer is no health document"});
  if (options.json) {
    PrintLine(response->body);
  } else {
    PrintLine(Text(body->as_object(), "status"));
    for (const auto& check : body->as_object().at("checks").as_object()) {
      const json::object& first = check.value().as_array().at(0).as_object();
      PrintLine(
          fmt::format("  {:<6} {} {}", Text(first, "status"), std::string_view(check.key()), Text(first, "output")));
    }
  }
  return response->status == 200 ? kSuccess : kFailure;
}

int Version(bool as_json) {
  if (as_json) {
    PrintLine(fmt::format(R"({{"version":"{}","revision":"{}"}})", app::kVersion, app::kRevision));
  } else {
    PrintLine(fmt::format("tickbird {} ({})", app::kVersion, app::kRevision));
  }
  return kSuccess;
}

}  // namespace tickbird::cli
