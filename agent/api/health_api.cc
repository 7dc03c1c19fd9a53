#include "agent/api/health_api.h"

#include "agent/health/document.h"
#include "agent/health/probe.h"
#include "core/base/json_writer.h"

namespace tickbird::api {
namespace {

health::HealthDocument Document(const HealthApi& api) {
  return health::Evaluate(api.components, api.checker.Reports(), api.clock.Now());
}

health::ProbeQuery ProbeQueryOf(const net::HttpRequest& request) {
  health::ProbeQuery query{.verbose = request.HasParameter("verbose"),
                           .only = std::string(request.PathParameter("check")),
                           .reveal = request.from_loopback};
  for (const std::string_view name : request.ParameterValues("exclude")) query.exclude.emplace_back(name);
  return query;
}

net::HttpResponse Uncached(int status, std::string_view content_type, std::string body) {
  return {.status = status,
          .content_type = std::string(content_type),
          .headers = {{"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

net::HttpResponse FromProbe(health::ProbeAnswer answer) {
  return Uncached(answer.status, "text/plain; charset=utf-8", std::move(answer.body));
}

net::HttpResponse Overall(const HealthApi& api, const net::HttpRequest& request) {
  const health::HealthDocument document = Document(api);
  const int status = health::HealthHttpStatus(document);
  if (request.HasParameter("verbose"))
    return Uncached(status, "text/plain; charset=utf-8", health::RenderVerbose(document, ProbeQueryOf(request)));
  return Uncached(
      status, health::kHealthJsonType,
      health::RenderJson(document,
                         {.release = api.release, .service_id = api.service_id, .reveal = request.from_loopback}));
}

}  // namespace

std::string EncodeHealth(const HealthApi& api) {
  const health::HealthDocument document = Document(api);
  JsonWriter json;
  json.BeginObject().Key("status").String(health::HealthStatusName(document.status)).Key("checks").BeginArray();
  for (const health::HealthEntry& entry : document.entries) {
    const bool is_check = entry.kind == health::HealthEntry::Kind::kCheck;
    json.BeginObject().Key("name").String(entry.name).Key("status").String(health::HealthStatusName(entry.status));
    json.Key("critical").Bool(is_check && entry.required).Key("output").String(entry.output);
    if (is_check && entry.observed_seconds)
      json.Key("duration_ms").Int(static_cast<std::int64_t>(*entry.observed_seconds * 1000));
    json.EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

void AddHealthRoutes(net::Router& router, HealthApi& api) {
  const net::Handler live = [&api](const net::HttpRequest& request) {
    return FromProbe(health::AnswerLive(Document(api), ProbeQueryOf(request)));
  };
  const net::Handler ready = [&api](const net::HttpRequest& request) {
    return FromProbe(health::AnswerReady(Document(api), ProbeQueryOf(request)));
  };
  const net::Handler overall = [&api](const net::HttpRequest& request) { return Overall(api, request); };
  for (const std::string_view path : {"/health/live", "/-/healthy", "/livez"}) router.Get(path, live);
  for (const std::string_view path : {"/health/ready", "/health/ready/{check}", "/-/ready", "/readyz"})
    router.Get(path, ready);
  router.Get("/health", overall).Get("/healthz", overall);
}

}  // namespace tickbird::api
