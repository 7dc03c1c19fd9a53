#include <cstdio>

#include <fmt/core.h>

#include "agent/app/loader.h"
#include "agent/cli/commands.h"
#include "core/base/json_writer.h"

namespace tickbird::cli {
namespace {

std::string ToJson(const app::LoadResult& result) {
  JsonWriter json;
  json.BeginObject().Key("ok").Bool(result.loaded.has_value()).Key("problems").BeginArray();
  for (const app::Problem& problem : result.problems) {
    json.BeginObject()
        .Key("file")
        .String(problem.file)
        .Key("line")
        .Int(problem.position.line)
        .Key("column")
        .Int(problem.position.column);
    json.Key("severity")
        .String(problem.is_error ? "error" : "warning")
        .Key("message")
        .String(problem.message)
        .EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

}  // namespace

int Check(const CheckOptions& options) {
  const app::LoadResult result = app::Load({.config_path = options.config_path, .rule_files = options.rule_files});
  if (options.json) {
    fmt::print("{}\n", ToJson(result));
  } else {
    fmt::print(stderr, "{}", result.text);
    if (result.loaded)
      fmt::print("ok: {} rules, {} receivers\n", result.loaded->rules->rules.size(), result.loaded->receivers.size());
  }
  return result.loaded ? kSuccess : kBadInput;
}

}  // namespace tickbird::cli
