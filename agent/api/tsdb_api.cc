#include "agent/api/tsdb_api.h"

#include <charconv>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "agent/api/prometheus_json.h"
#include "agent/api/selector_parameter.h"
#include "core/tsdb/store/series_census.h"

namespace tickbird::api {
namespace {

constexpr std::int64_t kDefaultLimit = 10;
constexpr std::int64_t kMaxLimit = 10'000;
// As Prometheus takes a missing start or end.
constexpr TimestampMs kFirstTime = std::numeric_limits<TimestampMs>::min();
constexpr TimestampMs kLastTime = std::numeric_limits<TimestampMs>::max();

void WriteCounts(JsonWriter& json, std::string_view key, const std::vector<tsdb::NamedCount>& counts) {
  json.Key(key).BeginArray();
  for (const tsdb::NamedCount& count : counts) {
    json.BeginObject().Key("name").String(count.name).Key("value").Int(count.value).EndObject();
  }
  json.EndArray();
}

void WriteHeadStats(JsonWriter& json, const tsdb::HeadStats& head, const tsdb::Census& census) {
  json.Key("headStats").BeginObject();
  json.Key("numSeries").Int(head.series);
  json.Key("numLabelPairs").Int(census.label_pairs);
  json.Key("chunkCount").Int(head.chunks + head.spilled_chunks);
  json.Key("minTime").Int(head.min_time);
  json.Key("maxTime").Int(head.max_time);
  json.EndObject();
}

void WriteMemory(JsonWriter& json, const tsdb::StoreStats& stats) {
  json.Key("memory").BeginObject();
  json.Key("total").Int(stats.memory_bytes);
  json.Key("head").Int(stats.head.memory_bytes);
  json.Key("headLabels").Int(stats.head.label_bytes);
  json.Key("headIndex").Int(stats.head.index_bytes);
  json.Key("headChunks").Int(stats.head.chunk_bytes);
  json.Key("blocks").Int(stats.block_memory_bytes);
  json.EndObject();
}

void WriteSources(JsonWriter& json, const std::vector<tsdb::SourceStats>& sources) {
  json.Key("seriesBySource").BeginArray();
  for (const tsdb::SourceStats& source : sources) {
    json.BeginObject().Key("name").String(source.name).Key("value").Int(source.series);
    json.Key("refused").Int(source.series_refused).EndObject();
  }
  json.EndArray();
}

void WriteBlocks(JsonWriter& json, const std::vector<tsdb::BlockInfo>& blocks) {
  json.Key("blocks").BeginArray();
  for (const tsdb::BlockInfo& block : blocks) {
    json.BeginObject().Key("ulid").String(block.meta.ulid);
    json.Key("minTime").Int(block.meta.min_time).Key("maxTime").Int(block.meta.max_time);
    json.Key("level").Int(block.meta.level).Key("bytes").Int(block.bytes);
    json.Key("numSamples").Int(block.meta.stats.samples).Key("numSeries").Int(block.meta.stats.series);
    json.Key("numChunks").Int(block.meta.stats.chunks).Key("numTombstones").Int(block.meta.stats.tombstones);
    json.Key("damages").Int(block.damages).EndObject();
  }
  json.EndArray();
}

/// Of the head: what is written now.
Result<tsdb::Census> TakeCensus(const tsdb::Store& store, std::size_t limit) {
  TICKBIRD_ASSIGN_OR_RETURN(
      const auto series,
      store.head().Select({.matchers = {}, .min = kFirstTime, .max = kLastTime, .newest_only = true}));
  tsdb::CensusTaker taker;
  for (const SelectedSeries& one : series) taker.Add(one.labels);
  return taker.Take(limit);
}

net::HttpResponse StatusPage(const TsdbApi& api, std::int64_t limit) {
  const auto census = TakeCensus(api.store, static_cast<std::size_t>(limit));
  if (!census) return net::ErrorResponse(census.error());
  const tsdb::StoreStats stats = api.store.Stats();
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data").BeginObject();
  WriteHeadStats(json, stats.head, *census);
  WriteCounts(json, "seriesCountByMetricName", census->series_by_metric);
  WriteCounts(json, "labelValueCountByLabelName", census->values_by_label);
  WriteCounts(json, "memoryInBytesByLabelName", census->value_bytes_by_label);
  WriteCounts(json, "seriesCountByLabelValuePair", census->series_by_label_pair);
  WriteMemory(json, stats);
  WriteSources(json, stats.head.sources);
  WriteBlocks(json, api.store.Blocks());
  json.EndObject().EndObject();
  return {.body = std::move(json).Take()};
}

Result<std::int64_t> LimitOf(const net::HttpRequest& request) {
  if (!request.HasParameter("limit")) return kDefaultLimit;
  const std::string_view text = request.Parameter("limit");
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error == std::errc() && end == text.data() + text.size() && limit >= 1 && limit <= kMaxLimit) return limit;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("invalid parameter \"limit\": a number from 1 to {} is wanted", kMaxLimit)};
}

struct Deletion {
  std::vector<std::vector<Matcher>> selectors;
  tsdb::Interval interval;
};

Result<Deletion> DeletionOf(const net::HttpRequest& request) {
  Deletion deletion;
  for (const std::string_view text : request.ParameterValues("match[]")) {
    TICKBIRD_ASSIGN_OR_RETURN(auto matchers, SelectorParameter(text));
    deletion.selectors.push_back(std::move(matchers));
  }
  if (deletion.selectors.empty()) return Error{ErrorCode::kInvalidArgument, "no match[] parameter provided"};
  TICKBIRD_ASSIGN_OR_RETURN(deletion.interval.min, TimeParameter(request, "start", kFirstTime));
  TICKBIRD_ASSIGN_OR_RETURN(deletion.interval.max, TimeParameter(request, "end", kLastTime));
  if (deletion.interval.min > deletion.interval.max) {
    return Error{ErrorCode::kInvalidArgument, "invalid parameter \"end\": it is before the start"};
  }
  return deletion;
}

net::HttpResponse Delete(TsdbApi& api, const Deletion& deletion) {
  for (const auto& matchers : deletion.selectors) {
    const auto deleted = api.store.DeleteSeries(matchers, deletion.interval);
    if (!deleted) return net::ErrorResponse(deleted.error());
  }
  return {.status = 204};
}

net::HttpResponse Clean(TsdbApi& api) {
  const Status cleaned = api.store.CleanTombstones(api.clock.Now());
  if (!cleaned) return net::ErrorResponse(cleaned.error());
  return {.status = 204};
}

net::HttpResponse Snapshot(TsdbApi& api, bool skip_head) {
  const auto name = api.store.Snapshot(skip_head, api.clock.Now());
  if (!name) return net::ErrorResponse(name.error());
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data").BeginObject();
  json.Key("name").String(*name).EndObject().EndObject();
  return {.body = std::move(json).Take()};
}

Result<bool> SkipHeadOf(const net::HttpRequest& request) {
  const std::string_view text = request.Parameter("skip_head");
  if (text.empty() || text == "false" || text == "0") return false;
  if (text == "true" || text == "1") return true;
  return Error{ErrorCode::kInvalidArgument, "invalid parameter \"skip_head\": true or false is wanted"};
}

void Offload(TsdbApi& api, const net::Responder& responder, std::function<net::HttpResponse()> work) {
  const bool taken = api.workers.Offload([responder, work = std::move(work)] { responder.Send(work()); });
  if (!taken) responder.Send(net::ErrorResponse(503, "unavailable", "too many requests are waiting; try again"));
}

using Prepare = std::function<Result<std::function<net::HttpResponse()>>(const net::HttpRequest& request)>;

/// A route that changes something: from this machine only; `prepare` reads the parameters.
void AddChange(net::Router& router, TsdbApi& api, std::string_view path, Prepare prepare) {
  const net::DeferredHandler handler = [&api, prepare = std::move(prepare)](const net::HttpRequest& request,
                                                                            const net::Responder& responder) {
    if (const Status trusted = net::CheckTrustedForWrites(request); !trusted)
      return responder.Send(net::ErrorResponse(trusted.error()));
    auto work = prepare(request);
    if (!work) return responder.Send(net::ErrorResponse(400, "bad_data", work.error().ToString()));
    Offload(api, responder, *std::move(work));
  };
  router.PostDeferred(path, handler).Add("PUT", path, handler);
}

}  // namespace

void AddTsdbRoutes(net::Router& router, TsdbApi& api) {
  using Work = std::function<net::HttpResponse()>;
  router.GetDeferred("/api/v1/status/tsdb", [&api](const net::HttpRequest& request, const net::Responder& responder) {
    const auto limit = LimitOf(request);
    if (!limit) return responder.Send(net::ErrorResponse(limit.error()));
    Offload(api, responder, [&api, limit = *limit] { return StatusPage(api, limit); });
  });
  AddChange(router, api, "/api/v1/admin/tsdb/delete_series", [&api](const net::HttpRequest& request) -> Result<Work> {
    TICKBIRD_ASSIGN_OR_RETURN(Deletion deletion, DeletionOf(request));
    return Work([&api, deletion = std::move(deletion)] { return Delete(api, deletion); });
  });
  AddChange(router, api, "/api/v1/admin/tsdb/clean_tombstones",
            [&api](const net::HttpRequest&) -> Result<Work> { return Work([&api] { return Clean(api); }); });
  AddChange(router, api, "/api/v1/admin/tsdb/snapshot", [&api](const net::HttpRequest& request) -> Result<Work> {
    TICKBIRD_ASSIGN_OR_RETURN(const bool skip_head, SkipHeadOf(request));
    return Work([&api, skip_head] { return Snapshot(api, skip_head); });
  });
}

}  // namespace tickbird::api
