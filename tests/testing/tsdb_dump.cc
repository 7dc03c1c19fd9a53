// Prints what our store finds in a data directory, as tests/testing/promtsdb prints what Prometheus' finds there:
//   tsdb_dump head DIRECTORY     the logs and head chunks only
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/tsdb/head/head.h"
#include "tests/testing/tsdb_lines.h"

namespace tickbird {
namespace {

constexpr TimestampMs kFirst = std::numeric_limits<TimestampMs>::min();
constexpr TimestampMs kLast = std::numeric_limits<TimestampMs>::max();

Status DumpHead(Fs& fs, const std::string& directory, testing::TsdbContent* content) {
  TICKBIRD_ASSIGN_OR_RETURN(const auto head, tsdb::Head::Open(fs, {}, directory, kFirst, SystemClock().Now()));
  TICKBIRD_RETURN_IF_ERROR(content->Read(*head, kFirst, kLast));
  return head->Close();
}

int Main(std::string_view what, const std::string& directory) {
  PosixFs fs;
  testing::TsdbContent content;
  Status status = Error{ErrorCode::kInvalidArgument, "usage: tsdb_dump head DIRECTORY"};
  if (what == "head") status = DumpHead(fs, directory, &content);
  content.Print(stdout);
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "tsdb_dump: %s\n", status.error().ToString().c_str());
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace tickbird

int main(int argc, char** argv) {
  return tickbird::Main(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
}
