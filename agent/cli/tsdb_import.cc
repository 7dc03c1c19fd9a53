#include <cstdio>

#include <fmt/core.h>

#include "agent/cli/tsdb_commands.h"
#include "agent/cli/tsdb_support.h"
#include "core/tsdb/tools/directory_import.h"
#include "core/tsdb/tools/openmetrics_import.h"
#include "core/tsdb/tools/sample_collector.h"

namespace tickbird::cli {

int TsdbImportOpenMetrics(const TsdbImportOptions& options) {
  PosixFs fs;
  const auto path = FindDirectory(options.directory);
  if (!path) return TsdbFail(path.error());
  const auto file = fs.OpenRead(options.source);
  if (!file) return TsdbFail(file.error());
  const auto stage = tsdb::ImportStage::Open(fs, *path, NowMs());
  if (!stage) return TsdbFail(stage.error());
  tsdb::SampleCollector collector(stage->get());
  const auto imported = tsdb::ImportOpenMetrics(**file, options.go_on, &collector);
  if (!imported) return TsdbFail(WithContext(options.source, imported.error()));
  if (const Status finished = collector.Finish(); !finished) return TsdbFail(finished.error());
  PrintNotes(imported->problems);
  return CommitImport(**stage, imported->skipped_lines);
}

int TsdbImportDirectory(const TsdbImportOptions& options) {
  PosixFs fs;
  const auto path = FindDirectory(options.directory);
  if (!path) return TsdbFail(path.error());
  const auto stage = tsdb::ImportStage::Open(fs, *path, NowMs());
  if (!stage) return TsdbFail(stage.error());
  const auto imported = tsdb::ImportDirectory(fs, options.source, options.go_on, stage->get());
  if (!imported) return TsdbFail(imported.error());
  PrintNotes(imported->skipped);
  if (imported->known_blocks > 0) fmt::print(stderr, "{} blocks are there already\n", imported->known_blocks);
  return CommitImport(**stage, static_cast<std::int64_t>(imported->skipped.size()));
}

}  // namespace tickbird::cli
