// Writes a data directory with our store and prints what is in it, as `promtsdb write` does with Prometheus':
//   tsdb_write DIRECTORY [--seed=N] [--series=N] [--rounds=N] [--step=MS] [--floats] [--legacy] [--late=MS]
//     [--exemplars] [--deletes] [--block=MS] [--clean-tombstones] [--crash]
// --block: the range of the shortest blocks; without it all stays in the head. --crash: ends without closing.
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/base/fs.h"
#include "core/tsdb/store/store.h"
#include "tests/testing/tsdb_flags.h"
#include "tests/testing/tsdb_workload.h"

namespace tickbird {
namespace {

tsdb::StoreOptions OptionsOf(const testing::Flags& flags) {
  tsdb::StoreOptions options;
  options.retention = 20 * 365 * 24 * kHourMs;
  options.retention_bytes = 0;
  options.head.block_range = flags.Number("block", 1000 * kHourMs);
  options.max_block_range = options.head.block_range * 3;
  options.head.out_of_order_window = flags.Number("late", 30 * kSecondMs);
  options.head.wal.segment_bytes = std::size_t{128} << 10U;
  options.head.max_exemplars = 1'000'000;
  return options;
}

testing::TsdbWorkloadOptions WorkloadOf(const testing::Flags& flags) {
  testing::TsdbWorkloadOptions options;
  options.seed = static_cast<std::uint64_t>(flags.Number("seed", 1));
  options.series = static_cast<int>(flags.Number("series", options.series));
  options.rounds = static_cast<int>(flags.Number("rounds", options.rounds));
  options.step = flags.Number("step", options.step);
  options.histograms = !flags.Has("floats");
  options.utf8 = !flags.Has("legacy");
  options.late_by = flags.Number("late", 0);
  options.exemplars = flags.Has("exemplars");
  return options;
}

Status Write(const testing::Flags& flags, testing::TsdbContent* truth) {
  static PosixFs fs;
  const testing::TsdbWorkloadOptions workload = WorkloadOf(flags);
  TICKBIRD_ASSIGN_OR_RETURN(auto store, tsdb::Store::Open(fs, OptionsOf(flags), flags.words(), workload.start));
  testing::TsdbWorkloadHooks hooks;
  hooks.after_round = [&](int round, TimestampMs now) {
    if (round % 10 == 9) store->Maintain(now);
    return Status();
  };
  if (flags.Has("deletes")) {
    hooks.remove = [&](const std::vector<Matcher>& matchers, tsdb::Interval interval) -> Status {
      const auto deleted = store->DeleteSeries(matchers, interval);
      return deleted ? Status() : Status(deleted.error());
    };
  }
  TICKBIRD_RETURN_IF_ERROR(RunTsdbWorkload(workload, *store, hooks, truth));
  if (flags.Has("clean-tombstones")) {
    TICKBIRD_RETURN_IF_ERROR(store->CleanTombstones(workload.start + workload.rounds * workload.step));
  }
  const tsdb::StoreStats stats = store->Stats();
  if (!stats.last_failure.empty()) return Error{ErrorCode::kInternal, stats.last_failure};
  testing::TsdbContent live;
  TICKBIRD_RETURN_IF_ERROR(live.Read(*store, workload.start - kHourMs, workload.start + 1000 * kHourMs));
  if (live.size() != truth->size()) {
    return Error{ErrorCode::kInternal, "before the end it holds " + std::to_string(live.size()) +
                                           " samples instead of " + std::to_string(truth->size())};
  }
  if (!flags.Has("crash")) return store->Close();
  truth->Print(stdout);
  std::fflush(stdout);
  ::_exit(EXIT_SUCCESS);
}

}  // namespace
}  // namespace tickbird

int main(int argc, char** argv) {
  tickbird::testing::TsdbContent truth;
  const tickbird::Status status = tickbird::Write(tickbird::testing::Flags(argc, argv), &truth);
  if (!status) {
    std::fprintf(stderr, "tsdb_write: %s\n", status.error().ToString().c_str());
    return EXIT_FAILURE;
  }
  truth.Print(stdout);
  return EXIT_SUCCESS;
}
