#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"

/// `tickbird tsdb ...`: looks at and changes data directories on disk, without an agent. Exit codes as in commands.h.
namespace tickbird::cli {

/// Which directory. Empty `path`: that of the configuration file, and without one the default.
struct DirectoryOptions {
  std::string path;
  std::string config_path;
};

struct TsdbListOptions {
  DirectoryOptions directory;
  bool human_readable = false;
  bool json = false;
};
int TsdbList(const TsdbListOptions& options);

struct TsdbAnalyzeOptions {
  DirectoryOptions directory;
  std::string block;  ///< ULID; empty: the newest.
  int limit = 20;
  bool json = false;
};
int TsdbAnalyze(const TsdbAnalyzeOptions& options);

struct TsdbDumpOptions {
  DirectoryOptions directory;
  std::string match;               ///< A series selector; empty: all.
  std::string min_time, max_time;  ///< Unix seconds or RFC 3339; empty: all.
  std::string format = "prom";     ///< "prom" (as promtool dumps) or "openmetrics".
  std::string output;              ///< A file; empty: stdout.
  bool blocks_only = false;        ///< Leave the logs unread.
};
int TsdbDump(const TsdbDumpOptions& options);

struct TsdbImportOptions {
  DirectoryOptions directory;
  std::string source;  ///< A file of OpenMetrics text, a data directory, or a URL.
  bool go_on = false;  ///< Skip what cannot be imported.
};
int TsdbImportOpenMetrics(const TsdbImportOptions& options);
int TsdbImportDirectory(const TsdbImportOptions& options);

struct TsdbImportUrlOptions {
  TsdbImportOptions import;
  std::string match = "{__name__=~\".+\"}";
  std::string since = "1d";  ///< How far back from now.
};
int TsdbImportUrl(const TsdbImportUrlOptions& options);

int TsdbVerify(const DirectoryOptions& options);
struct TsdbRepairOptions {
  DirectoryOptions directory;
  bool dry_run = false;
};
int TsdbRepair(const TsdbRepairOptions& options);

}  // namespace tickbird::cli
