// The binary: flags -> options of a command -> its exit code.
#include <CLI/CLI.hpp>

#include "agent/app/run.h"
#include "agent/app/version.h"
#include "agent/cli/commands.h"
#include "agent/cli/tsdb_flags.h"

namespace {

using namespace tickbird;  // NOLINT(google-build-using-namespace): the names of the commands below.

constexpr const char* kExitCodes =
    "\nExit codes:\n"
    "  0  done\n"
    "  1  could not be done: no agent there, unhealthy, not found, cannot start\n"
    "  2  what was given is wrong: usage, configuration, rules, query\n";

CLI::App* Command(CLI::App& app, const char* name, const char* description) {
  CLI::App* const command = app.add_subcommand(name, description);
  command->footer(kExitCodes);
  return command;
}

void AddAskOptions(CLI::App* command, cli::AskOptions& ask) {
  ask.url = "http://127.0.0.1:9797";
  command->add_option("--url", ask.url, "Address of the running agent")->envname("TICKBIRD_URL")->capture_default_str();
  command->add_flag("--json", ask.json, "Print the answer as JSON");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Tickbird: samples a host and its applications, judges them by rules, and tells the right person."};
  app.require_subcommand(1);
  app.footer(kExitCodes);
  app.set_version_flag("--version", std::string("tickbird ") + app::kVersion);
  int exit_code = cli::kSuccess;

  app::RunOptions run;
  CLI::App* const run_command = Command(app, "run", "Run the agent until SIGTERM; SIGHUP reloads");
  run_command->add_option("--config", run.config_path,
                          "Configuration file; without one this host is sampled every second");
  run_command->add_option("--listen", run.listen, "ip:port to listen on, instead of the configuration's");
  run_command->add_option("--data", run.data_path, "Data directory, instead of the configuration's");
  run_command->callback([&] { exit_code = app::RunAgent(run); });

  cli::CheckOptions check;
  CLI::App* const check_command =
      Command(app, "check", "Check a configuration with its rules, or rule files, and print every error");
  check_command->add_option("--config", check.config_path, "Configuration file");
  check_command->add_option("rules", check.rule_files, "Rule files to check instead of those of the configuration");
  check_command->add_flag("--json", check.json, "Print the problems as JSON");
  check_command->callback([&] { exit_code = cli::Check(check); });

  cli::QueryOptions query;
  CLI::App* const query_command = Command(app, "query", "Ask a running agent a PromQL query");
  query_command->add_option("expression", query.expression, "PromQL")->required();
  query_command->add_option("--time", query.time, "Time of the query: Unix seconds or RFC 3339; default now");
  CLI::Option* const start = query_command->add_option("--start", query.start, "Start of a range query");
  query_command->add_option("--end", query.end, "End of a range query")->needs(start);
  query_command->add_option("--step", query.step, "Step of a range query: 15s")->needs(start);
  AddAskOptions(query_command, query.ask);
  query_command->callback([&] { exit_code = cli::Query(query); });

  cli::AskOptions alerts;
  CLI::App* const alerts_command = Command(app, "alerts", "List the active alerts of a running agent");
  AddAskOptions(alerts_command, alerts);
  alerts_command->callback([&] { exit_code = cli::Alerts(alerts); });

  cli::AckOptions ack;
  CLI::App* const ack_command = Command(app, "ack", "Acknowledge an alert: repeats and escalation stop");
  ack_command->add_option("id", ack.id, "Id of the alert, as `tickbird alerts` prints it")->required();
  ack_command->add_option("--by", ack.by, "Who takes it")->envname("USER");
  ack_command->add_option("--note", ack.note, "What the others should know");
  ack_command->add_option("--for", ack.duration,
                          "How long it holds: 1h; default until it clears, or what the rule says");
  AddAskOptions(ack_command, ack.ask);
  ack_command->callback([&] { exit_code = cli::Acknowledge(ack); });

  cli::AskOptions health;
  CLI::App* const health_command =
      Command(app, "health", "Print the health of a running agent; exit code 1 when it fails");
  AddAskOptions(health_command, health);
  health_command->callback([&] { exit_code = cli::Health(health); });

  cli::AddTsdbCommands(app, kExitCodes, exit_code);

  bool version_json = false;
  CLI::App* const version_command = Command(app, "version", "Print the version");
  version_command->add_flag("--json", version_json, "Print it as JSON");
  version_command->callback([&] { exit_code = cli::Version(version_json); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? cli::kSuccess : cli::kBadInput;
  }
  return exit_code;
}
