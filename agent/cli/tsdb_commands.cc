#include "agent/cli/tsdb_commands.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>

#include <fmt/core.h>

#include "agent/cli/tsdb_support.h"
#include "core/base/duration.h"
#include "core/tsdb/tools/analyze.h"
#include "core/tsdb/tools/block_list.h"
#include "core/tsdb/tools/directory_view.h"
#include "core/tsdb/tools/dump.h"
#include "core/tsdb/tools/openmetrics_export.h"
#include "core/tsdb/tools/repair.h"
#include "core/tsdb/tools/verify.h"

namespace tickbird::cli {
namespace {

using tsdb::DirectoryView;

Result<std::unique_ptr<DirectoryView>> OpenView(Fs& fs, const DirectoryOptions& options, bool with_head) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string path, FindDirectory(options));
  return DirectoryView::Open(fs, path, {.with_head = with_head}, NowMs());
}

Result<Selection> SelectionOf(const TsdbDumpOptions& options) {
  Selection selection = {.min = std::numeric_limits<TimestampMs>::min() + 1,
                         .max = std::numeric_limits<TimestampMs>::max()};
  TICKBIRD_ASSIGN_OR_RETURN(selection.matchers, ParseSelector(options.match));
  if (!options.min_time.empty()) {
    TICKBIRD_ASSIGN_OR_RETURN(selection.min, ParseTimestamp(options.min_time));
  }
  if (!options.max_time.empty()) {
    TICKBIRD_ASSIGN_OR_RETURN(selection.max, ParseTimestamp(options.max_time));
  }
  return selection;
}

/// stdout, or a new file that takes its place only when all went well.
class Output {
 public:
  static Result<std::unique_ptr<Output>> Open(Fs& fs, const std::string& path) {
    std::unique_ptr<Output> output(new Output(fs, path));
    if (!path.empty()) {
      TICKBIRD_ASSIGN_OR_RETURN(output->file_, fs.Create(output->partial_));
    }
    return output;
  }

  tsdb::TextSink Sink() {
    return [this](std::string_view text) -> Status {
      if (file_) return file_->Append(text);
      if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
      return Error{ErrorCode::kUnavailable, "stdout takes no more"};
    };
  }

  Status Finish() {
    if (!file_) return {};
    TICKBIRD_RETURN_IF_ERROR(file_->Sync());
    file_.reset();
    return fs_.Rename(partial_, path_);
  }

 private:
  Output(Fs& fs, const std::string& path) : fs_(fs), path_(path), partial_(path + ".partial") {}

  Fs& fs_;
  std::string path_;
  std::string partial_;
  std::unique_ptr<WritableFile> file_;
};

Result<tsdb::DumpStats> WriteDump(const DirectoryView& view, const TsdbDumpOptions& options, Output& output) {
  TICKBIRD_ASSIGN_OR_RETURN(const Selection selection, SelectionOf(options));
  auto stats = options.format == "openmetrics" ? ExportOpenMetrics(view, selection, output.Sink())
                                               : DumpSamples(view, selection, output.Sink());
  if (!stats) return stats.error();
  TICKBIRD_RETURN_IF_ERROR(output.Finish());
  return stats;
}

}  // namespace

int TsdbList(const TsdbListOptions& options) {
  PosixFs fs;
  const auto view = OpenView(fs, options.directory, false);
  if (!view) return TsdbFail(view.error());
  const auto& blocks = (*view)->blocks();
  fmt::print("{}", options.json ? BlockListJson(blocks) + "\n" : FormatBlockList(blocks, options.human_readable));
  PrintNotes((*view)->notes());
  return kSuccess;
}

int TsdbAnalyze(const TsdbAnalyzeOptions& options) {
  PosixFs fs;
  const auto view = OpenView(fs, options.directory, false);
  if (!view) return TsdbFail(view.error());
  PrintNotes((*view)->notes());
  const auto& blocks = (*view)->blocks();
  const auto block = options.block.empty() ? (blocks.empty() ? blocks.end() : blocks.end() - 1)
                                           : std::find_if(blocks.begin(), blocks.end(), [&](const auto& one) {
                                               return one->meta().ulid == options.block;
                                             });
  if (block == blocks.end()) {
    return TsdbFail({ErrorCode::kNotFound, options.block.empty() ? "the directory has no blocks yet"
                                                                 : fmt::format("there is no block {}", options.block)});
  }
  const auto analysis = AnalyzeBlock(**block, static_cast<std::size_t>(options.limit));
  if (!analysis) return TsdbFail(analysis.error());
  fmt::print("{}", options.json ? AnalysisJson(*analysis) + "\n" : FormatAnalysis(*analysis));
  return kSuccess;
}

int TsdbDump(const TsdbDumpOptions& options) {
  PosixFs fs;
  const auto view = OpenView(fs, options.directory, !options.blocks_only);
  if (!view) return TsdbFail(view.error());
  PrintNotes((*view)->notes());
  const auto output = Output::Open(fs, options.output);
  if (!output) return TsdbFail(output.error());
  const auto stats = WriteDump(**view, options, **output);
  if (!stats) return TsdbFail(stats.error());
  PrintNotes(stats->damages);
  if (options.format == "openmetrics" && stats->skipped > 0) {
    fmt::print(stderr,
               "tickbird: left out {} samples that OpenMetrics cannot say: {} native histograms, {} stale markers\n",
               stats->skipped, stats->histograms, stats->skipped - stats->histograms);
  }
  return stats->damages.empty() ? kSuccess : kFailure;
}

int TsdbVerify(const DirectoryOptions& options) {
  PosixFs fs;
  const auto path = FindDirectory(options);
  if (!path) return TsdbFail(path.error());
  const auto findings = tsdb::VerifyDirectory(fs, *path);
  if (!findings) return TsdbFail(findings.error());
  for (const std::string& note : findings->notes) fmt::print("note: {}\n", note);
  for (const std::string& damage : findings->damages) fmt::print("damage: {}\n", damage);
  fmt::print("read {} blocks with {} series, {} chunks, {} samples, and {} records of logs: {}\n", findings->blocks,
             findings->series, findings->chunks, findings->samples, findings->log_records,
             findings->damages.empty() ? "no damage" : fmt::format("{} damages", findings->damages.size()));
  return findings->damages.empty() ? kSuccess : kFailure;
}

int TsdbRepair(const TsdbRepairOptions& options) {
  PosixFs fs;
  const auto path = FindDirectory(options.directory);
  if (!path) return TsdbFail(path.error());
  const auto report = tsdb::RepairDirectory(fs, *path, options.dry_run, NowMs());
  if (!report) return TsdbFail(report.error());
  for (const std::string& action : report->actions) fmt::print("{}{}\n", options.dry_run ? "would do: " : "", action);
  PrintNotes(report->failures);
  if (report->actions.empty() && report->failures.empty()) fmt::print("nothing to repair\n");
  return report->failures.empty() ? kSuccess : kFailure;
}

}  // namespace tickbird::cli
