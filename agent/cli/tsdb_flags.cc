#include "agent/cli/tsdb_flags.h"

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "agent/cli/tsdb_commands.h"

namespace tickbird::cli {
namespace {

/// Makes the commands; each keeps its options until it runs.
class TsdbFlags {
 public:
  TsdbFlags(CLI::App* tsdb, const char* footer, int& exit_code) : tsdb_(tsdb), footer_(footer), exit_code_(exit_code) {}

  void AddList() {
    const auto options = std::make_shared<TsdbListOptions>();
    CLI::App* const command = Add(tsdb_, "list", "List the blocks of a data directory");
    AddDirectory(command, options->directory);
    command->add_flag("-r,--human-readable", options->human_readable, "Print times and sizes for people");
    command->add_flag("--json", options->json, "Print JSON");
    OnRun(command, options, TsdbList);
  }

  void AddAnalyze() {
    const auto options = std::make_shared<TsdbAnalyzeOptions>();
    CLI::App* const command = Add(tsdb_, "analyze", "Say which metrics and labels a block is made of, and their cost");
    AddDirectory(command, options->directory);
    command->add_option("block", options->block, "ULID of the block; default the newest");
    command->add_option("--limit", options->limit, "Entries of each list")->check(CLI::Range(1, 100'000));
    command->add_flag("--json", options->json, "Print JSON");
    OnRun(command, options, TsdbAnalyze);
  }

  void AddDump() {
    const auto options = std::make_shared<TsdbDumpOptions>();
    CLI::App* const command = Add(tsdb_, "dump", "Print samples, those of the logs included; the agent may run");
    AddSelection(command, *options);
    command->add_option("--format", options->format, "prom (as promtool dumps) or openmetrics")
        ->check(CLI::IsMember({"prom", "openmetrics"}));
    OnRun(command, options, TsdbDump);
  }

  void AddExport() {
    const auto options = std::make_shared<TsdbDumpOptions>();
    options->format = "openmetrics";
    CLI::App* const command = Add(tsdb_, "export", "Print samples as OpenMetrics text with timestamps");
    AddSelection(command, *options);
    OnRun(command, options, TsdbDump);
  }

  void AddImport() {
    CLI::App* const import = Add(tsdb_, "import", "Make blocks of what others hold; the agent must not run");
    import->require_subcommand(1);
    AddImportKind(import, "openmetrics", "file", "OpenMetrics text with timestamps", TsdbImportOpenMetrics);
    AddImportKind(import, "dir", "source", "Another data directory, Tickbird's or Prometheus'", TsdbImportDirectory);
    const auto options = std::make_shared<TsdbImportUrlOptions>();
    CLI::App* const command = Add(import, "url", "A running Prometheus or Tickbird, by its HTTP API");
    command->add_option("url", options->import.source, "http://host:9090")->required();
    AddDirectory(command, options->import.directory);
    command->add_option("--match", options->match, "Series selector")->capture_default_str();
    command->add_option("--since", options->since, "How far back: 1d, 12h")->capture_default_str();
    OnRun(command, options, TsdbImportUrl);
  }

  void AddVerify() {
    const auto options = std::make_shared<DirectoryOptions>();
    CLI::App* const command =
        Add(tsdb_, "verify", "Read everything and print each damage; exit code 1 when there is any");
    AddDirectory(command, *options);
    OnRun(command, options, TsdbVerify);
  }

  void AddRepair() {
    const auto options = std::make_shared<TsdbRepairOptions>();
    CLI::App* const command =
        Add(tsdb_, "repair", "Write damaged blocks anew without their damaged parts; the originals are kept");
    AddDirectory(command, options->directory);
    command->add_flag("--dry-run", options->dry_run, "Only say what would be done");
    OnRun(command, options, TsdbRepair);
  }

 private:
  CLI::App* Add(CLI::App* parent, const char* name, const char* description) {
    CLI::App* const command = parent->add_subcommand(name, description);
    command->footer(footer_);
    return command;
  }

  template <class Options>
  void OnRun(CLI::App* command, std::shared_ptr<Options> options, int (*run)(const Options&)) {
    int& exit_code = exit_code_;
    command->callback([&exit_code, options, run] { exit_code = run(*options); });
  }

  static void AddDirectory(CLI::App* command, DirectoryOptions& directory) {
    command->add_option("directory", directory.path, "Data directory; default that of the configuration");
    command->add_option("--config", directory.config_path, "Configuration file that names the data directory");
  }

  static void AddSelection(CLI::App* command, TsdbDumpOptions& options) {
    AddDirectory(command, options.directory);
    command->add_option("--match", options.match, "Series selector: up{job=\"x\"}; default all");
    command->add_option("--min-time", options.min_time, "Unix seconds or RFC 3339");
    command->add_option("--max-time", options.max_time, "Unix seconds or RFC 3339");
    command->add_option("--output", options.output, "File instead of stdout");
    command->add_flag("--blocks-only", options.blocks_only, "Do not read the logs");
  }

  void AddImportKind(CLI::App* import, const char* name, const char* argument, const char* description,
                     int (*run)(const TsdbImportOptions&)) {
    const auto options = std::make_shared<TsdbImportOptions>();
    CLI::App* const command = Add(import, name, description);
    command->add_option(argument, options->source)->required();
    AddDirectory(command, options->directory);
    command->add_flag("--continue", options->go_on, "Leave out what cannot be imported, and say what that was");
    OnRun(command, options, run);
  }

  CLI::App* tsdb_;
  const char* footer_;
  int& exit_code_;
};

}  // namespace

void AddTsdbCommands(CLI::App& app, const char* footer, int& exit_code) {
  CLI::App* const tsdb = app.add_subcommand("tsdb", "Look at data directories, import, export, verify, repair");
  tsdb->require_subcommand(1);
  tsdb->footer(footer);
  TsdbFlags flags(tsdb, footer, exit_code);
  flags.AddList();
  flags.AddAnalyze();
  flags.AddDump();
  flags.AddExport();
  flags.AddImport();
  flags.AddVerify();
  flags.AddRepair();
}

}  // namespace tickbird::cli
