#include "agent/cli/tsdb_support.h"

#include <cstdio>
#include <variant>

#include <fmt/core.h>

#include "agent/app/loader.h"
#include "rules/promql/ast.h"
#include "rules/promql/parser.h"

namespace tickbird::cli {

TimestampMs NowMs() {
  return SystemClock().Now();
}

Result<std::string> FindDirectory(const DirectoryOptions& options) {
  if (!options.path.empty()) return options.path;
  app::LoadResult result = app::Load({.config_path = options.config_path});
  if (result.loaded) return result.loaded->config.storage.path;
  return Error{ErrorCode::kInvalidArgument,
               "the configuration has errors (`tickbird check` prints them); name the data directory instead"};
}

Result<std::vector<Matcher>> ParseSelector(const std::string& text) {
  if (text.empty()) return std::vector<Matcher>();
  const auto expr = promql::ParseExpr(text);
  if (!expr) return WithContext("--match", expr.error().ToError());
  const auto* const selector = std::get_if<promql::VectorSelector>(&(*expr)->node);
  if (!selector) return Error{ErrorCode::kInvalidArgument, "--match takes a series selector: up{job=\"x\"}"};
  return selector->matchers;
}

int TsdbFail(const Error& error) {
  fmt::print(stderr, "tickbird: {}\n", error.ToString());
  const bool is_input = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kParse;
  return is_input ? kBadInput : kFailure;
}

void PrintNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print(stderr, "tickbird: {}\n", note);
}

int CommitImport(tsdb::ImportStage& stage, std::int64_t skipped) {
  PrintNotes(stage.notes());
  std::int64_t samples = 0;
  for (const tsdb::BlockMeta& meta : stage.staged()) samples += meta.stats.samples;
  if (const Status committed = stage.Commit(); !committed) return TsdbFail(committed.error());
  for (const tsdb::BlockMeta& meta : stage.staged()) fmt::print("{}\n", meta.ulid);
  const std::string left_out = skipped > 0 ? fmt::format(", left out {}", skipped) : "";
  fmt::print(stderr, "imported {} samples in {} blocks{}\n", samples, stage.staged().size(), left_out);
  return kSuccess;
}

}  // namespace tickbird::cli
