#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/net/http.h"
#include "core/base/json_writer.h"
#include "core/model/labels.h"
#include "rules/promql/engine.h"

/// How the Prometheus HTTP API v1 spells things. Source: prometheus/prometheus, web/api/v1 (json_codec.go, api.go).
namespace tickbird::api {

/// Seconds since the epoch with up to three decimals and no trailing zeros: 1700000000.5.
void AppendApiTimestamp(std::string& out, TimestampMs timestamp);

/// {"name":"value",...} in label order.
void WriteLabels(JsonWriter& json, const Labels& labels);

/// {"status":"success","data":{"resultType":...,"result":...},"warnings":[...],"infos":[...]}; values are strings.
std::string EncodeQueryResult(const promql::QueryResult& result);

/// A time parameter: Unix seconds with a fraction or RFC 3339; `fallback` when it is absent. The error names the
/// parameter.
Result<TimestampMs> TimeParameter(const net::HttpRequest& request, std::string_view name, TimestampMs fallback);
/// A duration parameter: seconds as a number or "30s"; must be above zero.
Result<DurationMs> DurationParameter(const net::HttpRequest& request, std::string_view name, DurationMs fallback);

}  // namespace tickbird::api
