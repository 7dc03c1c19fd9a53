// Prints what our store finds in a data directory, as tests/testing/promtsdb prints what Prometheus' finds there:
//   tsdb_dump DIRECTORY [--min=MS] [--max=MS] [--maintain=MS]
// Opens it as the agent does, so with repairs. What was found damaged goes to stderr. --maintain: does what is due at
// that time before it reads.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "core/base/fs.h"
#include "core/tsdb/store/store.h"
#include "tests/testing/tsdb_flags.h"
#include "tests/testing/tsdb_lines.h"

namespace tickbird {
namespace {

Status Dump(const testing::Flags& flags, testing::TsdbContent* content) {
  PosixFs fs;
  tsdb::StoreOptions options;
  options.retention = 20 * 365 * 24 * kHourMs;
  options.max_block_range = 31 * 24 * kHourMs;
  options.retention_bytes = 0;
  // Above all that the directories of the tests hold: nothing is to go for a limit.
  options.head.max_series = 2'000'000;
  options.head.max_memory_bytes = std::int64_t{8} << 30;
  options.max_memory_bytes = options.head.max_memory_bytes;
  options.head.wal.max_bytes = std::int64_t{8} << 30;
  options.head.max_exemplars = 1'000'000;
  const TimestampMs now = flags.Number("maintain", 0);
  TICKBIRD_ASSIGN_OR_RETURN(const auto store, tsdb::Store::Open(fs, options, flags.words(), now));
  if (now != 0) store->Maintain(now);
  Status status = content->Read(*store, flags.Number("min", std::numeric_limits<TimestampMs>::min()),
                                flags.Number("max", std::numeric_limits<TimestampMs>::max()));
  for (const tsdb::ExemplarSeries& series : store->head().Exemplars({{}}, std::numeric_limits<TimestampMs>::min(),
                                                                    std::numeric_limits<TimestampMs>::max())) {
    for (const Exemplar& exemplar : series.exemplars)
      content->AddExemplar(testing::SeriesText(series.labels), exemplar);
  }
  const tsdb::StoreStats stats = store->Stats();
  for (const std::string& note : stats.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  for (const std::string& note : stats.head.replay.wal.notes) std::fprintf(stderr, "log: %s\n", note.c_str());
  if (!status) return status;
  return store->Close();
}

}  // namespace
}  // namespace tickbird

int main(int argc, char** argv) {
  tickbird::testing::TsdbContent content;
  const tickbird::Status status = tickbird::Dump(tickbird::testing::Flags(argc, argv), &content);
  content.Print(stdout);
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "tsdb_dump: %s\n", status.error().ToString().c_str());
  return EXIT_FAILURE;
}
