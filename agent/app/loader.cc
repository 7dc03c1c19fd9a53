#include "agent/app/loader.h"

#include <algorithm>
#include <cstdlib>
#include <variant>

#include <fmt/core.h>

#include "core/base/fs.h"
#include "core/base/strings.h"
#include "notifiers/receivers.h"
#include "rules/language/compiler.h"
#include "rules/packs/packs.h"

namespace tickbird::app {
namespace {

/// Collects problems in both forms.
class Report {
 public:
  void Add(std::string file, const Diagnostic& diagnostic, const std::string& rendered) {
    const bool is_error = diagnostic.severity == Diagnostic::Severity::kError;
    has_errors_ |= is_error;
    result_.problems.push_back({std::move(file), diagnostic.position, is_error, diagnostic.message});
    result_.text += rendered;
  }
  void AddError(const std::string& file, Position position, const std::string& message) {
    const Diagnostic diagnostic{.position = position, .message = message};
    Add(file, diagnostic,
        position.line > 0 ? fmt::format("{}:{}:{}: error: {}\n", file, position.line, position.column, message)
                          : fmt::format("{}: error: {}\n", file, message));
  }
  bool has_errors() const { return has_errors_; }
  LoadResult Take() { return std::move(result_); }
  LoadResult Take(Loaded loaded) {
    result_.loaded = std::move(loaded);
    return std::move(result_);
  }

 private:
  LoadResult result_;
  bool has_errors_ = false;
};

std::vector<std::string> PackNames() {
  std::vector<std::string> names;
  for (const packs::Pack& pack : packs::BuiltinPacks()) names.emplace_back(pack.name);
  return names;
}

std::optional<config::Config> ReadConfig(const LoadOptions& options, Report& report) {
  const config::Surroundings surroundings = config::RealSurroundings();
  std::expected<config::Config, config::ConfigProblems> config;
  if (options.config_path.empty()) {
    config = config::DefaultConfig(surroundings, PackNames());
  } else {
    const auto text = surroundings.read_file(options.config_path);
    if (!text) {
      report.AddError(options.config_path, {}, text.error().message);
      return std::nullopt;
    }
    config = config::LoadConfig(options.config_path, *text, surroundings, PackNames());
  }
  if (!config) {
    const std::string rendered = config.error().Render();
    bool first = true;
    for (const Diagnostic& problem : config.error().problems) {
      report.Add(config.error().file, problem, first ? rendered : "");
      first = false;
    }
    return std::nullopt;
  }
  if (!options.data_path.empty()) config->storage.path = options.data_path;
  if (!options.listen.empty()) {
    auto address = config::ParseAddress(options.listen);
    if (!address) {
      report.AddError("--listen", {}, address.error().message);
      return std::nullopt;
    }
    config->listen = *address;
  }
  return *std::move(config);
}

/// The rule files of the configuration; a pattern that matches nothing is an error, because rules that are not there
/// raise nothing.
std::vector<std::string> RuleFiles(const LoadOptions& options, const config::Config& config,
                                   language::Environment& environment, Report& report) {
  if (!options.rule_files.empty()) return options.rule_files;
  std::vector<std::string> files;
  for (const std::string& pattern : config.rule_files) {
    auto matches = environment.Glob(pattern);
    if (!matches) {
      report.AddError(options.config_path, {}, fmt::format("rule_files: {}: {}", pattern, matches.error().message));
    } else if (matches->empty()) {
      report.AddError(options.config_path, {}, fmt::format("rule_files: no file matches {}", Quoted(pattern)));
    } else {
      files.insert(files.end(), matches->begin(), matches->end());
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

language::CompileInput CompileInputFor(const config::Config& config, std::vector<std::string> files) {
  language::CompileInput input;
  for (const packs::Pack& pack : packs::BuiltinPacks()) {
    const bool wanted =
        std::find(config.rule_packs.begin(), config.rule_packs.end(), pack.name) != config.rule_packs.end();
    if (wanted) input.packs.push_back({std::string(pack.file), std::string(pack.text)});
  }
  input.files = std::move(files);
  for (const ReceiverSpec& receiver : config.receivers) {
    if (input.external_receivers.empty() || input.external_receivers.back() != receiver.name)
      input.external_receivers.push_back(receiver.name);
  }
  if (!config.default_receiver.empty()) input.default_receivers = {config.default_receiver};
  return input;
}

/// Clients for channels that are only made to have their settings checked.
class NoClient final : public HttpClient, public MailClient {
 public:
  void Send(OutgoingRequest, HttpClient::Callback) override {}
  void Send(OutgoingMail, MailClient::Callback) override {}
};

void CheckReceivers(const Loaded& loaded, Fs& fs, Report& report) {
  NoClient client;
  const auto set = notify::ReceiverSet::Create(
      loaded.receivers, {.http = client, .mail = client, .fs = fs, .hostname = "localhost", .external_url = ""});
  if (!set) {
    for (const notify::ReceiverProblem& problem : set.error())
      report.AddError(problem.file, problem.error.position.value_or(Position{}), problem.error.message);
    return;
  }
  for (const rules::Rule& rule : loaded.rules->rules) {
    const auto* const alert = std::get_if<rules::AlertRule>(&rule);
    if (!alert || !alert->policy) continue;
    if (const Status known = set->CheckTargets(*alert->policy); !known)
      report.AddError(alert->source.file, alert->source.position, known.error().message);
  }
}

/// Somebody must hear of alerts: without any receiver they go to a log file in the data directory.
ReceiverSpec LogReceiver(const config::Config& config) {
  return {.name = "log",
          .kind = "log",
          .fields = {{"path", JoinPath(config.storage.path, "alerts.log"), {}}},
          .file = "built-in"};
}

}  // namespace

LoadResult Load(const LoadOptions& options) {
  Report report;
  std::optional<config::Config> config = ReadConfig(options, report);
  if (!config) return report.Take();

  PosixFs fs;
  language::FsEnvironment environment(fs, [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  });
  language::CompileInput input = CompileInputFor(*config, RuleFiles(options, *config, environment, report));
  language::CompileOutput compiled = language::Compile(input, environment);
  if (config->receivers.empty() && compiled.rules.receivers.empty() && compiled.ok) {
    config->receivers.push_back(LogReceiver(*config));
    input.external_receivers = {"log"};
    compiled = language::Compile(input, environment);
  }
  for (const language::FileDiagnostic& found : compiled.diagnostics)
    report.Add(found.source->name(), found.diagnostic, found.Render());

  Loaded loaded{.config = *std::move(config)};
  loaded.receivers = loaded.config.receivers;
  loaded.receivers.insert(loaded.receivers.end(), compiled.rules.receivers.begin(), compiled.rules.receivers.end());
  loaded.rules = std::make_shared<const rules::RuleSet>(std::move(compiled.rules));
  CheckReceivers(loaded, fs, report);
  if (report.has_errors()) return report.Take();
  return report.Take(std::move(loaded));
}

}  // namespace tickbird::app
