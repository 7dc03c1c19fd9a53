#include "agent/api/alerts_api.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "agent/api/prometheus_json.h"
#include "core/base/duration.h"
#include "core/base/log.h"
#include "rules/eval/text.h"

namespace tickbird::api {
namespace {

constexpr double kNsPerSecond = 1e9;

void WriteAnnotations(JsonWriter& json, const AlertEvent& alert) {
  json.BeginObject();
  const std::pair<std::string_view, const std::string&> texts[] = {{"summary", alert.summary},
                                                                   {"description", alert.detail},
                                                                   {"advice", alert.advice},
                                                                   {"runbook_url", alert.runbook}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) json.Key(name).String(text);
  }
  json.EndObject();
}

const AlertLevel& LevelOf(const rules::AlertView& view) {
  return view.alert.level.rank > 0 ? view.alert.level : view.pending_level;
}

void WritePrometheusAlert(JsonWriter& json, const rules::AlertView& view) {
  LabelsBuilder labels(view.alert.labels);
  labels.Set("severity", LevelOf(view).name);
  json.BeginObject().Key("labels");
  WriteLabels(json, labels.Build());
  json.Key("annotations");
  WriteAnnotations(json, view.alert);
  json.Key("state").String(rules::AlertStatusName(view.status));
  json.Key("activeAt").String(FormatTimestamp(view.active_since));
  json.Key("value").String(fmt::format("{:e}", view.alert.value)).EndObject();
}

/// The shortest hold of the rule in seconds: when the first level can fire.
double HoldSeconds(const rules::AlertRule& rule) {
  DurationMs shortest = rule.raises.empty() ? 0 : rule.raises.front().hold.for_ms;
  for (const rules::RaiseClause& clause : rule.raises) shortest = std::min(shortest, clause.hold.for_ms);
  return static_cast<double>(shortest) / 1000;
}

void WriteRuleHead(JsonWriter& json, const rules::RuleView& rule) {
  json.BeginObject().Key("name").String(rule.name).Key("query").String(rule.expression);
  json.Key("health").String(rules::RuleHealthName(rule.health));
  if (!rule.last_error.empty()) json.Key("lastError").String(rule.last_error);
  json.Key("evaluationTime").Double(static_cast<double>(rule.evaluation_ns) / kNsPerSecond);
  json.Key("lastEvaluation").String(FormatTimestamp(rule.last_evaluation));
}

void WriteLabelPairs(JsonWriter& json, const std::vector<std::pair<std::string, std::string>>& labels) {
  json.Key("labels").BeginObject();
  for (const auto& [name, value] : labels) json.Key(name).String(value);
  json.EndObject();
}

void WriteAlertRule(JsonWriter& json, const rules::RuleView& rule) {
  WriteRuleHead(json, rule);
  json.Key("type").String("alerting").Key("state").String(rules::AlertStatusName(rule.status));
  json.Key("duration").Double(HoldSeconds(*rule.alert)).Key("keepFiringFor").Int(0);
  WriteLabelPairs(json, rule.alert->labels);
  json.Key("annotations").BeginObject();
  if (!rule.alert->summary.empty()) json.Key("summary").String(rule.alert->summary);
  if (!rule.alert->advice.empty()) json.Key("advice").String(rule.alert->advice);
  json.EndObject().Key("alerts").BeginArray();
  for (const rules::AlertView& alert : rule.alerts) WritePrometheusAlert(json, alert);
  json.EndArray().EndObject();
}

void WriteRecordRule(JsonWriter& json, const rules::RuleView& rule) {
  WriteRuleHead(json, rule);
  json.Key("type").String("recording");
  if (rule.record) WriteLabelPairs(json, rule.record->labels);
  json.EndObject();
}

void WriteGroup(JsonWriter& json, const rules::GroupView& group) {
  json.BeginObject().Key("name").String(group.name).Key("file").String(group.file);
  json.Key("interval").Double(static_cast<double>(group.interval) / 1000).Key("limit").Int(0);
  json.Key("evaluationTime").Double(static_cast<double>(group.evaluation_ns) / kNsPerSecond);
  json.Key("lastEvaluation").String(FormatTimestamp(group.last_evaluation)).Key("rules").BeginArray();
  for (const rules::RuleView& rule : group.rules) {
    if (rule.alert) {
      WriteAlertRule(json, rule);
    } else {
      WriteRecordRule(json, rule);
    }
  }
  json.EndArray().EndObject();
}

net::HttpResponse Rules(const AlertsApi& api) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data").BeginObject().Key("groups").BeginArray();
  for (const rules::GroupView& group : api.engine.Groups()) WriteGroup(json, group);
  json.EndArray().EndObject().EndObject();
  return {.body = std::move(json).Take()};
}

net::HttpResponse Alerts(const AlertsApi& api) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data").BeginObject().Key("alerts").BeginArray();
  for (const rules::AlertView& alert : api.engine.Alerts()) {
    if (alert.status != rules::AlertStatus::kInactive) WritePrometheusAlert(json, alert);
  }
  json.EndArray().EndObject().EndObject();
  return {.body = std::move(json).Take()};
}

void WriteAck(JsonWriter& json, const notify::IncidentView* incident) {
  json.Key("ack");
  if (!incident || !incident->ack) {
    json.Null();
    return;
  }
  const notify::Acknowledgement& ack = *incident->ack;
  json.BeginObject().Key("by").String(ack.who).Key("note").String(ack.note).Key("at").String(FormatTimestamp(ack.at));
  if (ack.until) json.Key("until").String(FormatTimestamp(*ack.until));
  json.EndObject();
}

/// A raised alert with the unit of its rule, which says how the value is written.
struct RaisedAlert {
  AlertEvent alert;
  std::string unit;
};

std::vector<RaisedAlert> RaisedAlerts(const rules::RuleEngine& engine) {
  std::vector<RaisedAlert> raised;
  for (rules::GroupView& group : engine.Groups()) {
    for (rules::RuleView& rule : group.rules) {
      for (rules::AlertView& view : rule.alerts) {
        if (view.alert.level.rank > 0) raised.push_back({std::move(view.alert), rule.alert ? rule.alert->unit : ""});
      }
    }
  }
  std::sort(raised.begin(), raised.end(), [](const RaisedAlert& a, const RaisedAlert& b) {
    return std::tuple(-a.alert.level.rank, a.alert.since, a.alert.id) <
           std::tuple(-b.alert.level.rank, b.alert.since, b.alert.id);
  });
  return raised;
}

std::string ValueText(const RaisedAlert& raised) {
  static const rules::TextTemplate kValue = rules::TextTemplate::Parse("{value}").value_or(rules::TextTemplate());
  if (raised.alert.no_data) return "no data";
  return kValue.Expand({.labels = raised.alert.labels, .value = raised.alert.value, .unit = raised.unit});
}

void WriteRaisedAlert(JsonWriter& json, const RaisedAlert& raised, const notify::IncidentView* incident) {
  const AlertEvent& alert = raised.alert;
  json.BeginObject().Key("id").String(FormatAlertId(alert.id)).Key("name").String(alert.rule);
  json.Key("level").String(alert.level.name).Key("rank").Int(alert.level.rank).Key("labels");
  WriteLabels(json, alert.labels);
  json.Key("value")
      .Double(alert.value)
      .Key("value_text")
      .String(ValueText(raised))
      .Key("no_data")
      .Bool(alert.no_data)
      .Key("condition")
      .String(alert.condition);
  json.Key("since").String(FormatTimestamp(alert.since)).Key("since_ms").Int(alert.since);
  json.Key("summary")
      .String(alert.summary)
      .Key("detail")
      .String(alert.detail)
      .Key("advice")
      .String(alert.advice)
      .Key("runbook")
      .String(alert.runbook);
  WriteAck(json, incident);
  json.Key("told").BeginArray();
  if (incident) {
    for (const std::string& receiver : incident->told) json.String(receiver);
  }
  json.EndArray().EndObject();
}

/// The acknowledgement that the request asks for.
Result<notify::AckRequest> AckOf(const AlertsApi& api, const net::HttpRequest& request) {
  notify::AckRequest ack{.who = std::string(request.Parameter("by")), .note = std::string(request.Parameter("note"))};
  if (ack.who.empty()) ack.who = "somebody at " + request.peer_address;
  if (request.HasParameter("for")) {
    TICKBIRD_ASSIGN_OR_RETURN(const DurationMs duration, DurationParameter(request, "for", 0));
    ack.until = api.clock.Now() + duration;
  }
  return ack;
}

/// Answers when the acknowledgement is on disk: who reads "success" can rely on it.
void Acknowledge(AlertsApi& api, const net::HttpRequest& request, const net::Responder& responder) {
  if (const Status trusted = net::CheckTrustedForWrites(request); !trusted)
    return responder.Send(net::ErrorResponse(trusted.error()));
  const auto id = ParseAlertId(request.PathParameter("id"));
  if (!id)
    return responder.Send(net::ErrorResponse(
        400, "bad_data", "an alert's id is 16 hexadecimal digits, as /api/tickbird/v1/alerts lists them"));
  const auto ack = AckOf(api, request);
  if (!ack) return responder.Send(net::ErrorResponse(400, "bad_data", ack.error().message));
  const Status accepted = api.notifier.Acknowledge(*id, *ack, [responder](const Status& stored) {
    if (!stored) log::Warn("an acknowledgement holds, but is not on disk yet", {{"error", stored.error()}});
    responder.Send({.body = R"({"status":"success"})"});
  });
  if (!accepted) return responder.Send(net::ErrorResponse(accepted.error()));
  if (api.changed) api.changed();
}

}  // namespace

std::string EncodeRaisedAlerts(const AlertsApi& api) {
  std::map<std::uint64_t, notify::IncidentView> incidents;
  for (notify::IncidentView& incident : api.notifier.Incidents())
    incidents.emplace(incident.alert.id, std::move(incident));
  JsonWriter json;
  json.BeginArray();
  for (const RaisedAlert& raised : RaisedAlerts(api.engine)) {
    const auto incident = incidents.find(raised.alert.id);
    WriteRaisedAlert(json, raised, incident == incidents.end() ? nullptr : &incident->second);
  }
  json.EndArray();
  return std::move(json).Take();
}

void AddAlertRoutes(net::Router& router, AlertsApi& api) {
  router.Get("/api/v1/rules", [&api](const net::HttpRequest&) { return Rules(api); });
  router.Get("/api/v1/alerts", [&api](const net::HttpRequest&) { return Alerts(api); });
  router.Get("/api/tickbird/v1/alerts",
             [&api](const net::HttpRequest&) { return net::HttpResponse{.body = EncodeRaisedAlerts(api)}; });
  router.PostDeferred("/api/tickbird/v1/alerts/{id}/ack",
                      [&api](const net::HttpRequest& request, const net::Responder& responder) {
                        Acknowledge(api, request, responder);
                      });
}

}  // namespace tickbird::api
