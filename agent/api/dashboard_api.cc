#include "agent/api/dashboard_api.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
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

/// What the page shows. Raw series, so that it works without the host pack.
struct TileText {
  std::string_view name;
  std::string_view expr;
  bool drawn;  ///< Has a line, so the snapshot holds its last minutes; else the newest value is enough.
};
constexpr std::array<TileText, 14> kTiles = {{
    {"cpu", "100 * clamp(1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[5s])), 0, 1)", true},
    {"memory", "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", true},
    {"memory_used", "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes", false},
    {"memory_total", "node_memory_MemTotal_bytes", false},
    {"disk", "100 * max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)", true},
    {"disk_used",
     "(node_filesystem_size_bytes - node_filesystem_avail_bytes) and topk(1, 1 - node_filesystem_avail_bytes / "
     "node_filesystem_size_bytes)",
     false},
    {"disk_total",
     "node_filesystem_size_bytes and topk(1, 1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)", false},
    {"disk_read", "sum(rate(node_disk_read_bytes_total[5s]))", true},
    {"disk_write", "sum(rate(node_disk_written_bytes_total[5s]))", true},
    {"network_receive", "sum(rate(node_network_receive_bytes_total{device!=\"lo\"}[5s]))", true},
    {"network_transmit", "sum(rate(node_network_transmit_bytes_total{device!=\"lo\"}[5s]))", true},
    {"pressure_cpu", "100 * rate(node_pressure_cpu_waiting_seconds_total[5s])", true},
    {"pressure_memory", "100 * rate(node_pressure_memory_waiting_seconds_total[5s])", true},
    {"pressure_io", "100 * rate(node_pressure_io_waiting_seconds_total[5s])", true},
}};

void WritePoint(JsonWriter& json, TimestampMs timestamp, double value) {
  json.BeginArray().Int(timestamp).Double(value).EndArray();
}

std::optional<double> FirstValue(const Result<promql::QueryResult>& result) {
  if (!result) return std::nullopt;
  const auto* const vector = std::get_if<promql::Vector>(&result->value);
  if (!vector || vector->elements.empty() || !std::isfinite(vector->elements.front().value)) return std::nullopt;
  return vector->elements.front().value;
}

net::HttpResponse PageResponse(const dashboards::Asset& asset) {
  return {.content_type = std::string(asset.content_type),
          .headers = {{"Content-Security-Policy", std::string(dashboards::kContentSecurityPolicy)},
                      {"Cache-Control", "no-cache"},
                      {"Referrer-Policy", "no-referrer"}},
          .shared_body = std::make_shared<const std::string>(asset.bytes),
          .shared_gzip = std::make_shared<const std::string>(asset.gzip_bytes),
          .etag = std::string(asset.etag)};
}

}  // namespace

DashboardApi::DashboardApi(net::EventHub& hub, const Queryable& data, net::WorkerPool& workers, const AlertsApi& alerts,
                           const HealthApi& health, const Clock& clock, AgentIdentity identity)
    : hub_(hub),
      data_(data),
      workers_(workers),
      alerts_(alerts),
      health_(health),
      clock_(clock),
      identity_(std::move(identity)) {
  for (const TileText& tile : kTiles) {
    auto expr = promql::ParseExpr(tile.expr);
    if (expr) {
      tiles_.push_back({std::string(tile.name), *std::move(expr), tile.drawn});
    } else {
      log::Err("a tile of the page cannot be shown", {{"tile", tile.name}, {"error", expr.error().ToError()}});
    }
  }
}

void DashboardApi::AddRoutes(net::Router& router) {
  for (const dashboards::Asset& asset : dashboards::Assets()) {
    router.Get(asset.path, [response = PageResponse(asset)](const net::HttpRequest&) { return response; });
  }
  router.Stream(kStreamPath, hub_, [this](const net::HttpRequest&, const net::Greeting& greeting) { Greet(greeting); });
}

void DashboardApi::Greet(const net::Greeting& greeting) const {
  const TimestampMs now = clock_.Now();
  // Alerts and health are of the I/O thread; the series are read on the pool.
  const std::string rest = ",\"alerts\":" + EncodeRaisedAlerts(alerts_) + ",\"health\":" + EncodeHealth(health_) + "}";
  const bool taken = workers_.Offload(
      [this, now, greeting, rest] { greeting.Send(net::FormatEvent("snapshot", SnapshotHead(now) + rest)); });
  if (!taken) log::Warn("a page got no snapshot: too much work is waiting");
}

/// The snapshot without its last members and its closing brace.
std::string DashboardApi::SnapshotHead(TimestampMs now) const {
  JsonWriter json;
  json.BeginObject().Key("t").Int(now).Key("interval_ms").Int(std::max(identity_.interval, kSecondMs));
  json.Key("host").String(identity_.host).Key("version").String(identity_.version).Key("series").BeginArray();
  const TimestampMs end = now / kSnapshotStep * kSnapshotStep;
  for (const Tile& tile : tiles_) {
    json.BeginObject().Key("name").String(tile.name).Key("points").BeginArray();
    const auto result =
        promql::EvalRange(*tile.expr, data_, tile.drawn ? end - kSnapshotWindow : end, end, kSnapshotStep);
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
