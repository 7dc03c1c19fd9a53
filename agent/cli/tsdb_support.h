#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/commands.h"
#include "agent/cli/tsdb_commands.h"
#include "core/base/result.h"
#include "core/model/matcher.h"
#include "core/tsdb/tools/import_stage.h"

/// What the tsdb commands share.
namespace tickbird::cli {

TimestampMs NowMs();

/// The directory that is meant; an error when the configuration cannot be read.
Result<std::string> FindDirectory(const DirectoryOptions& options);

/// The matchers of a series selector, `up{job="x"}`; none for "". kInvalidArgument, kParse.
Result<std::vector<Matcher>> ParseSelector(const std::string& text);

/// Prints the error to stderr and returns the exit code for it.
int TsdbFail(const Error& error);
void PrintNotes(const std::vector<std::string>& notes);

/// Shows the staged blocks, and says on stdout what was imported.
int CommitImport(tsdb::ImportStage& stage, std::int64_t skipped);

}  // namespace tickbird::cli
