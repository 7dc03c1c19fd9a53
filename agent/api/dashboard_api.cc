#include "agent/api/dashboard_api.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/json_writer.h"
#include "core/base/log.h"
#include "dashboards/web/assets.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"

namespace tickbird::api {
namespace {

constexpr DurationMs kSnapshotWindow = 5 * kMinuteMs;
constexpr DurationMs kSnapshotStep = kSecondMs;
constexpr DurationMs kHealthInterval = 5 * kSecondMs;
constexpr std::string_view kStreamPath = "/api/tickbird/v1/stream";

/// What the page shows as tiles. Raw series, so that it works without the host pack.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTiles = {{
    {"cpu", "100 * (1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[5s])))"},
    {"memory", "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"},
    {"disk", "100 * max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)"},
    {"network_receive", "sum(rate(node_network_receive_bytes_total{device!=\"lo\"}[5s]))"},
    {"network_transmit", "sum(rate(node_network_transmit_bytes_total{device!=\"lo\"}[5s]))"},
    {"pressure_cpu", "100 * rate(node_pressure_cpu_waiting_seconds_total[10s])"},
    {"pressure_memory", "100 * rate(node_pressure_memory_waiting_seconds_total[10s])"},
    {"pressure_io", "100 * rate(node_pressure_io_waiting_seconds_total[10s])"},
}};

void WritePoint(JsonWriter& json, TimestampMs timestamp, double value) { json.BeginArray().Int(timestamp).Double(value).EndArray(); }

std::optional<double> FirstValue(const Result<promql::QueryResult>& result) {
  if (!result) return std::nullopt;
  const auto* const vector = std::get_if<promql::Vector>(&result->value);
  if (!vector || vector->elements.empty() || !std::isfinite(vector->elements.front().value)) return std::nullopt;
  return vector->elements.front().value;
}

net::HttpResponse AssetResponse(const web::Asset& asset) {
  return {.content_type = std::string(asset.content_type),
          .headers = {{"Content-Security-Policy", std::string(web::kContentSecurityPolicy)}, {"Cache-Control", "no-cache"}, {"Referrer-Policy", "no-referrer"}},
          .shared_body = asset.bytes,
          .shared_gzip = asset.gzip_bytes,
          .etag = std::string(asset.etag)};
}

}  // namespace

DashboardApi::DashboardApi(net::EventHub& hub, const Queryable& data, net::WorkerPool& workers, const AlertsApi& alerts, const HealthApi& health, const Clock& clock)
    : hub_(hub), data_(data), workers_(workers), alerts_(alerts), health_(health), clock_(clock) {
  for (const auto& [name, text] : kTiles) {
    auto expr = promql::ParseExpr(text);
    if (expr) {
      tiles_.push_back({std::string(name), *std::move(expr)});
    } else {
      log::Err("a tile of the page cannot be shown", {{"tile", name}, {"error", expr.error().ToError()}});
    }
  }
}

void DashboardApi::AddRoutes(net::Router& router) {
  for (const web::Asset& asset : web::Assets()) {
    router.Get(asset.path, [&asset](const net::HttpRequest&) { return AssetResponse(asset); });
  }
  router.Stream(kStreamPath, hub_, [this](const net::HttpRequest&, const net::Greeting& greeting) { Greet(greeting); });
}

void DashboardApi::Greet(const net::Greeting& greeting) const {
  const TimestampMs now = clock_.Now();
  // Alerts and health are of the I/O thread; the series are read on the pool.
  std::string rest = ",\"alerts\":" + EncodeRaisedAlerts(alerts_) + ",\"health\":" + EncodeHealth(health_) + "}";
  const bool taken = workers_.Offload([this, now, greeting, rest] { greeting.Send(net::FormatEvent("snapshot", SnapshotSeries(now) + rest)); });
  if (!taken) greeting.Send(net::FormatEvent("snapshot", "{\"t\":" + std::to_string(now) + ",\"series\":[]" + rest));
}

/// The snapshot but for its closing brace.
std::string DashboardApi::SnapshotSeries(TimestampMs now) const {
  JsonWriter json;
  json.BeginObject().Key("t").Int(now).Key("series").BeginArray();
  const TimestampMs end = now / kSnapshotStep * kSnapshotStep;
  for (const Tile& tile : tiles_) {
    json.BeginObject().Key("name").String(tile.name).Key("points").BeginArray();
    const auto result = promql::EvalRange(*tile.expr, data_, end - kSnapshotWindow, end, kSnapshotStep);
    const auto* const matrix = result ? std::get_if<promql::Matrix>(&result->value) : nullptr;
    if (matrix && !matrix->empty()) {
      for (const Sample& sample : matrix->front().samples) WritePoint(json, sample.timestamp, sample.value);
    }
    json.EndArray().EndObject();
  }
  json.EndArray();
  return std::move(json).Take();
}

std::string DashboardApi::EncodeTick(TimestampMs now) const {
  JsonWriter json;
  json.BeginObject().Key("t").Int(now).Key("values").BeginObject();
  for (const Tile& tile : tiles_) {
    if (const auto value = FirstValue(promql::EvalInstant(*tile.expr, data_, now))) json.Key(tile.name).Double(*value);
  }
  json.EndObject().EndObject();
  return std::move(json).Take();
}

void DashboardApi::Tick(TimestampMs now) {
  if (!hub_.has_subscribers()) return;
  // People read one number a second, however often is sampled.
  if (now - last_tick_ < kSecondMs / 2 && now >= last_tick_) return;
  last_tick_ = now;
  hub_.Broadcast("tick", EncodeTick(now));
  if (std::exchange(alerts_changed_, false)) hub_.Broadcast("alerts", EncodeRaisedAlerts(alerts_));
  if (now - last_health_ >= kHealthInterval || now < last_health_) {
    last_health_ = now;
    hub_.Broadcast("health", EncodeHealth(health_));
  }
}

}  // namespace tickbird::api
