#pragma once

namespace CLI {
class App;
}

namespace tickbird::cli {

/// Adds `tsdb` with its commands. When one was given, `exit_code` becomes its result. Both outlive the parsing.
void AddTsdbCommands(CLI::App& app, const char* footer, int& exit_code);

}  // namespace tickbird::cli
