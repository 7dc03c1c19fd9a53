#include "agent/health/probe.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/json_writer.h"

namespace tickbird::health {
namespace {

using Kind = HealthEntry::Kind;
// One probe's view of an entry.
struct Line {
  const HealthEntry* entry;
  bool passes;
  bool warns = false;
};

bool IsExcluded(const HealthEntry& entry, const ProbeQuery& query) {
  return std::find(query.exclude.begin(), query.exclude.end(), entry.name) != query.exclude.end();
}

std::string FormatLine(const Line& line, const ProbeQuery& query) {
  const std::string& name = line.entry->name;
  if (IsExcluded(*line.entry, query)) return fmt::format("[+]{} excluded: ok\n", name);
  if (line.passes) return fmt::format("[+]{} ok\n", name);
  return fmt::format("[-]{} {}: {}\n", name, line.warns ? "warns" : "failed",
                     query.reveal ? line.entry->output : "reason withheld");
}

std::string FormatLines(std::string_view probe, const std::vector<Line>& lines, const ProbeQuery& query, bool passes) {
  std::string text;
  for (const Line& line : lines) text += FormatLine(line, query);
  return text + fmt::format("{} check {}\n", probe, passes ? "passed" : "failed");
}

ProbeAnswer Answer(std::string_view probe, std::vector<Line> lines, const ProbeQuery& query) {
  if (!query.only.empty()) {
    std::erase_if(lines, [&](const Line& line) { return line.entry->name != query.only; });
    if (lines.empty()) return {.status = 404, .body = fmt::format("{} has no check of that name\n", probe)};
  }
  const bool passes = std::all_of(lines.begin(), lines.end(),
                                  [&](const Line& line) { return line.passes || IsExcluded(*line.entry, query); });
  if (passes && !query.verbose) return {.status = 200, .body = "ok"};
  return {.status = passes ? 200 : 503, .body = FormatLines(probe, lines, query, passes)};
}

std::string_view Measurement(Kind kind) {
  switch (kind) {
    case Kind::kHeartbeat:
      return "heartbeatAge";
    case Kind::kCheck:
      return "responseTime";
    case Kind::kPhase:
    case Kind::kComponent:
      return "status";
  }
  return "";
}

void WriteEntry(JsonWriter& json, const HealthEntry& entry, bool reveal) {
  json.BeginObject();
  json.Key("componentId").String(entry.name);
  json.Key("componentType").String(entry.kind == Kind::kCheck ? "component" : "system");
  json.Key("status").String(HealthStatusName(entry.status));
  if (entry.kind == Kind::kCheck) json.Key("critical").Bool(entry.required);
  if (entry.observed_seconds) {
    json.Key("observedValue").Double(*entry.observed_seconds).Key("observedUnit").String("s");
  }
  if (entry.time > 0) json.Key("time").String(FormatTimestamp(entry.time));
  if (reveal && !entry.output.empty()) json.Key("output").String(entry.output);
  json.EndObject();
}

}  // namespace

ProbeAnswer AnswerLive(const HealthDocument& document, const ProbeQuery& query) {
  std::vector<Line> lines;
  for (const HealthEntry& entry : document.entries) {
    if (entry.kind == Kind::kHeartbeat) lines.push_back({&entry, entry.status != HealthStatus::kFail});
  }
  return Answer("live", std::move(lines), query);
}

ProbeAnswer AnswerReady(const HealthDocument& document, const ProbeQuery& query) {
  std::vector<Line> lines;
  for (const HealthEntry& entry : document.entries) {
    if (entry.required) lines.push_back({&entry, entry.ready});
  }
  return Answer("ready", std::move(lines), query);
}

int HealthHttpStatus(const HealthDocument& document) {
  return document.status == HealthStatus::kFail ? 503 : 200;
}

std::string RenderJson(const HealthDocument& document, const DocumentInfo& info) {
  JsonWriter json;
  json.BeginObject().Key("status").String(HealthStatusName(document.status));
  json.Key("releaseId").String(info.release);
  json.Key("serviceId").String(info.service_id);
  json.Key("description").String("Tickbird agent");
  json.Key("checks").BeginObject();
  for (const HealthEntry& entry : document.entries) {
    json.Key(fmt::format("{}:{}", entry.name, Measurement(entry.kind))).BeginArray();
    WriteEntry(json, entry, info.reveal);
    json.EndArray();
  }
  json.EndObject().EndObject();
  return std::move(json).Take();
}

std::string RenderVerbose(const HealthDocument& document, const ProbeQuery& query) {
  std::vector<Line> lines;
  bool passes = true;
  for (const HealthEntry& entry : document.entries) {
    lines.push_back({&entry, entry.status == HealthStatus::kPass, entry.status == HealthStatus::kWarn});
    passes = passes && (entry.status != HealthStatus::kFail || IsExcluded(entry, query));
  }
  return FormatLines("health", lines, query, passes);
}

}  // namespace tickbird::health
