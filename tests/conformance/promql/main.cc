#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "tests/conformance/promql/runner.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNothingToRun = 77;  // ctest reports it as skipped

}  // namespace

int main(int argc, char** argv) {
  bool delayed_name_removal = true;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--drop-names-at-once") {
      delayed_name_removal = false;
    } else {
      files.emplace_back(arg);
    }
  }
  if (files.empty()) {
    fmt::print(stderr, "usage: promqltest [--drop-names-at-once] FILE...\n");
    return kUsage;
  }
  tickbird::promqltest::Tally tally;
  bool any_file = false;
  for (const std::string& file : files) {
    std::ifstream in(file);
    if (!in) {
      fmt::print("{}: cannot be read, skipped\n", file);
      continue;
    }
    any_file = true;
    std::ostringstream text;
    text << in.rdbuf();
    tickbird::promqltest::Runner runner(delayed_name_removal, tally);
    if (const auto status = runner.RunScript(file, text.str()); !status) {
      ++tally.failed;
      tally.failures.push_back(fmt::format("{}: {}", file, status.error().ToString()));
    }
  }
  if (!any_file) return kNothingToRun;
  for (const std::string& failure : tally.failures) fmt::print("{}\n", failure);
  for (const auto& [reason, count] : tally.skipped_by_reason) fmt::print("{:5} skipped: {}\n", count, reason);
  fmt::print("{} passed, {} failed, {} skipped\n", tally.passed, tally.failed, tally.skipped);
  return tally.failed == 0 ? 0 : kFailed;
}
